//! What a refused caller is told: a problem document (RFC 9457) and the headers that go with its status.

use super::{Reply, Transaction};
use crate::audit;
use crate::compile::Access;
use crate::config::{Detail, Rate};
use crate::identity::{self, Provider};
use crate::limit::{Desk, Left, Limit, Rules};
use crate::verdict::{Reason, Refusal};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

/// The reply to a refusal.
#[cold]
pub(super) fn refusal(transaction: &Transaction, refusal: &Refusal) -> Reply {
    let reason = refusal.reason;
    let mut headers = vec![
        (
            "content-type".to_owned(),
            "application/problem+json".to_owned(),
        ),
        // A refusal depends on the credential, the time and the policy: no cache may keep it.
        ("cache-control".to_owned(), "no-store".to_owned()),
    ];
    if matches!(reason.status(), 401 | 403)
        && let Some(Access::Known { providers, .. }) = transaction.endpoint().map(|e| &e.access)
    {
        let accepted: Vec<&Provider> = providers.iter().map(Arc::as_ref).collect();
        headers.extend(
            identity::challenges(&accepted, Some(refusal))
                .into_iter()
                .map(|c| ("www-authenticate".to_owned(), c)),
        );
    }
    if reason == Reason::StepUpRequired {
        // The caller is known: of use is only what tells it how to log in again (RFC 9470).
        headers.retain(|(name, _)| name != "www-authenticate");
        let endpoint = transaction.endpoint();
        let challenge = endpoint.and_then(|e| e.authorization.step_up_challenge(identity::REALM));
        headers.extend(challenge.map(|c| ("www-authenticate".to_owned(), c)));
    }
    Reply {
        status: reason.status(),
        headers,
        body: problem(transaction, refusal),
        grpc: speaks_grpc(transaction).then(|| {
            let message = match transaction.policy.detail {
                Detail::None => status_title(reason.status()),
                Detail::Reason | Detail::Full => reason.title(),
            };
            (grpc_status(reason), message.to_owned())
        }),
    }
}

/// `Retry-After` (RFC 9110) and the `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers-10) of a refusal.
#[cold]
pub(super) fn rate_limit(
    limit: &Limit,
    plan: Option<usize>,
    window: Option<usize>,
    wait: Option<u64>,
) -> Vec<(String, String)> {
    let mut headers = vec![(
        "ratelimit-policy".to_owned(),
        quota(limit, limit.rules(plan), window),
    )];
    // Without a time to wait, waiting does not help: the request takes more than there ever is.
    if let Some(wait) = wait {
        let seconds = whole_seconds(wait).max(1);
        headers.push(retry_after(wait));
        let value = format!("\"{}\";r=0;t={seconds}", limit.name);
        headers.push(("ratelimit".to_owned(), value));
    }
    headers
}

/// `Retry-After`, for so many nanoseconds.
pub(super) fn retry_after(wait: u64) -> (String, String) {
    let seconds = whole_seconds(wait).max(1);
    ("retry-after".to_owned(), seconds.to_string())
}

/// The `RateLimit` fields of an admitted request: the window of the limit that has the least left.
pub(super) fn left(limit: &Limit, plan: Option<usize>, left: Left) -> [(&'static str, String); 2] {
    let Left {
        window,
        requests,
        reset,
    } = left;
    let mut value = format!("\"{}\";r={requests}", limit.name);
    if window.is_some() {
        // Writing to a text does not fail.
        let _ = write!(value, ";t={}", whole_seconds(reset));
    }
    let policy = quota(limit, limit.rules(plan), window);
    [("ratelimit-policy", policy), ("ratelimit", value)]
}

/// One item of `RateLimit-Policy`.
fn quota(limit: &Limit, rules: &Rules, window: Option<usize>) -> String {
    let name = &limit.name;
    match window.and_then(|index| rules.windows.get(index)) {
        Some(window) => {
            let Rate { requests, period } = window.rate;
            format!("\"{name}\";q={requests};w={}", period / 1_000_000)
        }
        None => {
            let most = rules.concurrency.map_or(0, |c| c.most);
            format!("\"{name}\";q={most};qu=\"concurrent-requests\"")
        }
    }
}

/// Rounded up: who waits as long as we say must find room.
const fn whole_seconds(nanoseconds: u64) -> u64 {
    nanoseconds.div_ceil(1_000_000_000)
}

/// The same for a quota that a fleet shares. `wait` is in microseconds.
#[cold]
pub(super) fn shared_limit(name: &str, desk: &Desk, wait: u64) -> Vec<(String, String)> {
    let (requests, window) = (desk.requests(), desk.unit().seconds());
    let seconds = wait.div_ceil(1_000_000).max(1);
    vec![
        ("retry-after".to_owned(), seconds.to_string()),
        (
            "ratelimit-policy".to_owned(),
            format!("\"{name}\";q={requests};w={window}"),
        ),
        (
            "ratelimit".to_owned(),
            format!("\"{name}\";r=0;t={seconds}"),
        ),
    ]
}

/// A problem document; the members stand in the order of their names.
#[derive(Serialize)]
struct Problem<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Vec<Shown<'r>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    status: u16,
    title: &'r str,
    #[serde(rename = "type")]
    kind: Cow<'r, str>,
}

/// What is shown of a finding.
#[derive(Serialize)]
struct Shown<'r> {
    at: Option<&'r str>,
    detail: Option<&'r str>,
    reason: &'r str,
}

fn problem(transaction: &Transaction, refusal: &Refusal) -> String {
    let reason = refusal.reason;
    let detail = transaction.policy.detail;
    let (kind, title) = match detail {
        Detail::None => ("about:blank".into(), status_title(reason.status())),
        Detail::Reason | Detail::Full => (
            format!("urn:meshward:reason:{}", reason.code()).into(),
            reason.title(),
        ),
    };
    let full = detail == Detail::Full;
    let findings = transaction.record.findings.iter();
    let problems = findings
        .filter(|f| f.control == reason.control())
        .map(|f| Shown {
            at: f.at.as_deref(),
            detail: f.detail.as_deref(),
            reason: f.reason.code(),
        });
    let problem = Problem {
        hint: full.then(|| reason.mend()),
        problems: full.then(|| problems.collect()),
        reason: (detail != Detail::None).then(|| reason.code()),
        request_id: audit::request_id(&transaction.head.headers),
        status: reason.status(),
        title,
        kind,
    };
    // Nothing in it can fail: there are no maps, and writing to a text does not fail.
    serde_json::to_string(&problem).unwrap_or_default()
}

/// The standard words for a status, where the policy tells callers nothing more.
fn status_title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// Whether Envoy takes the caller for a gRPC one: exactly these content types. A gRPC answer to anybody else would be a 200.
fn speaks_grpc(transaction: &Transaction) -> bool {
    let value = transaction
        .head
        .headers
        .first("content-type")
        .unwrap_or_default();
    let rest = value.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+')))
}

/// The gRPC status for a refusal, by its HTTP status (google.rpc.Code).
fn grpc_status(reason: Reason) -> u8 {
    match reason.status() {
        401 => 16,
        403 => 7,
        404 | 405 => 12,
        429 => 8,
        502 => 13,
        503 => 14,
        500 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_a_reason_has_standard_words() {
        for reason in Reason::ALL {
            assert!(
                reason.status() == 500 || status_title(reason.status()) != "Internal Server Error",
                "{reason:?}"
            );
        }
    }
}
