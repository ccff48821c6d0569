//! What is remembered of answers: a bounded number, each until its moment. When it is full, the oldest goes.

use crate::config::Timestamp;
use std::collections::{HashMap, VecDeque};

/// Answers by the digest of their token.
pub(super) struct Cache<T> {
    most: usize,
    entries: HashMap<[u8; 32], (u64, T)>,
    /// The digests, the oldest first: each stands here exactly once.
    order: VecDeque<[u8; 32]>,
}

impl<T> Cache<T> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// What is remembered, if it still counts.
    pub(super) fn find(&self, digest: &[u8; 32], now: Timestamp) -> Option<&T> {
        let (until, value) = self.entries.get(digest)?;
        (now.0 < *until).then_some(value)
    }

    /// Remembers an answer until a moment.
    pub(super) fn insert(&mut self, digest: [u8; 32], value: T, until: u64, now: Timestamp) {
        if self.most == 0 || until <= now.0 {
            return;
        }
        if self.entries.insert(digest, (until, value)).is_none() {
            self.order.push_back(digest);
        }
        // INVARIANT (bounded): as many entries as digests in order, and no more than `most`.
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.entries.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u32) -> [u8; 32] {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_le_bytes());
        digest
    }

    #[test]
    fn it_is_remembered_until_its_moment() {
        let mut cache = Cache::new(2);
        cache.insert(digest(1), "a", 10, Timestamp(0));
        assert_eq!(cache.find(&digest(1), Timestamp(9)), Some(&"a"));
        assert_eq!(cache.find(&digest(1), Timestamp(10)), None);
        cache.insert(digest(1), "b", 20, Timestamp(10));
        assert_eq!(cache.find(&digest(1), Timestamp(10)), Some(&"b"));
    }

    #[test]
    fn it_stays_within_its_bound() {
        let mut cache = Cache::new(100);
        for number in 0..10_000 {
            cache.insert(digest(number % 300), number, 10, Timestamp(0));
            assert!(cache.entries.len() <= 100);
            assert_eq!(cache.entries.len(), cache.order.len());
        }
        assert_eq!(cache.find(&digest(9_999 % 300), Timestamp(0)), Some(&9_999));
    }

    #[test]
    fn nothing_is_remembered_where_nothing_may_be() {
        let mut cache = Cache::new(0);
        cache.insert(digest(1), "a", 10, Timestamp(0));
        assert_eq!(cache.find(&digest(1), Timestamp(0)), None);
    }
}
