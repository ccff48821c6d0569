//! Which version of the policy Envoy serves, as its statistics say.
//!
//! `version_text` names the version that was accepted last (`config_dump` also shows one that was refused), and
//! `update_rejected` counts refusals.

const PREFIX: &str = "extension_config_discovery.http_filter.meshward.";

/// The path of the statistics on Envoy's admin interface.
pub(crate) const STATS: &str =
    "/stats?filter=^extension_config_discovery\\.http_filter\\.meshward\\.";

/// What Envoy's statistics say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Served {
    /// The version that serves; empty before the first.
    pub(crate) version: String,
    /// How often Envoy has refused one.
    pub(crate) refused: u64,
}

impl Served {
    /// Reads the statistics as text.
    pub(crate) fn read(stats: &str) -> Self {
        let mut served = Self::default();
        for line in stats.lines() {
            match line
                .strip_prefix(PREFIX)
                .and_then(|line| line.split_once(": "))
            {
                Some(("version_text", value)) => {
                    served.version = value.trim_matches('"').to_owned()
                }
                Some(("update_rejected", value)) => served.refused = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        served
    }
}

/// The version that was sent last, while its fate is not known.
#[derive(Debug)]
pub(crate) enum Serving {
    /// Envoy has not answered yet.
    Waiting {
        /// The version that was sent.
        version: String,
        /// The refusals before it.
        refused: u64,
    },
    /// There is nothing to wait for.
    Settled,
}

impl Serving {
    /// What Envoy did with the version that was sent: serves it, or has refused it. Once.
    pub(crate) fn settle(&mut self, served: &Served) -> Option<Result<String, String>> {
        let Self::Waiting { version, refused } = self else {
            return None;
        };
        let outcome = if served.version == *version {
            Ok(version.clone())
        } else if served.refused > *refused {
            Err(version.clone())
        } else {
            return None;
        };
        *self = Self::Settled;
        Some(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_serves_or_is_refused() {
        let served = Served::read(
            "extension_config_discovery.http_filter.meshward.version_text: \"v1\"\n\
             extension_config_discovery.http_filter.meshward.update_rejected: 2\n",
        );
        assert_eq!(
            served,
            Served {
                version: "v1".to_owned(),
                refused: 2
            }
        );
        let waiting = |version: &str, refused| Serving::Waiting {
            version: version.to_owned(),
            refused,
        };
        assert_eq!(waiting("v1", 0).settle(&served), Some(Ok("v1".to_owned())));
        assert_eq!(waiting("v2", 1).settle(&served), Some(Err("v2".to_owned())));
        assert_eq!(waiting("v2", 2).settle(&served), None);
        let mut once = waiting("v1", 0);
        assert!(once.settle(&served).is_some());
        assert!(once.settle(&served).is_none());
    }
}
