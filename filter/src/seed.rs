//! The secret of the limit table: made by whoever asks first, and the same for all workers of a proxy.
//!
//! Without it, whoever knows a policy could choose made-up keys that fall into the slot of a victim, and so make it share the
//! slot's overflow bucket.

use crate::host::Host;
use crate::shared;
use meshward_engine::transaction::{Answer, Query};
use std::sync::Arc;

const KEY: &str = "meshward.seed";

/// The secret. Where the shared data fails, it is this worker's own: limits fail then anyway.
pub(crate) fn shared(host: &impl Host) -> [u8; 16] {
    let key: Arc<str> = KEY.into();
    if let Some(seed) = stored(host, &key) {
        return seed;
    }
    let seed = host.random();
    let first = Query::Set {
        key: Arc::clone(&key),
        value: seed.to_vec(),
        version: None,
    };
    match shared::answer(host, first) {
        // Another worker was first.
        Answer::Conflict => stored(host, &key).unwrap_or(seed),
        Answer::Written | Answer::Failed | Answer::Slot(_) | Answer::Fact(_) => seed,
    }
}

fn stored(host: &impl Host, key: &Arc<str>) -> Option<[u8; 16]> {
    let query = Query::Get {
        key: Arc::clone(key),
    };
    match shared::answer(host, query) {
        Answer::Slot(Some(stored)) => stored.value.try_into().ok(),
        Answer::Slot(None)
        | Answer::Written
        | Answer::Conflict
        | Answer::Fact(_)
        | Answer::Failed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::Fake;

    #[test]
    fn every_worker_gets_the_same_seed() {
        let host = Fake::default();
        let first = shared(&host);
        host.state.borrow_mut().random = [7; 16];
        assert_eq!(shared(&host), first);
    }

    #[test]
    fn a_store_that_fails_gives_a_seed_of_ones_own() {
        let host = Fake::default();
        host.state.borrow_mut().store_fails = true;
        host.state.borrow_mut().random = [7; 16];
        assert_eq!(shared(&host), [7; 16]);
    }
}
