//! Patterns as the policy writes them.

use super::peers::Peers;
use super::share::Share;
use super::sketch::Sketch;
use super::{Pattern, What};
use crate::config::{self, Rate, Span, Then};
use crate::limit::{Key, Part, Window};
use crate::problem::{Problem, pointer};

/// One day, in microseconds.
const DAY: u64 = 86_400_000_000;
const SECOND: u64 = 1_000_000;
/// How long a key is held off where the policy does not say: 10 minutes.
const LASTS: Span = Span(600_000_000);

impl Pattern {
    pub(crate) fn compile(
        name: &str,
        at: &str,
        config: &config::Abuse,
    ) -> Result<Self, Vec<Problem>> {
        let config::Abuse {
            key,
            failed_authentications,
            objects,
            client_errors,
            sequence,
            peers,
            then,
            lasts,
            rate,
            on_missing,
        } = config;
        let mut problems = Vec::new();
        let key = Key::compile(&pointer(at, "key"), key, *on_missing, &mut problems);
        let mut whats = Vec::new();
        if let Some(config) = failed_authentications {
            let at = pointer(at, "failedAuthentications");
            whats.push(failures(&at, *config, &mut problems));
        }
        if let Some(config) = objects {
            whats.push(of_objects(&pointer(at, "objects"), config, &mut problems));
        }
        if let Some(config) = client_errors {
            whats.push(errors(&pointer(at, "clientErrors"), *config, &mut problems));
        }
        if let Some(config) = sequence {
            whats.push(of_sequence(&pointer(at, "sequence"), config, &mut problems));
        }
        if let Some(config) = peers {
            Peers::check_key(&pointer(at, "key"), &key, &mut problems);
            let at = pointer(at, "peers");
            let (peers, evidence) = Peers::compile(&at, config, *on_missing, &mut problems);
            whats.push(Some((What::Peers(Box::new(peers)), evidence)));
        }
        if whats.len() != 1 {
            problems.push(
                Problem::error("abuse-form", at, format!("`{name}` watches for {} patterns", whats.len()))
                    .hint("write exactly one of `failedAuthentications`, `objects`, `clientErrors`, `sequence` and `peers`"),
            );
        }
        if failed_authentications.is_some() && key.needs_identity() {
            problems.push(
                Problem::error(
                    "abuse-key",
                    pointer(at, "key"),
                    "who fails to authenticate has no identity to count by",
                )
                .hint(
                    "count by `client.address`, or by a header or parameter that names the account",
                ),
            );
        }
        check_span(&pointer(at, "for"), lasts.unwrap_or(LASTS), &mut problems);
        let alone = sequence.is_some() || peers.is_some();
        if alone && (lasts.is_some() || *then == Then::Throttle) {
            problems.push(
                Problem::error(
                    "abuse-form",
                    at,
                    "`sequence` and `peers` judge each request alone",
                )
                .hint("leave out `for`, and use `then: deny` or `then: monitor`"),
            );
        }
        if rate.is_some() && *then != Then::Throttle {
            problems.push(
                Problem::error(
                    "abuse-form",
                    pointer(at, "rate"),
                    "nothing is slowed down here",
                )
                .hint("write `then: throttle`, or leave it out"),
            );
        }
        let rate = rate.unwrap_or(Rate {
            requests: 1,
            period: SECOND,
        });
        let pace = Window::compile(at, rate, None, false, &mut problems);
        match (whats.pop().flatten(), pace) {
            (Some((what, evidence)), Some(pace)) if problems.is_empty() => Ok(Self {
                tag: match &what {
                    What::Peers(peers) => peers.tag(name, &key),
                    What::Failures(_)
                    | What::Objects { .. }
                    | What::Errors(_)
                    | What::Sequence { .. } => format!("abuse\0{name}"),
                },
                name: name.to_owned(),
                key,
                what,
                then: *then,
                lasts: lasts.unwrap_or(LASTS).0,
                pace,
                evidence,
            }),
            _ => Err(problems),
        }
    }
}

/// What is watched for, and how it is told.
type Told = Option<(What, String)>;

fn failures(at: &str, config: config::FailedAuthentications, problems: &mut Vec<Problem>) -> Told {
    let config::FailedAuthentications { most, within } = config;
    check_span(&pointer(at, "within"), within, problems);
    check_most(&pointer(at, "most"), most, 1_000_000, problems);
    let rate = Rate {
        requests: u64::from(most.max(1)),
        period: within.0,
    };
    let window = Window::compile(at, rate, None, false, problems)?;
    let evidence = format!("more than {most} failed authentications within {within}");
    Some((What::Failures(window), evidence))
}

fn of_objects(at: &str, config: &config::Objects, problems: &mut Vec<Problem>) -> Told {
    let config::Objects { of, most, within } = config;
    check_span(&pointer(at, "within"), *within, problems);
    check_most(&pointer(at, "most"), *most, 1000, problems);
    let part = Part::parse(of)
        .filter(|part| matches!(part, Part::Path(_) | Part::Query(_) | Part::Header(_)));
    let Some(part) = part else {
        problems.push(
            Problem::error(
                "abuse-object",
                pointer(at, "of"),
                format!("`{of}` names no object"),
            )
            .hint("use `path.NAME`, `query.NAME` or `header.NAME`"),
        );
        return None;
    };
    let sketch = Sketch {
        most: (*most).clamp(1, 1000),
        half: within.0 / 2,
    };
    let evidence = format!("more than {most} different `{of}` within {within}");
    Some((What::Objects { of: part, sketch }, evidence))
}

fn errors(at: &str, config: config::ClientErrors, problems: &mut Vec<Problem>) -> Told {
    let config::ClientErrors {
        share,
        at_least,
        within,
    } = config;
    check_span(&pointer(at, "within"), within, problems);
    let at_least = at_least.unwrap_or(20);
    check_most(&pointer(at, "atLeast"), at_least, 1_000_000, problems);
    if !(share > 0.0 && share < 1.0) {
        problems.push(
            Problem::error(
                "abuse-share",
                pointer(at, "share"),
                format!("`{share}` is not a share that can be passed"),
            )
            .hint("use a number between 0 and 1, such as `0.5`"),
        );
    }
    let what = What::Errors(Share {
        share,
        at_least,
        half: within.0 / 2,
    });
    let evidence = format!(
        "more than {share} of at least {at_least} responses within {within} are client errors"
    );
    Some((what, evidence))
}

fn of_sequence(at: &str, config: &config::Sequence, problems: &mut Vec<Problem>) -> Told {
    let config::Sequence { after, within } = config;
    check_span(&pointer(at, "within"), *within, problems);
    if after.is_empty() {
        problems.push(
            Problem::error(
                "abuse-sequence",
                pointer(at, "after"),
                "the sequence has no beginning",
            )
            .hint("name an endpoint: `GET /cart`, or its `operationId`"),
        );
    }
    let what = What::Sequence {
        after: after.clone(),
        within: within.0,
    };
    let evidence = format!("no `{}` within {within} before", after.join("` or `"));
    Some((what, evidence))
}

fn check_span(at: &str, span: Span, problems: &mut Vec<Problem>) {
    if !(SECOND..=DAY).contains(&span.0) {
        problems.push(
            Problem::error("abuse-time", at, format!("`{span}` is not possible here"))
                .hint("use a time from 1s to 1d"),
        );
    }
}

fn check_most(at: &str, most: u32, greatest: u32, problems: &mut Vec<Problem>) {
    if !(1..=greatest).contains(&most) {
        problems.push(
            Problem::error("abuse-most", at, format!("`{most}` is not possible here"))
                .hint(format!("use a number from 1 to {greatest}")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        let config: config::Abuse = serde_json::from_str(text).unwrap();
        let compiled = Pattern::compile("x", "/abuse/x", &config);
        compiled.map_or_else(
            |problems| problems.iter().map(|p| p.code).collect(),
            |_| Vec::new(),
        )
    }

    #[test]
    fn what_makes_no_sense_is_a_problem() {
        let good = r#"{"key":["client.address"],"failedAuthentications":{"most":5,"within":"1m"}}"#;
        assert!(codes(good).is_empty());
        for (text, code) in [
            (r#"{"key":["client.address"]}"#, "abuse-form"),
            (
                r#"{"key":["identity.subject"],"failedAuthentications":{"most":5,"within":"1m"}}"#,
                "abuse-key",
            ),
            (
                r#"{"key":[],"failedAuthentications":{"most":0,"within":"1m"}}"#,
                "abuse-most",
            ),
            (
                r#"{"key":[],"objects":{"of":"identity.subject","most":5,"within":"1m"}}"#,
                "abuse-object",
            ),
            (
                r#"{"key":[],"objects":{"of":"path.id","most":5,"within":"1ms"}}"#,
                "abuse-time",
            ),
            (
                r#"{"key":[],"clientErrors":{"share":1.0,"within":"1m"}}"#,
                "abuse-share",
            ),
            (
                r#"{"key":[],"sequence":{"after":[],"within":"1m"}}"#,
                "abuse-sequence",
            ),
            (
                r#"{"key":[],"sequence":{"after":["a"],"within":"1m"},"then":"throttle"}"#,
                "abuse-form",
            ),
            (
                r#"{"key":[],"clientErrors":{"share":0.5,"within":"1m"},"rate":"1/s"}"#,
                "abuse-form",
            ),
            (
                r#"{"key":["x"],"clientErrors":{"share":0.5,"within":"1m"}}"#,
                "limit-key",
            ),
        ] {
            assert_eq!(codes(text), [code], "{text}");
        }
    }
}
