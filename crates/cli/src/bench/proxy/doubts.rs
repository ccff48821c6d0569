//! What is doubtful about a load: exchanges that cannot be sent, and those that get another answer than they should.
//!
//! A figure that is measured of something else than what was meant is worse than none, so each doubt stands in the report.

use super::load::{Shot, Tally};
use super::message;
use crate::bench::native::Plan;
use crate::bench::traffic::Entry;
use crate::failure::Failure;
use meshward_engine::config::Document;
use meshward_engine::exchange::Evaluator;
use std::sync::Arc;

/// So many exchanges are named; more are counted.
const NAMED: usize = 3;

/// What can be sent, and what cannot.
pub(super) fn sendable(entries: &[Entry], doubts: &mut Vec<String>) -> Vec<Shot> {
    let mut shots = Vec::new();
    let mut left = Vec::new();
    for (index, Entry { id, exchange }) in entries.iter().enumerate() {
        match message::request(exchange) {
            Ok(bytes) => shots.push(Shot {
                index,
                method: exchange.method().to_vec(),
                bytes,
                status: 0,
            }),
            Err(why) => left.push(format!("`{id}` ({why})")),
        }
    }
    if !left.is_empty() {
        doubts.push(format!(
            "{} of {} exchanges are not sent: {}",
            left.len(),
            entries.len(),
            listed(&left)
        ));
    }
    shots
}

/// The status that each exchange gets now, as the engine says.
pub(super) fn expected(document: &Document, plan: &Plan<'_>) -> Result<Vec<u16>, Failure> {
    let compiled = meshward_engine::compile(document).map_err(|_| {
        Failure::no("the policy cannot be compiled with higher limits: `--keep-limits` leaves them")
    })?;
    let policy = Arc::new(compiled.policy);
    let mut evaluator = Evaluator::new(policy).with_servers(plan.servers.to_vec());
    let mut expected = Vec::new();
    for Entry { id, exchange } in plan.traffic.entries() {
        let told = exchange.response().map_or(200, |(head, _)| head.status);
        let evaluation = evaluator
            .decide(exchange.clone().at_any_time(), crate::clock::now())
            .map_err(|cause| Failure::no(format!("the exchange `{id}`: {cause}")))?;
        expected.push(match evaluation.reply {
            // A refused caller of gRPC is told in gRPC's way.
            Some(reply) if reply.grpc.is_some() => 200,
            Some(reply) => reply.status,
            None => told,
        });
    }
    Ok(expected)
}

/// Exchanges that get another status through Envoy than from the engine.
pub(super) fn unlike(entries: &[Entry], shots: &[Shot], expected: &[u16]) -> Option<String> {
    let unlike: Vec<String> = shots
        .iter()
        .filter_map(|shot| {
            let expected = expected.get(shot.index).copied()?;
            let id = &entries.get(shot.index)?.id;
            (expected != shot.status)
                .then(|| format!("`{id}` ({} instead of {expected})", status(shot.status)))
        })
        .collect();
    (!unlike.is_empty()).then(|| {
        format!(
            "{} of {} exchanges get another status in Envoy than from the engine: {}; here every request comes in plain text from 127.0.0.1, at \
             this time, and asks the servers of `--cluster`",
            unlike.len(),
            shots.len(),
            listed(&unlike)
        )
    })
}

/// Requests that got another status under load than when they were sent alone.
pub(super) fn under_load(tally: &Tally) -> Option<String> {
    let Tally {
        answered,
        other,
        broken,
    } = *tally;
    (other + broken > 0).then(|| {
        format!(
            "{other} of {answered} requests got another status under load than when they were sent once, and {broken} none: limits (`--keep-limits`), \
             proofs that hold once, patterns of behaviour or a busy server may be why; the figures count what Envoy did"
        )
    })
}

fn status(status: u16) -> String {
    match status {
        0 => "no response".to_owned(),
        _ => status.to_string(),
    }
}

fn listed(names: &[String]) -> String {
    let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
