//! Quotas that all proxies of a fleet share, counted by a rate limit service.
//!
//! - [`compile`] is the way from the policy; [`wire`] the service's messages; [`batch`] how much is taken at once;
//! - [`account`] is what a proxy holds of a key's quota, in slots that its workers share;
//! - [`plans`] gives callers with a plan a quota of their own;
//! - [`spend`] is one request against it, [`ask`] one fetch of a lease, [`desk`] where the first finds the second.
//!
//! Invariants:
//! - *Never too many*: the service counts a request before it passes, and a lease ends with its window.
//! - *The service sees no value*: a key reaches it as a digest.

mod account;
mod ask;
mod batch;
mod compile;
mod desk;
mod plans;
mod spend;
mod wire;

pub use ask::Ask;
pub use desk::{Desk, Tally};
pub(super) use plans::check as check_plans;
pub(crate) use spend::{Spend, Spent};
pub(crate) use wire::{Status, encode_response, read_request};

use crate::config::{OnServiceFailure, Span, Timestamp, Unit};
use crate::remote::{Call, CallAnswer, Protocol};
use batch::{Batch, Grant};
use std::sync::Arc;

/// A shared quota, ready to use.
#[derive(Debug)]
pub(crate) struct Global {
    pub(crate) on_failure: OnServiceFailure,
    /// For callers without a plan.
    desk: Arc<Desk>,
    /// For each plan of the limit, in order.
    plans: Vec<Arc<Desk>>,
}

/// The most requests of one window.
const MOST_REQUESTS: u32 = 1_000_000_000;

/// What a proxy and the service agree on.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// The limit's name, which is also the key of the service's descriptors.
    pub(crate) limit: String,
    pub(crate) cluster: String,
    pub(crate) domain: String,
    pub(crate) requests: u32,
    pub(crate) unit: Unit,
    pub(crate) exact: bool,
    pub(crate) lease: u32,
    pub(crate) timeout: Span,
}

impl Global {
    /// Where callers with this plan are served.
    pub(crate) fn desk(&self, plan: Option<usize>) -> &Arc<Desk> {
        let desk = plan.and_then(|place| self.plans.get(place));
        desk.unwrap_or(&self.desk)
    }

    /// Every desk.
    pub(crate) fn desks(&self) -> impl Iterator<Item = &Arc<Desk>> {
        std::iter::once(&self.desk).chain(&self.plans)
    }
}

impl Terms {
    /// The question for one batch of a key's value.
    fn call(&self, value: &str, batch: Batch) -> Call {
        Call {
            protocol: Protocol::Grpc,
            cluster: self.cluster.clone(),
            method: "POST",
            authority: self.cluster.clone(),
            path: wire::PATH.to_owned(),
            headers: Vec::new(),
            body: wire::request(&self.domain, &self.limit, value, batch.parts, batch.hits),
            timeout: self.timeout,
        }
    }
}

impl Desk {
    /// What the service gave, or why it gave nothing; keeps account of how it answers.
    fn read(
        &self,
        answer: &CallAnswer,
        batch: Batch,
        now: Timestamp,
    ) -> Result<Grant, &'static str> {
        let read = match answer {
            CallAnswer::Message(message) => batch::read(message, batch, now),
            CallAnswer::Response { .. } | CallAnswer::TooLong => Err("its answer is malformed"),
            CallAnswer::Status(status) => Err(wire::meaning(*status)),
            CallAnswer::Failed => Err("it cannot be called, or its answer does not come whole"),
        };
        match read {
            Ok(grant) => self.answered(grant.hits > 0),
            Err(why) => self.failed(why, now),
        }
        read
    }
}

#[cfg(test)]
mod tests;
