//! What a run saw, and in what it differs from what the corpus expects. The same for every run.

use crate::format::{Exchange, Expect, ExpectReply, ExpectUpstream};
use crate::placeholder::hex;
use meshward_engine::config::Mode;
use meshward_engine::verdict::{Decision, Finding, Reason};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What came of an exchange.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The status that the client got.
    pub status: u16,
    /// What the client got besides.
    pub reply: Seen,
    /// What reached the upstream, if anything did.
    pub upstream: Option<SeenRequest>,
    /// The line of the decision log.
    pub log: String,
}

/// Fields and a body, as somebody saw them.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A request, as the upstream saw it.
#[derive(Debug, Clone, Default)]
pub struct SeenRequest {
    /// Path and query.
    pub path: String,
    /// Fields and body.
    pub seen: Seen,
}

impl Seen {
    fn first(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Everything in which an exchange differs from what is expected of it; nothing when all is well.
#[must_use]
pub fn differences(exchange: &Exchange, secrets: &[String], observed: &Observed) -> Vec<String> {
    let mut found = Vec::new();
    let log: Map<String, Value> = match serde_json::from_str(&observed.log) {
        Ok(log) => log,
        Err(error) => return vec![format!("log: not a JSON object: {error}")],
    };
    if let Some(other) = other_verdict(&exchange.expect, &log) {
        // What follows from a wrong verdict would only hide it.
        return vec![other];
    }
    verdict(&exchange.expect, &log, observed, &mut found);
    findings(&exchange.expect, &log, &mut found);
    if let Some(expected) = &exchange.expect.reply {
        reply(expected, &observed.reply, &mut found);
    }
    upstream(&exchange.expect, observed.upstream.as_ref(), &mut found);
    leaks(exchange.expect.decision, secrets, observed, &mut found);
    token_digest(secrets, &log, &mut found);
    found
}

/// The decision and its reason, where they are not the expected ones.
fn other_verdict(expect: &Expect, log: &Map<String, Value>) -> Option<String> {
    let decision = match expect.decision {
        Decision::Allow => "allow",
        Decision::Deny => "deny",
    };
    let text = |key: &str| log.get(key).and_then(Value::as_str).unwrap_or_default();
    let (got, why) = (text("meshward.decision"), text("meshward.reason"));
    let reason = expect.reason.map_or("", Reason::code);
    (got != decision || why != reason).then(|| {
        let findings = log.get("meshward.findings");
        let findings = findings.map(|f| format!(", findings {f}"));
        let findings = findings.unwrap_or_default();
        format!("expected {decision} {reason}, got {got} {why}{findings}")
    })
}

fn verdict(expect: &Expect, log: &Map<String, Value>, seen: &Observed, found: &mut Vec<String>) {
    let status = seen.status;
    let control = expect.control.or(expect.reason.map(Reason::control));
    let control = control.map(|c| c.name());
    let mut compare = |key: &str, expected: Option<&str>| {
        let got = log.get(key).and_then(Value::as_str);
        if got != expected {
            found.push(format!("`{key}`: expected {expected:?}, got {got:?}"));
        }
    };
    compare("meshward.control", control);
    if let Some(api) = &expect.api {
        compare("meshward.api", Some(api));
    }
    if let Some(endpoint) = &expect.endpoint {
        compare("meshward.endpoint", Some(endpoint));
    }
    if let Some(identity) = &expect.identity {
        compare("meshward.identity.provider", Some(&identity.provider));
        compare("meshward.identity.subject", Some(&identity.subject));
    }
    if status != expect.status {
        found.push(format!("status: expected {}, got {status}", expect.status));
    }
    let told = seen.reply.first("grpc-status");
    let told = told.and_then(|status| status.parse::<u8>().ok());
    if told != expect.grpc_status {
        found.push(format!(
            "gRPC status: expected {:?}, got {told:?}",
            expect.grpc_status
        ));
    }
    // gRPC knows one HTTP status; the log says what the refusal means.
    let status = match (expect.grpc_status, expect.reason) {
        (Some(_), Some(reason)) => reason.status(),
        (Some(_) | None, _) => status,
    };
    let logged = log.get("http.response.status_code").and_then(Value::as_u64);
    if logged != Some(u64::from(status)) {
        found.push(format!(
            "status in the log: expected {status}, got {logged:?}"
        ));
    }
}

fn findings(expect: &Expect, log: &Map<String, Value>, found: &mut Vec<String>) {
    let logged = log.get("meshward.findings").cloned();
    let logged: Vec<Finding> =
        match serde_json::from_value(logged.unwrap_or_else(|| Value::Array(Vec::new()))) {
            Ok(findings) => findings,
            Err(error) => {
                found.push(format!("`meshward.findings`: {error}"));
                return;
            }
        };
    let Some(expected) = &expect.findings else {
        let stray = logged
            .iter()
            .filter(|f| f.mode != Mode::Enforce || expect.decision == Decision::Allow);
        found.extend(stray.map(|f| format!("finding that is not expected: {f:?}")));
        return;
    };
    let same = expected.len() == logged.len()
        && expected.iter().zip(&logged).all(|(e, l)| {
            e.reason == l.reason && e.mode == l.mode && (e.at.is_none() || e.at == l.at)
        });
    if !same {
        found.push(format!("findings: expected {expected:?}, got {logged:?}"));
    }
}

fn reply(expected: &ExpectReply, reply: &Seen, found: &mut Vec<String>) {
    fields("reply", &expected.headers, &expected.absent, reply, found);
    let told = reply.body.as_slice();
    if let Some(body) = expected.body.as_ref().filter(|b| b.as_bytes() != told) {
        let told = String::from_utf8_lossy(told);
        found.push(format!("reply: body: expected `{body}`, got `{told}`"));
    }
    if expected.members.is_empty() && expected.without.is_empty() {
        return;
    }
    let body: Map<String, Value> = match serde_json::from_slice(&reply.body) {
        Ok(body) => body,
        Err(error) => {
            found.push(format!("reply: the body is not a JSON object: {error}"));
            return;
        }
    };
    for (name, value) in &expected.members {
        let got = body.get(name);
        if got != Some(value) && !(value == "*" && got.is_some()) {
            found.push(format!("reply: `{name}`: expected {value}, got {got:?}"));
        }
    }
    let extra = expected.without.iter().filter(|n| body.contains_key(*n));
    found.extend(extra.map(|name| format!("reply: `{name}` must not be there")));
}

fn upstream(expect: &Expect, seen: Option<&SeenRequest>, found: &mut Vec<String>) {
    let passes = expect.decision == Decision::Allow
        || expect
            .reason
            .is_some_and(meshward_engine::verdict::Reason::is_late);
    let seen = match (passes, seen) {
        (false, None) => return,
        (false, Some(_)) => {
            found.push("the upstream saw a request that was refused".to_owned());
            return;
        }
        (true, None) => {
            found.push("the upstream saw nothing of a request that passed".to_owned());
            return;
        }
        (true, Some(seen)) => seen,
    };
    let Some(ExpectUpstream {
        path,
        headers,
        absent,
        body,
    }) = &expect.upstream
    else {
        return;
    };
    if let Some(path) = path.as_ref().filter(|path| **path != seen.path) {
        found.push(format!(
            "upstream: path: expected `{path}`, got `{}`",
            seen.path
        ));
    }
    fields("upstream", headers, absent, &seen.seen, found);
    if let Some(body) = body.as_ref().filter(|b| b.as_bytes() != seen.seen.body) {
        found.push(format!(
            "upstream: body: expected `{body}`, got `{}`",
            String::from_utf8_lossy(&seen.seen.body)
        ));
    }
}

fn fields(
    whose: &str,
    headers: &BTreeMap<String, String>,
    absent: &[String],
    seen: &Seen,
    found: &mut Vec<String>,
) {
    for (name, expected) in headers {
        let got = seen.first(name);
        if got != Some(expected) && !(expected == "*" && got.is_some()) {
            found.push(format!(
                "{whose}: `{name}`: expected `{expected}`, got {got:?}"
            ));
        }
    }
    let extra = absent.iter().filter(|name| seen.first(name).is_some());
    found.extend(extra.map(|name| format!("{whose}: `{name}` must not be there")));
}

/// Of a token that was refused, the log holds the beginning of its digest; of any other, nothing.
fn token_digest(secrets: &[String], log: &Map<String, Value>, found: &mut Vec<String>) {
    // No filter digests what is longer than any token.
    const LONGEST: usize = 16 * 1024;
    let findings = log.get("meshward.findings").and_then(Value::as_array);
    let of_findings = findings.into_iter().flatten().map(|f| f.get("reason"));
    let refused = std::iter::once(log.get("meshward.reason"))
        .chain(of_findings)
        .flatten()
        .filter_map(Value::as_str)
        .any(|reason| {
            reason.starts_with("jwt_") || reason.starts_with("token_") || reason == "dpop_missing"
        });
    let tokens = secrets.iter().filter_map(|secret| {
        let (scheme, token) = secret.split_once(' ')?;
        let carries = |name: &str| scheme.eq_ignore_ascii_case(name);
        let is_token = (carries("bearer") || carries("dpop")) && token.len() <= LONGEST;
        is_token.then(|| token.trim_start_matches(' '))
    });
    let expected: Vec<String> = tokens
        .filter(|_| refused)
        .map(|token| hex(&Sha256::digest(token)).chars().take(8).collect())
        .collect();
    let logged = log.get("meshward.token.digest").and_then(Value::as_str);
    let fits = match logged {
        Some(logged) => expected.iter().any(|expected| expected == logged),
        None => expected.is_empty(),
    };
    if !fits {
        found.push(format!(
            "the token's digest in the log: expected {expected:?}, got {logged:?}"
        ));
    }
}

/// Secrets never leave: neither in the log, nor in what a refused client is told.
fn leaks(decision: Decision, secrets: &[String], observed: &Observed, found: &mut Vec<String>) {
    let told = String::from_utf8_lossy(&observed.reply.body);
    for secret in secrets {
        if observed.log.contains(secret) {
            found.push("the log holds a credential".to_owned());
        }
        if decision == Decision::Deny && told.contains(secret) {
            found.push("the reply holds a credential".to_owned());
        }
    }
}
