//! The line of the decision log, written straight into its text: refusals come in floods, and none may cost more than its request.

use super::Record;
use crate::config::Timestamp;
use crate::verdict::{Decision, Finding, Reason};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// The members stand in the order of their names.
#[derive(Serialize)]
struct Line<'r> {
    #[serde(rename = "client.address", skip_serializing_if = "Option::is_none")]
    client_address: Option<&'r str>,
    #[serde(rename = "http.request.method")]
    method: &'r str,
    #[serde(
        rename = "http.response.status_code",
        skip_serializing_if = "Option::is_none"
    )]
    status: Option<u16>,
    #[serde(rename = "http.route", skip_serializing_if = "Option::is_none")]
    route: Option<&'r str>,
    #[serde(rename = "meshward.api", skip_serializing_if = "Option::is_none")]
    api: Option<&'r str>,
    #[serde(rename = "meshward.control", skip_serializing_if = "Option::is_none")]
    control: Option<&'r str>,
    #[serde(rename = "meshward.decision")]
    decision: Decision,
    #[serde(rename = "meshward.endpoint", skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'r str>,
    #[serde(rename = "meshward.findings", skip_serializing_if = "is_empty")]
    findings: &'r [Finding],
    #[serde(
        rename = "meshward.identity.provider",
        skip_serializing_if = "Option::is_none"
    )]
    provider: Option<&'r str>,
    #[serde(
        rename = "meshward.identity.subject",
        skip_serializing_if = "Option::is_none"
    )]
    subject: Option<&'r str>,
    #[serde(
        rename = "meshward.identity.with",
        skip_serializing_if = "is_empty",
        serialize_with = "identities"
    )]
    with: &'r [(Arc<str>, Arc<str>)],
    #[serde(rename = "meshward.operation", skip_serializing_if = "Option::is_none")]
    operation: Option<&'r str>,
    #[serde(rename = "meshward.policy")]
    policy: &'r str,
    #[serde(rename = "meshward.reason", skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    #[serde(
        rename = "meshward.request_id",
        skip_serializing_if = "Option::is_none"
    )]
    request_id: Option<&'r str>,
    #[serde(rename = "meshward.revision", skip_serializing_if = "Option::is_none")]
    revision: Option<&'r str>,
    #[serde(
        rename = "meshward.source.principal",
        skip_serializing_if = "Option::is_none"
    )]
    source_principal: Option<&'r str>,
    #[serde(
        rename = "meshward.token.digest",
        skip_serializing_if = "Option::is_none"
    )]
    token_digest: Option<&'r str>,
    #[serde(rename = "meshward.trial", skip_serializing_if = "Option::is_none")]
    trial: Option<Trial>,
    #[serde(rename = "server.address", skip_serializing_if = "str::is_empty")]
    host: &'r str,
    time: Timestamp,
}

#[derive(Serialize)]
struct Trial {
    outcome: &'static str,
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Identity<'r> {
    provider: &'r str,
    subject: &'r str,
}

pub(super) fn write(record: &Record, response_status: Option<u16>) -> String {
    let trial = record.trial.and_then(|trial| {
        Some(Trial {
            reason: trial.other()?.reason.map(Reason::code),
            outcome: trial.outcome(),
        })
    });
    let line = Line {
        client_address: record.client_address.as_deref(),
        method: record.method,
        status: record.status.or(response_status),
        route: record.route(),
        api: record.api.as_deref(),
        control: record.reason.map(|reason| reason.control().name()),
        decision: record.decision,
        endpoint: record.endpoint.as_deref(),
        findings: &record.findings,
        provider: record.provider.as_deref(),
        subject: record.subject.as_deref(),
        with: &record.with,
        operation: record.operation.as_deref(),
        policy: &record.policy,
        reason: record.reason.map(Reason::code),
        request_id: record.request_id.as_deref(),
        revision: record.revision.as_deref(),
        source_principal: record.source_principal.as_deref(),
        token_digest: record.token_digest.as_deref(),
        trial,
        host: &record.host,
        time: record.time,
    };
    // Nothing in it can fail: there are no maps, and writing to a text does not fail.
    serde_json::to_string(&line).unwrap_or_default()
}

const fn is_empty<T>(list: &&[T]) -> bool {
    list.is_empty()
}

fn identities<S: Serializer>(
    with: &&[(Arc<str>, Arc<str>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        with.iter()
            .map(|(provider, subject)| Identity { provider, subject }),
    )
}
