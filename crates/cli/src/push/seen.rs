//! What one Envoy's statistics say about a policy.
//!
//! Every worker, and the main thread, tells the revision that it serves in a gauge of its own, once it serves it
//! (`meshward_policy_revision;policy=P;worker=N`). What was refused, Envoy counts in `update_rejected`, and the filter by the code of
//! the first problem. A gauge of a worker that has ended keeps its value, so it is counted who serves the revision, not who does not.

use std::collections::BTreeMap;

const REVISION: &str = "wasmcustom.meshward_policy_revision;";
const REFUSED: &str = "wasmcustom.meshward_policy_refused;reason=";
const DISCOVERY: &str = "extension_config_discovery.http_filter.";
const REJECTED: &str = ".update_rejected";

/// The statistics' path on the admin interface.
pub(crate) const STATS: &str =
    "/stats?filter=^(wasmcustom\\.meshward_policy_|extension_config_discovery\\.http_filter\\.)";

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Sought {
    /// The policy's name.
    pub(crate) policy: String,
    /// The revision, as the gauge has it.
    pub(crate) number: u64,
    /// The name of the resource. istiod puts words before it, up to a slash, and behind it, from a tilde on, which differ by version.
    pub(crate) resource: String,
}

/// What the statistics say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How many workers serve the revision; the main thread, which serves nobody, is one of them.
    pub(crate) serving: u64,
    /// How often Envoy has refused a resource of this name.
    pub(crate) rejected: u64,
    /// How often the filter has refused a configuration, by the problem's code.
    pub(crate) refused: BTreeMap<String, u64>,
}

impl Seen {
    /// Reads the statistics as text.
    pub(crate) fn read(stats: &str, sought: &Sought) -> Self {
        let mut seen = Self::default();
        let own = format!("policy={};worker=", label(&sought.policy));
        for line in stats.lines() {
            let Some((name, value)) = line.split_once(": ") else {
                continue;
            };
            let Ok(value) = value.trim().parse::<u64>() else {
                continue;
            };
            if let Some(rest) = name.strip_prefix(REVISION) {
                seen.serving += u64::from(rest.starts_with(&own) && value == sought.number);
            } else if let Some(code) = name.strip_prefix(REFUSED) {
                seen.refused.insert(code.to_owned(), value);
            } else if let Some(rest) = name.strip_prefix(DISCOVERY)
                && let Some(resource) = rest.strip_suffix(REJECTED)
                && bare(resource) == sought.resource
            {
                seen.rejected = value;
            }
        }
        seen
    }

    /// The codes of what was refused since an earlier look.
    pub(crate) fn refused_since(&self, before: &Self) -> Vec<String> {
        let grown = self.refused.iter().filter(|(code, count)| {
            let earlier = before.refused.get(*code).copied().unwrap_or_default();
            **count > earlier
        });
        grown.map(|(code, _)| code.clone()).collect()
    }
}

/// The name of a resource without what a control plane has added.
fn bare(resource: &str) -> &str {
    let last = resource.rsplit('/').next().unwrap_or(resource);
    last.split('~').next().unwrap_or(last)
}

/// A name as it stands in a metric's name.
fn label(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
extension_config_discovery.http_filter.meshward.update_rejected: 2
extension_config_discovery.http_filter.meshward.version_text: \"a\"
extension_config_discovery.http_filter.other.update_rejected: 9
wasmcustom.meshward_policy_refused;reason=bundle-newer: 1
wasmcustom.meshward_policy_refused;reason=invalid: 3
wasmcustom.meshward_policy_revision;policy=orders;worker=0: 7
wasmcustom.meshward_policy_revision;policy=orders;worker=1: 6
wasmcustom.meshward_policy_revision;policy=orders;worker=2: 7
wasmcustom.meshward_policy_revision;policy=orders-2;worker=0: 7
";

    #[test]
    fn statistics_say_who_serves_and_what_was_refused() {
        let sought = Sought {
            policy: "orders".to_owned(),
            number: 7,
            resource: "meshward".to_owned(),
        };
        let seen = Seen::read(TEXT, &sought);
        assert_eq!((seen.serving, seen.rejected), (2, 2));
        let mut before = seen.clone();
        before.refused.insert("invalid".to_owned(), 2);
        assert_eq!(seen.refused_since(&before), ["invalid"]);
        assert!(seen.refused_since(&seen).is_empty());
        assert_eq!(Seen::read("", &sought), Seen::default());
        let behind_istiod =
            TEXT.replace("filter.meshward", "filter.extensions.istio.io/x/meshward~y");
        assert_eq!(Seen::read(&behind_istiod, &sought), seen);
    }
}
