//! Answers to the engine's questions: about the connection, and from the data that all workers of a proxy share.
//!
//! The engine counts on two things that the proxy does not give as such:
//!
//! - *A slot that was removed does not exist.* The proxy keeps the key with no bytes, so no bytes mean no slot.
//! - *Of two workers that create a slot, one is first.* The proxy accepts any version for a key that does not exist, and
//!   version 0 means "whatever is there". A slot is therefore created with [`NEVER`], a version that no slot has: the proxy
//!   compares and writes under one lock, so this succeeds exactly where the key did not exist.
//!
//! INVARIANT (no lost update): no call writes over a value that the engine has not read.

use crate::head;
use crate::host::{Host, StoreError};
use meshward_engine::transaction::{Answer, Query, Stored};

/// A version that no slot has when it is created: the proxy counts up from 1, over all slots, once for each write.
const NEVER: u32 = u32::MAX;

/// Answers one question.
pub(crate) fn answer(host: &impl Host, query: Query) -> Answer {
    match query {
        Query::Fact(fact) => Answer::Fact(head::fact(host, fact)),
        Query::Get { key } => Answer::Slot(
            host.slot(&key)
                .filter(|(value, _)| !value.is_empty())
                .map(|(value, version)| Stored { value, version }),
        ),
        Query::Set {
            key,
            value,
            version: Some(version),
        } => written(host.write_slot(&key, &value, version)),
        Query::Set {
            key,
            value,
            version: None,
        } => create(host, &key, &value),
    }
}

/// Creates a slot: where the key does not exist, or where it was blanked.
fn create(host: &impl Host, key: &str, value: &[u8]) -> Answer {
    match host.write_slot(key, value, NEVER) {
        Err(StoreError::Mismatch) => match host.slot(key) {
            Some((old, version)) if old.is_empty() => written(host.write_slot(key, value, version)),
            Some(_) => Answer::Conflict,
            None => Answer::Failed,
        },
        result => written(result),
    }
}

const fn written(result: Result<(), StoreError>) -> Answer {
    match result {
        Ok(()) => Answer::Written,
        Err(StoreError::Mismatch) => Answer::Conflict,
        Err(StoreError::Failed) => Answer::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::Fake;

    fn get(host: &Fake, key: &str) -> Answer {
        answer(host, Query::Get { key: key.into() })
    }

    fn set(host: &Fake, key: &str, value: &str, version: Option<u32>) -> Answer {
        let (key, value) = (key.into(), value.into());
        answer(
            host,
            Query::Set {
                key,
                value,
                version,
            },
        )
    }

    #[test]
    fn a_slot_is_created_once() {
        let host = Fake::default();
        assert_eq!(get(&host, "a"), Answer::Slot(None));
        assert_eq!(set(&host, "a", "first", None), Answer::Written);
        assert_eq!(set(&host, "a", "second", None), Answer::Conflict);
        let Answer::Slot(Some(stored)) = get(&host, "a") else {
            panic!("the slot is gone");
        };
        assert_eq!(stored.value, b"first");
        assert_eq!(
            set(&host, "a", "third", Some(stored.version)),
            Answer::Written
        );
        assert_eq!(
            set(&host, "a", "fourth", Some(stored.version)),
            Answer::Conflict
        );
    }

    #[test]
    fn a_blanked_slot_does_not_exist_and_can_be_created() {
        let host = Fake::default();
        assert_eq!(set(&host, "a", "", None), Answer::Written);
        assert_eq!(get(&host, "a"), Answer::Slot(None));
        assert_eq!(set(&host, "a", "new", None), Answer::Written);
        assert_eq!(set(&host, "a", "newer", None), Answer::Conflict);
    }

    #[test]
    fn a_failure_is_told() {
        let host = Fake::default();
        host.state.borrow_mut().store_fails = true;
        assert_eq!(set(&host, "a", "x", None), Answer::Failed);
        assert_eq!(set(&host, "a", "x", Some(1)), Answer::Failed);
    }
}
