//! Quotas that all proxies of a fleet share, counted by a rate limit service.
//!
//! - [`compile`] is the way from the policy; [`wire`] the service's messages; [`batch`] how much is taken at once;
//! - [`account`] is what a proxy holds of a key's quota, in slots that its workers share;
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
mod spend;
mod wire;

pub use ask::Ask;
pub use desk::{Desk, Tally};
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
    pub(crate) desk: Arc<Desk>,
}

/// What a proxy and the service agree on.
#[derive(Debug)]
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
    /// What a proxy and the service agree on.
    pub(crate) fn terms(&self) -> &Terms {
        &self.desk.terms
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
    /// What the service gave, if it gave an answer; keeps account of how it answers.
    fn read(&self, answer: &CallAnswer, batch: Batch, now: Timestamp) -> Option<Grant> {
        let read = match answer {
            CallAnswer::Message(message) => batch::read(message, batch, now),
            CallAnswer::Response { .. } | CallAnswer::TooLong => Err("its answer is malformed"),
            CallAnswer::Failed => Err("it gives no answer in time"),
        };
        match read {
            Ok(grant) => {
                self.answered(grant.hits > 0);
                Some(grant)
            }
            Err(why) => {
                self.failed(why, now);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
