//! Tokens that were good, in a ring with a hand (the CLOCK algorithm).
//!
//! A new entry takes the place of the first one under the hand that has expired, or was not used since the hand came by.
//! Entries start as not used, so tokens that come once displace each other, and those that come again stay.
//!
//! An account that has its share of entries or memory displaces its own oldest ones.

use super::digest::Digest;
use super::{SHARE, weight};
use crate::config::Timestamp;
use crate::hashed::HashedMap;
use crate::identity::jwt::claims::{Caller, Times};
use crate::identity::jwt::keys::KeyId;
use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

/// What is kept of a token.
pub(super) struct Entry {
    pub(super) caller: Caller,
    pub(super) times: Times,
    /// The key that made its signature.
    pub(super) key: KeyId,
}

/// One place of the ring, in use.
struct Slot {
    digest: Digest,
    entry: Entry,
    weight: usize,
    account: Account,
    /// Since the hand came by.
    used: bool,
}

/// A subject, by a hash: two that share a value share their part of the cache, and nothing else.
type Account = u64;

/// What an account holds: its slots, oldest first.
#[derive(Default)]
struct Holding {
    slots: VecDeque<usize>,
    weight: usize,
}

/// The good ones.
pub(super) struct Ring {
    entries: usize,
    memory: usize,
    weight: usize,
    /// Grows to `entries`.
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    hand: usize,
    index: HashedMap<Digest, usize>,
    accounts: HashedMap<Account, Holding>,
    hasher: RandomState,
}

impl Ring {
    pub(super) fn new(entries: usize, memory: usize) -> Self {
        Self {
            entries,
            memory,
            weight: 0,
            slots: Vec::new(),
            free: Vec::new(),
            hand: 0,
            index: HashedMap::default(),
            accounts: HashedMap::default(),
            hasher: RandomState::new(),
        }
    }

    /// What is known of a token. One that has expired is given for the last time.
    pub(super) fn recall(&mut self, digest: Digest, now: Timestamp) -> Option<(Caller, Times)> {
        let at = *self.index.get(&digest)?;
        let slot = self.slots.get_mut(at)?.as_mut()?;
        slot.used = true;
        let found = (slot.entry.caller.clone(), slot.entry.times);
        if found.1.are_over(now) {
            self.remove(at);
        }
        Some(found)
    }

    /// Takes an entry in, and drops others for it as far as needed. One that is larger than a share is not taken.
    pub(super) fn keep(&mut self, digest: Digest, entry: Entry, now: Timestamp) {
        let weight = weight::of(&entry.caller);
        let (most_entries, most_memory) = ((self.entries / SHARE).max(1), self.memory / SHARE);
        if weight > most_memory {
            return;
        }
        if let Some(at) = self.index.get(&digest) {
            self.remove(*at);
        }
        let account = self.hasher.hash_one(&entry.caller.subject);
        while let Some(holding) = self.accounts.get(&account)
            && (holding.slots.len() >= most_entries || holding.weight + weight > most_memory)
            && let Some(oldest) = holding.slots.front()
        {
            self.remove(*oldest);
        }
        while self.index.len() >= self.entries || self.weight + weight > self.memory {
            self.advance(now);
        }
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let Some(place) = self.slots.get_mut(at) else {
            return;
        };
        *place = Some(Slot {
            digest,
            entry,
            weight,
            account,
            used: false,
        });
        self.weight += weight;
        self.index.insert(digest, at);
        let holding = self.accounts.entry(account).or_default();
        holding.slots.push_back(at);
        holding.weight += weight;
    }

    /// Drops what was verified with a key that is not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(KeyId) -> bool) {
        for at in 0..self.slots.len() {
            let dropped = self
                .slots
                .get(at)
                .and_then(Option::as_ref)
                .is_some_and(|slot| !keep(slot.entry.key));
            if dropped {
                self.remove(at);
            }
        }
    }

    /// Moves the hand by one place. Ends every loop that needs room: at the second time around nothing is in use any more.
    fn advance(&mut self, now: Timestamp) {
        let at = self.hand;
        self.hand = if at + 1 < self.slots.len() { at + 1 } else { 0 };
        let Some(Some(slot)) = self.slots.get_mut(at) else {
            return;
        };
        let used = std::mem::replace(&mut slot.used, false);
        if !used || slot.entry.times.are_over(now) {
            self.remove(at);
        }
    }

    fn remove(&mut self, at: usize) {
        let Some(slot) = self.slots.get_mut(at).and_then(Option::take) else {
            return;
        };
        self.free.push(at);
        self.index.remove(&slot.digest);
        self.weight -= slot.weight;
        if let Some(holding) = self.accounts.get_mut(&slot.account) {
            holding.weight -= slot.weight;
            if let Some(place) = holding.slots.iter().position(|held| *held == at) {
                holding.slots.remove(place);
            }
            if holding.slots.is_empty() {
                self.accounts.remove(&slot.account);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let held: usize = self.accounts.values().map(|h| h.slots.len()).sum();
        assert_eq!(self.index.len(), held);
        assert_eq!(self.index.len() + self.free.len(), self.slots.len());
        assert!(self.slots.len() <= self.entries);
        self.index.len()
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> usize {
        let held: usize = self.accounts.values().map(|h| h.weight).sum();
        let slots: usize = self.slots.iter().flatten().map(|s| s.weight).sum();
        assert_eq!((self.weight, self.weight), (held, slots));
        self.weight
    }
}
