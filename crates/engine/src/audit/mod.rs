//! What is logged, counted and observed, as data. Never a credential, a body or a parameter value.

mod line;
mod trial;

pub use trial::{Trial, Verdict};

use crate::Policy;
use crate::config::Timestamp;
use crate::http::{Headers, RequestHead};
use crate::transaction::Afterwards;
use crate::verdict::{Control, Decision, Finding, Reason};
use serde_json::Value;
use std::sync::Arc;

/// Everything that is kept of one exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The policy's name.
    pub policy: Arc<str>,
    /// The revision of its bundle, where there is one.
    pub revision: Option<Arc<str>>,
    /// The API, once it is known.
    pub api: Option<Arc<str>>,
    /// The endpoint, `METHOD /template`, once it is known.
    pub endpoint: Option<Arc<str>>,
    /// The description's `operationId`.
    pub operation: Option<Arc<str>>,
    /// The answer.
    pub decision: Decision,
    /// Why it was refused.
    pub reason: Option<Reason>,
    /// The status that Meshward answered with, if it refused.
    pub status: Option<u16>,
    /// Everything that any control saw, in any mode.
    pub findings: Vec<Finding>,
    /// The method, `_OTHER` where it is not a registered one.
    pub method: &'static str,
    /// The host of the normal form.
    pub host: String,
    /// The peer's address.
    pub client_address: Option<String>,
    /// The peer's SPIFFE ID.
    pub source_principal: Option<String>,
    /// The provider that knew the caller.
    pub provider: Option<Arc<str>>,
    /// The caller.
    pub subject: Option<Arc<str>>,
    /// The first eight digits of the digest of a token that was refused.
    pub token_digest: Option<String>,
    /// The other identities on the request: provider and subject.
    pub with: Vec<(Arc<str>, Arc<str>)>,
    /// Whether the caller showed an API key: then provider and subject name it.
    pub by_key: bool,
    /// `x-request-id`, if it has the form of one.
    pub request_id: Option<String>,
    /// When the request arrived.
    pub time: Timestamp,
    /// Whether a log line is wanted.
    pub logged: bool,
    /// Where there is a candidate: what it, or the active policy, says otherwise.
    pub trial: Option<Trial>,
    /// What is left to do when the exchange is over.
    pub afterwards: Option<Box<Afterwards>>,
}

/// A counter to increment by one. The parts are bounded by the policy: names of APIs and endpoints, and codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Counter<'a> {
    /// `requests` for the exchange, `findings` for what a control saw.
    pub name: &'static str,
    /// The API, or `none`.
    pub api: &'a str,
    /// The endpoint (its `operationId`, else `METHOD /template`), or `none`.
    pub endpoint: &'a str,
    /// `allow` or `deny`; for findings the mode.
    pub outcome: &'static str,
    /// The control, or `none`.
    pub control: &'static str,
    /// The reason's code, or `none`.
    pub reason: &'static str,
}

impl Record {
    /// Starts the record of an exchange that arrived at `time`, under the policy of this name.
    #[must_use]
    pub fn new(policy: Arc<str>, time: Timestamp) -> Self {
        Self {
            policy,
            revision: None,
            api: None,
            endpoint: None,
            operation: None,
            decision: Decision::Allow,
            reason: None,
            status: None,
            findings: Vec::new(),
            method: OTHER_METHOD,
            host: String::new(),
            client_address: None,
            source_principal: None,
            provider: None,
            subject: None,
            token_digest: None,
            with: Vec::new(),
            by_key: false,
            request_id: None,
            time,
            logged: false,
            trial: None,
            afterwards: None,
        }
    }

    /// Adds to what is left to do when the exchange is over.
    pub fn add_afterwards(&mut self, other: Box<Afterwards>) {
        match &mut self.afterwards {
            Some(own) => own.and(*other),
            none => *none = Some(other),
        }
    }

    /// Notes what another policy says to the same request. Differences are always logged.
    pub fn compared(&mut self, trial: Trial) {
        self.logged |= trial != Trial::Unknown;
        self.trial = Some(trial);
    }

    /// What was decided.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        Verdict {
            decision: self.decision,
            reason: self.reason,
        }
    }

    /// Keeps of the head what every record holds, and says whether an admitted exchange belongs to the logged share.
    pub(crate) fn describe_head(&mut self, head: &RequestHead, policy: &Policy) {
        self.method = known_method(&head.method);
        self.logged = sampled(&head.headers, self.time, policy.telemetry.log_allowed);
    }

    /// Keeps of the head what only a log line holds. Most exchanges have none, and are spared the copies.
    pub(crate) fn complete(&mut self, head: &RequestHead) {
        if self.logged {
            self.client_address = head.source.address.map(|a| a.to_canonical().to_string());
            self.source_principal.clone_from(&head.source.principal);
            self.request_id = request_id(&head.headers);
        }
    }

    /// The decision log: one JSON object with OpenTelemetry attribute names. `response_status` is what the client got.
    #[must_use]
    pub fn log_line(&self, response_status: Option<u16>) -> String {
        line::write(self, response_status)
    }

    /// The path template of the endpoint.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        let endpoint = self.endpoint.as_deref()?;
        endpoint.split_once(' ').map(|(_, path)| path)
    }

    /// The counters that this exchange moves: one for the exchange, one for each finding.
    pub fn counters(&self) -> impl Iterator<Item = Counter<'_>> {
        let api = self.api.as_deref().unwrap_or("none");
        let endpoint = self
            .operation
            .as_deref()
            .or(self.endpoint.as_deref())
            .unwrap_or("none");
        let whole = Counter {
            name: "requests",
            api,
            endpoint,
            outcome: match self.decision {
                Decision::Allow => "allow",
                Decision::Deny => "deny",
            },
            control: self.reason.map_or("none", |r| r.control().name()),
            reason: self.reason.map_or("none", Reason::code),
        };
        let trial = self.trial.map(|trial| {
            let reason = trial.other().and_then(|other| other.reason);
            let reason = reason.or(self.reason);
            Counter {
                name: "candidate",
                outcome: trial.outcome(),
                control: reason.map_or("none", |r| r.control().name()),
                reason: reason.map_or("none", Reason::code),
                ..whole
            }
        });
        let first = std::iter::once(whole).chain(trial);
        first.chain(self.findings.iter().map(move |f| Counter {
            name: "findings",
            outcome: match f.mode {
                crate::config::Mode::Enforce => "enforce",
                crate::config::Mode::Monitor => "monitor",
                crate::config::Mode::Off => "off",
            },
            control: Control::name(f.control),
            reason: f.reason.code(),
            ..whole
        }))
    }

    /// Whether somebody will want to look at the exchange: it was refused, or a control found something.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        self.decision == Decision::Deny || !self.findings.is_empty()
    }

    /// The verdict in one line for access logs, in logfmt: `decision=allow api=orders endpoint="GET /orders/{id}" subject=acme`.
    ///
    /// One line, because every value that is handed to the proxy costs a host call on every exchange.
    #[must_use]
    pub fn verdict_line(&self) -> String {
        let decision = match self.decision {
            Decision::Allow => "allow",
            Decision::Deny => "deny",
        };
        let mut line = format!("decision={decision}");
        let parts = [
            ("reason", self.reason.map(Reason::code)),
            ("api", self.api.as_deref()),
            ("endpoint", self.endpoint.as_deref()),
            ("subject", self.subject.as_deref()),
            ("revision", self.revision.as_deref()),
        ];
        for (key, value) in parts {
            let Some(value) = value else { continue };
            line.push(' ');
            line.push_str(key);
            line.push('=');
            let plain = !value.is_empty()
                && value
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && !b"\"\\=".contains(&b));
            if plain {
                line.push_str(value);
            } else {
                line.push_str(&Value::from(value).to_string());
            }
        }
        line
    }
}

/// What every method that is not registered is called.
pub const OTHER_METHOD: &str = "_OTHER";

/// The registered methods of OpenAPI and gRPC; another is `_OTHER`, as OpenTelemetry says, so that no caller can fill a log's index.
fn known_method(method: &[u8]) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
    ];
    KNOWN
        .into_iter()
        .find(|known| known.as_bytes() == method)
        .unwrap_or(OTHER_METHOD)
}

/// A request id as it may be logged and sent back: at most 128 visible characters that need no escape anywhere.
pub(crate) fn request_id(headers: &Headers) -> Option<String> {
    let value = headers.first("x-request-id")?;
    let fits = (1..=128).contains(&value.len())
        && value
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:/+=".contains(b));
    fits.then(|| String::from_utf8_lossy(value).into_owned())
}

/// Whether an exchange is in the logged share. The same request id gives the same answer on every proxy that it passes.
fn sampled(headers: &Headers, time: Timestamp, share: f64) -> bool {
    if share <= 0.0 {
        return false;
    }
    if share >= 1.0 {
        return true;
    }
    let mut hash = Fnv::default();
    match headers.first("x-request-id") {
        Some(id) => hash.add(id),
        None => hash.add(&time.0.to_le_bytes()),
    }
    hash.share() < share
}

/// FNV-1a with a final mix: spreads request ids evenly. No attacker gains from choosing whether to be logged here: refusals always are.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// From 0 up to, but not including, 1.
    fn share(&self) -> f64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let top = u32::try_from(mixed >> 32).unwrap_or(0);
        f64::from(top) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(value: &[u8]) -> Headers {
        Headers::new(vec![(b"x-request-id".to_vec(), value.to_vec())])
    }

    #[test]
    fn the_logged_share_is_the_share_that_was_asked_for() {
        let logged = (0..10_000)
            .filter(|i| sampled(&id(format!("id-{i}").as_bytes()), Timestamp(0), 0.1))
            .count();
        assert!((900..1100).contains(&logged), "{logged}");
    }

    #[test]
    fn the_verdict_line_quotes_what_could_split_it() {
        let document = serde_json::json!({
            "apiVersion": "meshward.dev/v1", "kind": "Bundle", "metadata": { "name": "t" },
            "apis": [{ "name": "a", "hosts": ["*"], "endpoints": [{ "match": { "method": "GET", "path": "/" } }] }]
        });
        let policy = crate::compile(&serde_json::from_value(document).unwrap())
            .unwrap()
            .policy;
        let mut record = Record::new(Arc::clone(&policy.name), Timestamp(0));
        record.api = Some("orders".into());
        record.subject = Some("a \"b\"\n".into());
        assert_eq!(
            record.verdict_line(),
            r#"decision=allow api=orders subject="a \"b\"\n""#
        );
    }

    #[test]
    fn a_request_id_that_could_forge_a_log_line_is_left_out() {
        assert_eq!(request_id(&id(b"7c0f-1")).as_deref(), Some("7c0f-1"));
        for bad in [&b"a\"b"[..], b"a\nb", b"", &[b'a'; 129], b"\xff"] {
            assert_eq!(request_id(&id(bad)), None);
        }
    }
}
