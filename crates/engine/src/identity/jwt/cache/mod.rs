//! Tokens that were verified before, so that the next request with the same token needs no second check of its signature.
//!
//! - `digest` names a token without keeping it; `verified` holds those that were good, `forged` those whose signature was
//!   wrong; `weight` says what an entry takes of the memory.
//!
//! INVARIANT (a memory, not a state): the answer with a cache is the answer without one. An entry says that a signature was
//! verified with a key that the issuer still has, and that every claim that does not depend on time was good; what depends
//! on time is judged again for each request. A policy has caches of its own, so a new policy starts with empty ones.
//!
//! INVARIANT (bounded): entries and their memory have bounds, wrong signatures have a bound of their own, and no account holds
//! more than a share. Whoever sends made-up tokens displaces no good one, and whoever has one account no more than his share.

mod digest;
mod forged;
mod verified;
mod weight;

use super::claims::{Caller, Times};
use super::keys::{KeyId, KeySet};
use crate::config::Timestamp;
use crate::sip::Namer;
use digest::Digest;
use forged::Forged;
use std::sync::Mutex;
use verified::{Entry, Ring};

/// The most memory of one account, and of one entry, as a part of all: an eighth.
const SHARE: usize = 8;
/// For each of so many entries there may be one wrong signature.
const PER_FORGED: usize = 4;

/// The cache of one issuer.
pub(super) struct Cache {
    names: Namer,
    known: Mutex<Known>,
}

/// What is known under one set of keys.
struct Known {
    /// The key set that everything here was verified with.
    stamp: KeyId,
    verified: Ring,
    forged: Forged,
}

/// What is known of a token.
pub(super) enum Recalled {
    /// It was good but for its times, which must be judged now.
    Verified(Caller, Times),
    /// Its signature was wrong.
    Forged,
}

impl Cache {
    /// A cache of so many entries and bytes; none at all for no entries.
    pub(super) fn new(entries: usize, memory: usize) -> Option<Self> {
        (entries > 0).then(|| Self {
            names: Namer::random(),
            known: Mutex::new(Known {
                stamp: KeyId::default(),
                verified: Ring::new(entries, memory),
                forged: Forged::new(entries.div_ceil(PER_FORGED)),
            }),
        })
    }

    /// What is known of a token under these keys.
    pub(super) fn recall(&self, text: &str, keys: &KeySet, now: Timestamp) -> Option<Recalled> {
        let digest = Digest::of(text, &self.names);
        self.with(keys, |known| {
            if let Some((caller, times)) = known.verified.recall(digest, now) {
                return Some(Recalled::Verified(caller, times));
            }
            known.forged.holds(digest).then_some(Recalled::Forged)
        })
        .flatten()
    }

    /// Remembers a token that was verified with `key`.
    pub(super) fn keep(
        &self,
        text: &str,
        keys: &KeySet,
        key: KeyId,
        caller: &Caller,
        times: Times,
        now: Timestamp,
    ) {
        let digest = Digest::of(text, &self.names);
        let entry = Entry {
            caller: caller.clone(),
            times,
            key,
        };
        self.with(keys, |known| known.verified.keep(digest, entry, now));
    }

    /// Remembers a token whose signature was wrong.
    pub(super) fn refuse(&self, text: &str, keys: &KeySet) {
        let digest = Digest::of(text, &self.names);
        self.with(keys, |known| known.forged.keep(digest));
    }

    /// Looks into the cache after it followed the keys: entries of a key that is gone are dropped, and so are all wrong
    /// signatures, which a new key may have made. A lock that was poisoned is a cache that knows nothing.
    fn with<T>(&self, keys: &KeySet, look: impl FnOnce(&mut Known) -> T) -> Option<T> {
        let mut known = self.known.lock().ok()?;
        if known.stamp != keys.stamp() {
            known.stamp = keys.stamp();
            known.verified.retain(|key| keys.has(key));
            known.forged.clear();
        }
        Some(look(&mut known))
    }

    /// How many good tokens there are, what they weigh, and how many wrong ones there are.
    #[cfg(test)]
    pub(super) fn fill(&self) -> (usize, usize, usize) {
        let known = self.known.lock().unwrap();
        (
            known.verified.len(),
            known.verified.weight(),
            known.forged.len(),
        )
    }
}

#[cfg(test)]
mod tests;
