//! What a limit still has to settle when an exchange is over: the end of a request in flight, and costs that were not known before.

use super::Limit;
use super::concurrency::Generation;
use super::set::Set;
use crate::config::Timestamp;
use crate::transaction::Ended;
use std::sync::Arc;

/// What one limit settles.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(super) limit: Arc<Limit>,
    pub(super) plan: Option<usize>,
    pub(super) slot: Arc<str>,
    /// The bucket that counted the request.
    pub(super) bucket: (u128, bool),
    pub(super) held: Option<Generation>,
    pub(super) late: bool,
}

impl Due {
    /// The slot of the shared data.
    pub(crate) fn slot(&self) -> &Arc<str> {
        &self.slot
    }

    /// Whether it must know how long the messages were.
    pub(crate) fn needs_sizes(&self) -> bool {
        self.late
    }

    /// The slot as it is afterwards; `None` where nothing changes.
    pub(crate) fn apply(
        &self,
        stored: Option<&[u8]>,
        ended: &Ended,
        now: Timestamp,
    ) -> Option<Vec<u8>> {
        let mut set = stored.map(Set::decode).unwrap_or_default();
        let cost = if self.late {
            self.limit.cost.late(ended)
        } else {
            0
        };
        let rules = self.limit.rules(self.plan);
        let now = now.0.saturating_mul(1000);
        set.settle(self.bucket, rules, self.held, cost, now)
            .then(|| set.encode())
    }
}
