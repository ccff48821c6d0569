//! A rate limit service that stands in for the real one where exchanges are written down: it counts a policy's quotas as that one does.

use crate::config::Timestamp;
use crate::limit::{Desk, Status, encode_response, read_request};
use crate::remote::{Call, CallAnswer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was counted so far.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    /// By domain, key, value and the number of the window.
    counts: BTreeMap<(String, String, String, u64), u64>,
}

impl Quotas {
    /// Counts what a call asks for, and says what fits. Hits are counted also where they do not fit.
    pub(crate) fn answer(
        &mut self,
        call: &Call,
        desks: &[Arc<Desk>],
        now: Timestamp,
    ) -> CallAnswer {
        let Some(asked) = read_request(&call.body) else {
            return CallAnswer::Failed;
        };
        let statuses = asked.entries.into_iter().map(|(key, value)| {
            let domain = asked.domain.clone();
            let mut desks = desks.iter();
            let desk = desks.find(|desk| desk.domain() == domain && desk.limit() == key);
            let Some(desk) = desk else {
                return (UNKNOWN, 0);
            };
            let window = desk.unit().seconds();
            let number = now.seconds() / window;
            let count = self.counts.entry((domain, key, value, number)).or_default();
            *count = count.saturating_add(u64::from(asked.hits));
            let remaining = u64::from(desk.requests()).checked_sub(*count);
            let status = Status {
                over: remaining.is_none(),
                window: Some(window),
                remaining: u32::try_from(remaining.unwrap_or(0)).unwrap_or(u32::MAX),
                reset: window.saturating_sub(now.seconds() % window),
            };
            (status, desk.requests())
        });
        let statuses: Vec<_> = statuses.collect();
        CallAnswer::Message(encode_response(&statuses))
    }
}

/// What the service says of a limit that it does not have.
const UNKNOWN: Status = Status {
    over: false,
    window: None,
    remaining: 0,
    reset: 0,
};
