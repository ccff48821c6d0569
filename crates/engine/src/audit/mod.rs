//! What is logged, counted and observed, as data. Never a credential, a body or a parameter value.

use crate::config::{Detail, Timestamp};
use crate::verdict::{Control, Decision, Finding, Reason};
use serde_json::{Map, Value, json};

/// Everything that is kept of one exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The policy's name.
    pub policy: String,
    /// The API, once it is known.
    pub api: Option<String>,
    /// The endpoint, `METHOD /template`, once it is known.
    pub endpoint: Option<String>,
    /// The description's `operationId`.
    pub operation: Option<String>,
    /// The answer.
    pub decision: Decision,
    /// Why it was refused.
    pub reason: Option<Reason>,
    /// The status that Meshward answered with, if it refused.
    pub status: Option<u16>,
    /// Everything that any control saw, in any mode.
    pub findings: Vec<Finding>,
    /// The method, `_OTHER` where it is not a registered one.
    pub method: String,
    /// The host of the normal form.
    pub host: String,
    /// The peer's address.
    pub client_address: Option<String>,
    /// The peer's SPIFFE ID.
    pub source_principal: Option<String>,
    /// The provider that knew the caller.
    pub provider: Option<String>,
    /// The caller.
    pub subject: Option<String>,
    /// `x-request-id`, if it has the form of one.
    pub request_id: Option<String>,
    /// When the request arrived.
    pub time: Timestamp,
    /// Whether a log line is wanted.
    pub logged: bool,
    /// How much a refusal says to the caller.
    pub detail: Detail,
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
    /// The decision log: one JSON object with OpenTelemetry attribute names. `response_status` is what the client got.
    #[must_use]
    pub fn log_line(&self, response_status: Option<u16>) -> String {
        let mut line = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                line.insert(key.to_owned(), value);
            }
        };
        let text = |v: &Option<String>| v.clone().map(Value::String);
        put("time", Some(Value::String(self.time.to_string())));
        put(
            "http.request.method",
            Some(Value::String(self.method.clone())),
        );
        put("http.route", text(&self.route()));
        put(
            "http.response.status_code",
            self.status.or(response_status).map(Value::from),
        );
        put(
            "server.address",
            (!self.host.is_empty()).then(|| Value::String(self.host.clone())),
        );
        put("client.address", text(&self.client_address));
        put("meshward.policy", Some(Value::String(self.policy.clone())));
        put("meshward.api", text(&self.api));
        put("meshward.endpoint", text(&self.endpoint));
        put("meshward.operation", text(&self.operation));
        put("meshward.decision", Some(json!(self.decision)));
        put(
            "meshward.reason",
            self.reason.map(|r| Value::from(r.code())),
        );
        put(
            "meshward.control",
            self.reason.map(|r| Value::from(r.control().name())),
        );
        put(
            "meshward.findings",
            (!self.findings.is_empty()).then(|| json!(self.findings)),
        );
        put("meshward.identity.provider", text(&self.provider));
        put("meshward.identity.subject", text(&self.subject));
        put("meshward.source.principal", text(&self.source_principal));
        put("meshward.request_id", text(&self.request_id));
        Value::Object(line).to_string()
    }

    /// The path template of the endpoint.
    #[must_use]
    pub fn route(&self) -> Option<String> {
        let endpoint = self.endpoint.as_deref()?;
        endpoint.split_once(' ').map(|(_, path)| path.to_owned())
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
        std::iter::once(whole).chain(self.findings.iter().map(move |f| Counter {
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

    /// What access logs can print, as `%FILTER_STATE(wasm.meshward.KEY:PLAIN)%`.
    pub fn filter_state(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            (
                "decision",
                Some(match self.decision {
                    Decision::Allow => "allow",
                    Decision::Deny => "deny",
                }),
            ),
            ("reason", self.reason.map(Reason::code)),
            ("api", self.api.as_deref()),
            ("endpoint", self.endpoint.as_deref()),
            ("subject", self.subject.as_deref()),
        ]
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| (key, value)))
    }
}
