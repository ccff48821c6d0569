//! What came of a push, for people and for tools.

use super::fleet::{Fate, Fleet, Member};
use crate::style::{ERROR, GOOD, WARNING};
use crate::table::table;
use serde_json::{Value, json};
use std::time::Duration;

/// How a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every worker of every proxy serves the revision.
    Serves,
    /// At least one proxy has refused it.
    Refused,
    /// At least one worker has not said that it serves it.
    Unknown,
}

/// What came of a push.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// The policy's name.
    pub(crate) policy: &'a str,
    /// The name of the revision.
    pub(crate) revision: &'a str,
    /// The proxies, as they were when the push was decided.
    pub(crate) fleet: &'a Fleet,
    /// From putting the file in place to knowing.
    pub(crate) took: Duration,
    /// The revision that was put back, where this one was refused.
    pub(crate) restored: Option<&'a str>,
}

impl Report<'_> {
    /// How it ended.
    pub(crate) fn outcome(&self) -> Outcome {
        let members = self.fleet.members();
        if members.iter().any(|m| matches!(m.fate, Fate::Refused(_))) {
            Outcome::Refused
        } else if self.fleet.serves() {
            Outcome::Serves
        } else {
            Outcome::Unknown
        }
    }

    /// For tools.
    pub(crate) fn json(&self) -> Value {
        let envoys = self.fleet.members().iter().map(|member| {
            json!({
                "admin": member.admin.to_string(),
                "workers": member.workers,
                "serving": member.serving(),
                "state": member.fate.name(),
                "reasons": member.reasons(),
            })
        });
        json!({
            "policy": self.policy,
            "revision": self.revision,
            "outcome": self.outcome().name(),
            "seconds": self.took.as_secs_f64(),
            "envoys": envoys.collect::<Vec<_>>(),
            "restored": self.restored,
        })
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let rows: Vec<[String; 3]> = self
            .fleet
            .members()
            .iter()
            .map(|member| {
                let state = match (member.fate.name(), member.reasons().join(", ")) {
                    (state, reasons) if reasons.is_empty() => state.to_owned(),
                    (state, reasons) => format!("{state}: {reasons}"),
                };
                let serving = format!("{} of {}", member.serving(), member.workers);
                [member.admin.to_string(), serving, state]
            })
            .collect();
        let mut text = table(["envoy", "workers", "state"], &rows);
        let (policy, revision) = (self.policy, self.revision);
        let said = match self.outcome() {
            Outcome::Serves => format!(
                "{GOOD}policy `{policy}` revision {revision} serves everywhere{GOOD:#} after {:.2} s",
                self.took.as_secs_f64()
            ),
            Outcome::Refused => format!(
                "{ERROR}policy `{policy}` revision {revision} was refused{ERROR:#}: the proxy's log says where the problem is, in lines with `meshward: error`"
            ),
            Outcome::Unknown => format!(
                "{WARNING}not every worker has said within {:.1} s that it serves{WARNING:#} policy `{policy}` revision {revision}, which stays in the file; \
                 `meshward push --rollback` takes it back",
                self.took.as_secs_f64()
            ),
        };
        text.push('\n');
        text.push_str(&said);
        if let Some(restored) = self.restored {
            text.push_str(&format!("\nrevision {restored} was put back, and serves"));
        }
        text
    }
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

impl Member {
    /// How many workers serve it. The main thread does not count here.
    fn serving(&self) -> u64 {
        match self.fate {
            Fate::Serves => self.workers,
            Fate::Waiting(serving) => serving.min(self.workers),
            Fate::Refused(_) | Fate::Silent => 0,
        }
    }

    fn reasons(&self) -> &[String] {
        match &self.fate {
            Fate::Refused(codes) => codes,
            Fate::Serves | Fate::Waiting(_) | Fate::Silent => &[],
        }
    }
}

impl Fate {
    const fn name(&self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::Waiting(_) => "waiting",
            Self::Refused(_) => "refused",
            Self::Silent => "silent",
        }
    }
}
