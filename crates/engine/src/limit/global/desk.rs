//! Where requests of a worker leave word that they need a lease, and where an adapter finds what to ask for.
//!
//! A request never asks for a lease itself: if its client hung up, the answer would be lost, and hanging up would be a way to empty
//! somebody's quota. It leaves its key here and waits; the adapter asks on its next tick, for all requests of that key at once.
//!
//! INVARIANT (bounded): so many keys wait at most ([`MOST_WANTS`]), each until a moment.

use super::Terms;
use super::ask::Ask;
use crate::config::{Timestamp, Unit};
use crate::remote::{Breaker, Note};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most keys that wait in one worker for one limit.
const MOST_WANTS: usize = 1_000;

/// The desk of one limit.
#[derive(Debug)]
pub struct Desk {
    pub(super) terms: Terms,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    wants: BTreeMap<u128, Want>,
    epoch: u64,
    breaker: Breaker,
    tally: Tally,
    note: Option<Note>,
    /// Whether the service has been told of as away.
    away: bool,
}

/// A key whose requests wait.
#[derive(Debug)]
struct Want {
    slot: Arc<str>,
    value: Arc<str>,
    /// Nobody waits any longer.
    until: u64,
    /// Somebody is at it.
    busy: bool,
    /// The tick on which it was last tried.
    tried: u64,
}

/// What came of calls to the service since it was last looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// It gave something.
    pub granted: u64,
    /// It said "over".
    pub over: u64,
    /// It gave no answer, or none that could be used.
    pub failed: u64,
}

impl Desk {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            state: Mutex::new(State {
                breaker: Breaker::steady(),
                ..State::default()
            }),
        }
    }

    /// The limit's name.
    #[must_use]
    pub fn limit(&self) -> &str {
        &self.terms.limit
    }

    /// The service's domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.terms.domain
    }

    /// The proxy's cluster that leads to the service.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.terms.cluster
    }

    /// How many requests of one key pass in one window.
    #[must_use]
    pub const fn requests(&self) -> u32 {
        self.terms.requests
    }

    /// The window.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.terms.unit
    }

    /// Grows whenever requests that wait may find something else.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.state().epoch
    }

    /// The next key to ask for, once on each tick. An adapter then does what the [`Ask`] wants, until it rests.
    #[must_use]
    pub fn next(self: &Arc<Self>, now: Timestamp) -> Option<Ask> {
        let mut state = self.state();
        // An answer that has not come by then will never come.
        let patience = self.terms.timeout.0.saturating_mul(2);
        for want in state.wants.values_mut() {
            want.busy &= now.0 <= want.tried.saturating_add(patience);
        }
        state
            .wants
            .retain(|_, want| want.busy || want.until > now.0);
        let mut idle = state.wants.iter_mut();
        let (name, want) = idle.find(|(_, want)| !want.busy && want.tried != now.0)?;
        want.busy = true;
        want.tried = now.0;
        let (name, slot, value) = (*name, Arc::clone(&want.slot), Arc::clone(&want.value));
        Some(Ask::new(Arc::clone(self), name, slot, value))
    }

    /// What came of calls since this was last asked.
    #[must_use]
    pub fn take_tally(&self) -> Tally {
        std::mem::take(&mut self.state().tally)
    }

    /// Something that an operator should know, once.
    #[must_use]
    pub fn take_note(&self) -> Option<Note> {
        self.state().note.take()
    }

    /// Whether the service is not asked now, and for how many seconds.
    pub(super) fn pause(&self, now: Timestamp) -> Option<u64> {
        let state = self.state();
        state
            .breaker
            .is_open(now)
            .then(|| state.breaker.seconds_left(now))
    }

    /// Leaves word. `false` when too many have.
    pub(super) fn want(
        &self,
        name: u128,
        slot: &Arc<str>,
        until: Timestamp,
        value: impl FnOnce() -> Arc<str>,
    ) -> bool {
        let mut state = self.state();
        if let Some(want) = state.wants.get_mut(&name) {
            want.until = want.until.max(until.0);
            return true;
        }
        if state.wants.len() >= MOST_WANTS {
            return false;
        }
        let want = Want {
            slot: Arc::clone(slot),
            value: value(),
            until: until.0,
            busy: false,
            tried: 0,
        };
        state.wants.insert(name, want);
        true
    }

    /// Nobody is at this key any more. `settled`: and its requests will find something.
    pub(super) fn leave(&self, name: u128, settled: bool) {
        let mut state = self.state();
        if settled {
            state.wants.remove(&name);
            state.epoch = state.epoch.wrapping_add(1);
        } else if let Some(want) = state.wants.get_mut(&name) {
            want.busy = false;
        }
    }

    /// The service answered.
    pub(super) fn answered(&self, granted: bool) {
        let mut state = self.state();
        state.breaker.answered();
        if granted {
            state.tally.granted += 1;
        } else {
            state.tally.over += 1;
        }
        if std::mem::take(&mut state.away) {
            let limit = &self.terms.limit;
            state.note = Some(Note {
                warning: false,
                text: format!("the rate limit service answers again for the limit `{limit}`"),
            });
        }
    }

    /// The service did not answer, or not in a way that can be used.
    pub(super) fn failed(&self, why: &str, now: Timestamp) {
        let mut state = self.state();
        state.tally.failed += 1;
        state.breaker.failed(now);
        if state.breaker.is_open(now) && !std::mem::replace(&mut state.away, true) {
            let Terms { limit, cluster, .. } = &self.terms;
            state.note = Some(Note {
                warning: true,
                text: format!(
                    "the rate limit service behind the cluster `{cluster}` is of no use for the limit `{limit}`: {why}"
                ),
            });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, what it left behind is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
