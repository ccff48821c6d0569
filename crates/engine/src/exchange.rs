//! The exchange line: the one form in which requests, responses and verdicts are written down as data.
//!
//! `meshward eval`, the corpus and replays read [`Exchange`] and write [`Outcome`], one JSON object a line.

mod prepared;
pub(crate) mod quotas;
mod servers;

pub use prepared::Prepared;
pub use servers::ServerAnswer;

use crate::Policy;
use crate::audit::Record;
use crate::config::Timestamp;
use crate::remote::{Awaited, Call, CallAnswer, Desk, Protocol, RemoteKeys, Task};
use crate::transaction::{
    Answer, Event, Fact, Forward, Query, Replacement, Reply, Step, Stored, Transaction,
};
use crate::verdict::{Decision, Finding, Reason};
use quotas::Quotas;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One exchange, as it is written down.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exchange {
    /// Any name; it comes back in the answer.
    #[serde(default)]
    pub id: String,
    /// Who sends it.
    #[serde(default)]
    pub source: ExchangeSource,
    /// When it arrives. When absent, the caller's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
    /// The request.
    pub request: Message,
    /// The upstream's response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseMessage>,
}

/// Who sends an exchange.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExchangeSource {
    /// The peer's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<std::net::IpAddr>,
    /// The peer's SPIFFE ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Whether the peer's certificate was verified. When absent: it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Whether the connection is encrypted. When absent: it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
    /// The SHA-256 digest of the peer's certificate, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

impl ExchangeSource {
    fn fact(&self, fact: Fact) -> Option<String> {
        match fact {
            Fact::Tls => self.tls.unwrap_or(true).then(|| "TLSv1.3".to_owned()),
            Fact::Address => self.address.map(|address| address.to_string()),
            Fact::Certificate => self.certificate.clone(),
        }
    }
}

/// A request, as it is written down.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Message {
    /// The method.
    pub method: String,
    /// The authority.
    pub authority: String,
    /// Path and query. Bytes that are not UTF-8 are written in `pathBase64`.
    #[serde(default)]
    pub path: String,
    /// Path and query as base64, instead of `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// The fields: name and value.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body as base64, instead of `body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
}

/// A response, as it is written down.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResponseMessage {
    /// The status.
    pub status: u16,
    /// The fields: name and value.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body as base64, instead of `body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
}

/// The answer to an exchange, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The exchange's name.
    pub id: String,
    /// Allow or deny.
    pub decision: Decision,
    /// The status that the client gets; null when the upstream's answer is not known.
    pub status: Option<u16>,
    /// Why it was refused.
    pub reason: Option<Reason>,
    /// The control that refused it.
    pub control: Option<crate::verdict::Control>,
    /// The API.
    pub api: Option<String>,
    /// The endpoint.
    pub endpoint: Option<String>,
    /// Everything that any control saw.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Runs exchanges through a policy, with a store of its own in place of Envoy's shared data.
#[derive(Debug)]
pub struct Evaluator {
    policy: Arc<Policy>,
    store: BTreeMap<Arc<str>, Stored>,
    servers: Vec<ServerAnswer>,
    quotas: Quotas,
}

/// Everything that came of one exchange: for tests that look at more than the verdict.
#[derive(Debug)]
pub struct Evaluation {
    /// What is logged and counted.
    pub record: Record,
    /// How the request went upstream, if it did.
    pub forward: Option<Forward>,
    /// What the client gets instead of the response's body, if something was taken out of it.
    pub replacement: Option<Replacement>,
    /// What the client was told instead, if it was refused.
    pub reply: Option<Reply>,
}

impl Evaluator {
    /// Takes a policy and starts with an empty store.
    #[must_use]
    pub fn new(policy: Arc<Policy>) -> Self {
        Self {
            policy,
            store: BTreeMap::new(),
            servers: Vec::new(),
            quotas: Quotas::default(),
        }
    }

    /// Says what other servers answer. Without it, none answers.
    #[must_use]
    pub fn with_servers(mut self, servers: Vec<ServerAnswer>) -> Self {
        self.servers = servers;
        self
    }

    /// Changes the policy; the store stays, as it does in Envoy.
    pub fn set_policy(&mut self, policy: Arc<Policy>) {
        self.policy = policy;
    }

    /// Judges one exchange.
    ///
    /// # Errors
    /// A sentence, when the exchange is written wrongly (base64, both forms of a body).
    pub fn evaluate(&mut self, exchange: &Exchange, clock: Timestamp) -> Result<Outcome, String> {
        let evaluation = self.run(exchange, clock)?;
        let record = evaluation.record;
        Ok(Outcome {
            id: exchange.id.clone(),
            decision: record.decision,
            status: record
                .status
                .or(exchange.response.as_ref().map(|r| r.status)),
            reason: record.reason,
            control: record.reason.map(Reason::control),
            api: record.api.as_deref().map(str::to_owned),
            endpoint: record.endpoint.as_deref().map(str::to_owned),
            findings: record.findings,
        })
    }

    /// Judges one exchange and keeps everything that came of it.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn run(&mut self, exchange: &Exchange, clock: Timestamp) -> Result<Evaluation, String> {
        self.decide(exchange.prepare()?, clock)
    }

    /// The same for an exchange that was read before: nothing but the decision.
    ///
    /// # Errors
    /// A sentence, when the engine asks for what no exchange has.
    pub fn decide(&mut self, prepared: Prepared, clock: Timestamp) -> Result<Evaluation, String> {
        let now = prepared.now.unwrap_or(clock);
        let (source, told) = (Arc::clone(&prepared.source), prepared.told());
        let mut evaluation = self.judge(prepared, now)?;
        if let Some(mut afterwards) = evaluation.record.afterwards.take() {
            let ended = told.ended(&evaluation);
            let mut answer = None;
            while let Some(query) = afterwards.step(answer, &ended, now) {
                answer = Some(self.answer(&source, query));
            }
        }
        Ok(evaluation)
    }

    fn judge(&mut self, prepared: Prepared, now: Timestamp) -> Result<Evaluation, String> {
        let Prepared {
            source,
            now: _,
            head,
            body,
            response,
        } = prepared;
        let (mut response, mut response_body) = match response {
            Some((head, body)) => (Some(head), Some(body)),
            None => (None, None),
        };
        let mut body = Some(body);
        let mut forward = None;
        let mut waited = false;
        let mut step = Transaction::new(Arc::clone(&self.policy), now)
            .handle(Event::Request(Box::new(head)), now);
        loop {
            let (transaction, event) = match step {
                Step::Ask(transaction, query) => {
                    (transaction, Event::Answer(self.answer(&source, query)))
                }
                Step::Wait(transaction, awaited, _) => {
                    match awaited {
                        Awaited::Keys(keys) => self.fetch(&source, &keys, now),
                        Awaited::Lease(desk) => self.lease(&source, &desk, now),
                    }
                    // The second time, nothing will change any more.
                    let enough = std::mem::replace(&mut waited, true);
                    (transaction, Event::Waited { enough })
                }
                Step::Call(transaction, call) => {
                    let answer = self.call(&call, now);
                    (transaction, Event::Called(answer))
                }
                Step::NeedBody(transaction) => match body.take().or_else(|| response_body.take()) {
                    Some(bytes) if forward.is_none() => (transaction, Event::RequestBody(bytes)),
                    Some(bytes) => (transaction, Event::ResponseBody(bytes)),
                    None => return Err("the engine asked for a body twice".to_owned()),
                },
                Step::Forward(transaction, how) => {
                    body = None;
                    forward = Some(how);
                    let event = match response.take() {
                        Some(head) => Event::Response(Box::new(head)),
                        None => Event::NoResponse,
                    };
                    (transaction, event)
                }
                Step::Deliver(record) => {
                    return Ok(Evaluation {
                        record: *record,
                        forward,
                        replacement: None,
                        reply: None,
                    });
                }
                Step::Replace(record, replacement) => {
                    return Ok(Evaluation {
                        record: *record,
                        forward,
                        replacement: Some(replacement),
                        reply: None,
                    });
                }
                Step::Reply(record, reply) => {
                    return Ok(Evaluation {
                        record: *record,
                        forward,
                        replacement: None,
                        reply: Some(reply),
                    });
                }
            };
            step = transaction.handle(event, now);
        }
    }

    /// Lets keys be fetched, as an adapter does on its tick.
    fn fetch(&mut self, source: &ExchangeSource, keys: &RemoteKeys, now: Timestamp) {
        let mut task = keys.tick(now, true);
        loop {
            task = match task {
                Task::Ask(query) => keys.answer(self.answer(source, query), now),
                Task::Call(call) => keys.called(&self.call(&call, now), now),
                Task::Rest => return,
            };
        }
    }

    /// What a server answers.
    fn call(&mut self, call: &Call, now: Timestamp) -> CallAnswer {
        match call.protocol {
            Protocol::Http => servers::answer(&self.servers, call),
            Protocol::Grpc if servers::counts(&self.servers, call) => {
                self.quotas.answer(call, self.policy.desks(), now)
            }
            Protocol::Grpc => CallAnswer::Failed,
        }
    }

    /// Lets what waits at a desk be asked for, as an adapter does on its tick.
    fn lease(&mut self, source: &ExchangeSource, desk: &Arc<Desk>, now: Timestamp) {
        while let Some(mut ask) = desk.next(now) {
            let mut task = ask.start();
            loop {
                task = match task {
                    Task::Ask(query) => ask.answer(self.answer(source, query), now),
                    Task::Call(call) => ask.called(&self.call(&call, now), now),
                    Task::Rest => break,
                };
            }
        }
    }

    fn answer(&mut self, source: &ExchangeSource, query: Query) -> Answer {
        match query {
            Query::Fact(fact) => Answer::Fact(source.fact(fact)),
            Query::Get { key } => Answer::Slot(self.store.get(&key).cloned()),
            Query::Set {
                key,
                value,
                version,
            } => {
                let current = self.store.get(&key).map(|s| s.version);
                if current != version {
                    return Answer::Conflict;
                }
                let version = version.map_or(1, |v| v.wrapping_add(1));
                self.store.insert(key, Stored { value, version });
                Answer::Written
            }
        }
    }
}
