//! The corpus through the engine, without any proxy.

use crate::format::Case;
use crate::judge::{Observed, Seen, SeenRequest, differences};
use crate::load::{Mistake, Topic};
use crate::policy;
use crate::prepare::{Prepared, Run, decoded};
use meshward_engine::Policy;
use meshward_engine::exchange::{Evaluation, Evaluator, Exchange, ServerAnswer};
use meshward_engine::transaction::{Forward, HeaderChange, Reply};
use meshward_engine::verdict::Decision;
use std::sync::Arc;

/// Runs every case of a file. Gives what differs from what is expected.
#[must_use]
pub fn run(run: &Run, topic: &Topic) -> Vec<Mistake> {
    match (policy::compile(run, topic), run.servers(topic)) {
        (Ok(policy), Ok(servers)) => {
            let cases = topic.file.case.iter();
            cases
                .flat_map(|case| one(run, topic, case, &policy, &servers))
                .collect()
        }
        (Err(mistake), _) | (_, Err(mistake)) => vec![mistake],
    }
}

fn one(
    run: &Run,
    topic: &Topic,
    case: &Case,
    policy: &Arc<Policy>,
    servers: &[ServerAnswer],
) -> Vec<Mistake> {
    let prepared = match run.prepare(topic, case) {
        Ok(prepared) => prepared,
        Err(mistake) => return vec![mistake],
    };
    let mut evaluator = Evaluator::new(Arc::clone(policy)).with_servers(servers.to_vec());
    let mut found = Vec::new();
    for (index, (exchange, ready)) in case.exchange.iter().zip(&prepared).enumerate() {
        let differing = match observe(&mut evaluator, ready, run) {
            Ok(observed) => differences(exchange, &ready.secrets, &observed),
            Err(error) => vec![error],
        };
        found.extend(
            differing
                .into_iter()
                .map(|what| topic.at(case, format!("exchange {}: {what}", index + 1))),
        );
    }
    found
}

fn observe(evaluator: &mut Evaluator, ready: &Prepared, run: &Run) -> Result<Observed, String> {
    let Evaluation {
        record,
        forward,
        replacement,
        reply,
    } = evaluator.run(&ready.exchange, run.now)?;
    let response = ready.exchange.response.as_ref();
    let answered = response.map_or(200, |r| r.status);
    let status = match record.decision {
        Decision::Allow => answered,
        Decision::Deny => reply.as_ref().map_or(0, status),
    };
    let told = match &reply {
        Some(reply) => refused(reply),
        None => {
            let headers = response.map(|r| lower(&r.headers)).unwrap_or_default();
            let headers = match &forward {
                Some(how) => changed(headers, &how.response_headers),
                None => headers,
            };
            match replacement {
                Some(how) => Seen {
                    headers: changed(headers, &how.headers),
                    body: how.body,
                },
                None => Seen {
                    headers,
                    body: bytes(
                        response.and_then(|r| r.body.as_deref()),
                        response.and_then(|r| r.body_base64.as_deref()),
                    )?,
                },
            }
        }
    };
    Ok(Observed {
        status,
        reply: told,
        upstream: forward
            .map(|how| upstream(&ready.exchange, &how))
            .transpose()?,
        log: record.log_line(Some(status)),
    })
}

/// The HTTP status of a refusal. A gRPC caller reads its status elsewhere.
const fn status(reply: &Reply) -> u16 {
    match reply.grpc {
        Some(_) => 200,
        None => reply.status,
    }
}

/// A refusal as the proxy would send it: to a gRPC caller without a body, in fields alone.
fn refused(reply: &Reply) -> Seen {
    let mut headers = lower(&reply.headers);
    let Some((status, message)) = &reply.grpc else {
        let body = reply.body.clone().into_bytes();
        return Seen { headers, body };
    };
    headers.retain(|(name, _)| name != "content-type");
    let fields = [
        ("content-type", "application/grpc".to_owned()),
        ("grpc-status", status.to_string()),
        ("grpc-message", message.clone()),
    ];
    headers.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    Seen {
        headers,
        body: Vec::new(),
    }
}

/// The request as the upstream would see it.
fn upstream(exchange: &Exchange, how: &Forward) -> Result<SeenRequest, String> {
    let request = &exchange.request;
    let headers = changed(lower(&request.headers), &how.headers);
    Ok(SeenRequest {
        path: how.target.clone().unwrap_or_else(|| request.path.clone()),
        seen: Seen {
            headers,
            body: bytes(request.body.as_deref(), request.body_base64.as_deref())?,
        },
    })
}

fn changed(mut headers: Vec<(String, String)>, changes: &[HeaderChange]) -> Vec<(String, String)> {
    for change in changes {
        let (HeaderChange::Remove(name) | HeaderChange::Add(name, _)) = change;
        headers.retain(|(n, _)| n != name);
        if let HeaderChange::Add(name, value) = change {
            headers.push((name.to_string(), value.clone()));
        }
    }
    headers
}

fn bytes(text: Option<&str>, encoded: Option<&str>) -> Result<Vec<u8>, String> {
    match (text, encoded) {
        (Some(text), _) => Ok(text.as_bytes().to_vec()),
        (None, Some(encoded)) => decoded(encoded),
        (None, None) => Ok(Vec::new()),
    }
}

fn lower(headers: &[(String, String)]) -> Vec<(String, String)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect()
}
