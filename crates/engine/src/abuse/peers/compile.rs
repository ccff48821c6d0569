//! How peers are compared, as the policy writes it.

use super::Peers;
use crate::config::{self, OnMissing, Span};
use crate::limit::{Key, Part};
use crate::problem::{Problem, pointer};

const DAY: u64 = 86_400_000_000;
/// What is remembered where the policy does not say: a week.
const WITHIN: Span = Span(7 * DAY);
/// How many callers make an endpoint known where the policy does not say.
const AT_LEAST: u32 = 3;

impl Peers {
    /// Gives what is watched for, and how it is told.
    pub(in crate::abuse) fn compile(
        at: &str,
        config: &config::Peers,
        on_missing: OnMissing,
        problems: &mut Vec<Problem>,
    ) -> (Self, String) {
        let config::Peers {
            by,
            at_least,
            learn,
            within,
        } = config;
        let by = Key::compile(&pointer(at, "by"), by, on_missing, problems);
        // What a caller can choose by itself would let it choose its peers.
        if !by.has_only(|part| matches!(part, Part::Provider | Part::Claim(_))) {
            problems.push(
                Problem::error(
                    "abuse-key",
                    pointer(at, "by"),
                    "that is nothing that makes callers peers",
                )
                .hint("use `identity.provider` and `claims.NAME`: whoever issues credentials must say it, not the caller"),
            );
        }
        let at_least = at_least.unwrap_or(AT_LEAST);
        if !(2..=10).contains(&at_least) {
            problems.push(
                Problem::error(
                    "abuse-most",
                    pointer(at, "atLeast"),
                    format!("`{at_least}` is not possible here"),
                )
                .hint("use a number from 2 to 10"),
            );
        }
        let within = within.unwrap_or(WITHIN);
        if !(60_000_000..=90 * DAY).contains(&within.0) {
            problems.push(
                Problem::error(
                    "abuse-time",
                    pointer(at, "within"),
                    format!("`{within}` is not possible here"),
                )
                .hint("use a time from 1m to 90d"),
            );
        }
        let half = within.0 / 2;
        let learn = learn.unwrap_or(Span(DAY.min(half)));
        if learn.0 > half {
            problems.push(
                Problem::error(
                    "abuse-time",
                    pointer(at, "learn"),
                    "the first would be forgotten before the last is learned",
                )
                .hint("use at most half of `within`"),
            );
        }
        let group: Vec<String> = by.parts().map(|part| format!("`{part}`")).collect();
        let peers = if group.is_empty() {
            String::new()
        } else {
            format!(" with the same {}", group.join(" and "))
        };
        let evidence = format!(
            "an endpoint that fewer than {at_least} callers{peers} have called within {within}"
        );
        let peers = Self {
            by,
            at_least: usize::try_from(at_least).unwrap_or(usize::MAX),
            learn: learn.0,
            half,
        };
        (peers, evidence)
    }

    /// What its groups are named by: what was learned by other rules is not read.
    pub(in crate::abuse) fn tag(&self, name: &str, key: &Key) -> String {
        let words = |key: &Key| key.parts().collect::<Vec<_>>().join(" ");
        let (by, key) = (words(&self.by), words(key));
        let (at_least, half) = (self.at_least, self.half);
        format!("abuse\0{name}\0{by}\0{key}\0{at_least}\0{half}")
    }

    /// Whether a key tells callers apart by what they cannot make up: somebody who could be many would be enough of them.
    pub(in crate::abuse) fn check_key(at: &str, key: &Key, problems: &mut Vec<Problem>) {
        let of_identity = |part: &Part| {
            matches!(
                part,
                Part::Subject | Part::Provider | Part::KeyId | Part::Claim(_)
            )
        };
        if !key.has_only(of_identity) || key.has_only(|part| matches!(part, Part::Provider)) {
            problems.push(
                Problem::error("abuse-key", at, "peers are told apart by who they are")
                    .hint("use `identity.subject`, with `identity.provider` where there are several, `identity.key` or `claims.NAME`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::abuse::Pattern;
    use crate::config;

    #[test]
    fn what_makes_no_sense_is_a_problem() {
        let codes = |text: &str| {
            let config: config::Abuse = serde_json::from_str(text).unwrap();
            Pattern::compile("x", "/abuse/x", &config).map_or_else(
                |problems| problems.iter().map(|p| p.code).collect(),
                |_| Vec::new(),
            )
        };
        assert!(codes(r#"{"key":["identity.subject"],"peers":{"by":["claims.role"]}}"#).is_empty());
        for (text, code) in [
            (
                r#"{"key":["identity.subject"],"peers":{"by":["header.role"]}}"#,
                "abuse-key",
            ),
            (
                r#"{"key":["identity.subject","header.x"],"peers":{"by":[]}}"#,
                "abuse-key",
            ),
            (
                r#"{"key":["identity.provider"],"peers":{"by":["claims.role"]}}"#,
                "abuse-key",
            ),
            (
                r#"{"key":["identity.subject"],"peers":{"by":[],"atLeast":1}}"#,
                "abuse-most",
            ),
            (
                r#"{"key":["identity.subject"],"peers":{"by":[],"within":"1s"}}"#,
                "abuse-time",
            ),
            (
                r#"{"key":["identity.subject"],"peers":{"by":[],"learn":"2h","within":"3h"}}"#,
                "abuse-time",
            ),
            (
                r#"{"key":["identity.subject"],"peers":{"by":[]},"then":"throttle"}"#,
                "abuse-form",
            ),
        ] {
            assert_eq!(codes(text), [code], "{text}");
        }
    }
}
