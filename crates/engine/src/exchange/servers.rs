//! Other servers, written down: what each answers to a call.

use crate::http::Headers;
use crate::remote::{Call, CallAnswer, MAX_ANSWER};
use serde::{Deserialize, Serialize};

/// What a server answers to calls of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerAnswer {
    /// The proxy's cluster that leads to the server.
    pub cluster: String,
    /// Path and query.
    pub path: String,
    /// What the body of the call must hold, where it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_holds: Option<String>,
    /// The status; 200 when absent.
    #[serde(default = "ok")]
    pub status: u16,
    /// The fields. `content-type: application/json` when there are none.
    #[serde(default = "json")]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: String,
    /// There is no answer, however long one waits.
    #[serde(default)]
    pub silent: bool,
    /// It is a rate limit service (Envoy's rate limit API v3), which counts the policy's quotas; `path` is that of its method.
    #[serde(default)]
    pub counts: bool,
}

const fn ok() -> u16 {
    200
}

fn json() -> Vec<(String, String)> {
    vec![("content-type".to_owned(), "application/json".to_owned())]
}

impl ServerAnswer {
    /// Whether a call with this path and body is answered by this.
    #[must_use]
    pub fn fits(&self, path: &str, body: &[u8]) -> bool {
        let holds = |text: &String| String::from_utf8_lossy(body).contains(text);
        self.path == path && self.body_holds.as_ref().is_none_or(holds)
    }

    fn answer(&self) -> CallAnswer {
        if self.silent {
            return CallAnswer::Failed;
        }
        if self.body.len() > MAX_ANSWER {
            return CallAnswer::TooLong;
        }
        let fields = self.headers.iter();
        CallAnswer::Response {
            status: self.status,
            headers: Headers::new(
                fields
                    .map(|(n, v)| (n.clone().into_bytes(), v.clone().into_bytes()))
                    .collect(),
            ),
            body: self.body.clone().into_bytes(),
        }
    }
}

/// Whether a rate limit service answers this call.
pub(super) fn counts(servers: &[ServerAnswer], call: &Call) -> bool {
    let mut services = servers.iter().filter(|server| server.counts);
    services.any(|s| s.cluster == call.cluster && s.path == call.path)
}

/// Answers a call: the first that fits; nothing where none does.
pub(super) fn answer(servers: &[ServerAnswer], call: &Call) -> CallAnswer {
    let mut fitting = servers
        .iter()
        .filter(|s| !s.counts && s.cluster == call.cluster && s.fits(&call.path, &call.body));
    fitting
        .next()
        .map_or(CallAnswer::Failed, ServerAnswer::answer)
}
