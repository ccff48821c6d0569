//! Tokens whose signature was wrong: the latest of them, first in, first out.
//!
//! Anybody can make them, and as many as he likes, so they are kept apart from the good ones and hold nothing but a name.

use super::digest::Digest;
use crate::hashed::HashedSet;
use std::collections::VecDeque;

/// The latest wrong ones.
pub(super) struct Forged {
    most: usize,
    known: HashedSet<Digest>,
    /// The same, oldest first.
    order: VecDeque<Digest>,
}

impl Forged {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            known: HashedSet::default(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn holds(&self, digest: Digest) -> bool {
        self.known.contains(&digest)
    }

    pub(super) fn keep(&mut self, digest: Digest) {
        if !self.known.insert(digest) {
            return;
        }
        self.order.push_back(digest);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.order.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.known.len(), self.order.len());
        self.known.len()
    }
}
