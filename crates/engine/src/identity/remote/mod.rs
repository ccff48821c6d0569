//! The keys of one issuer, fetched from it and followed as they change.
//!
//! One worker of a proxy fetches for all. Two slots of the shared data say how things stand and hold the key set; whoever finds a
//! fetch due takes the lease in the first, fetches, and stores what came. The others look at the first slot on every tick and
//! read the second when it has changed. A new policy finds the keys there at once.
//!
//! `machine` is the way through one attempt, `readiness` what a request finds, `schedule` the times, `slot` the shared form,
//! `source` where keys are, `compile` the way from the policy.
//!
//! Invariants:
//! - *One attempt at a time*: a call is made only by the holder of the lease, which is taken by compare-and-set.
//! - *No flood*: unknown key names lead to one attempt per cool-down, over all workers, however many requests bring them.
//! - *A bad answer changes nothing*: keys that serve go on serving until they are too old.

mod compile;
mod machine;
mod readiness;
mod schedule;
mod slot;
mod source;

pub(crate) use compile::{TIMEOUT, check_cluster, span};
pub(crate) use readiness::{Readiness, Unavailable};

use super::jwt::KeySet;
use crate::config::{Algorithm, Span};
use crate::remote::Call;
use crate::transaction::Query;
use machine::Work;
use schedule::Settings;
use slot::Standing;
use source::Source;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The keys of one issuer, and the machine that fetches them. An adapter drives it: [`RemoteKeys::tick`] about once a second, and
/// soon after a request began to wait; then what each [`Task`] asks for, until it rests.
pub struct RemoteKeys {
    provider: String,
    source: Source,
    settings: Settings,
    /// The algorithms that the provider accepts.
    algorithms: Vec<Algorithm>,
    /// The keys of the shared slots.
    standing_slot: Arc<str>,
    keys_slot: Arc<str>,
    state: Mutex<State>,
}

/// What the machine needs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// An answer of the shared store, by [`RemoteKeys::answer`].
    Ask(Query),
    /// An answer of a server, by [`RemoteKeys::called`].
    Call(Call),
    /// Nothing until the next tick.
    Rest,
}

/// Something that an operator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Whether it is trouble.
    pub warning: bool,
    /// The words. They hold nothing of an answer.
    pub text: String,
}

struct State {
    /// The shared slot, as it was last seen.
    standing: Standing,
    held: Option<Held>,
    /// When a request last asked for a key that is not there.
    demanded: u64,
    work: Work,
    epoch: u64,
    note: Option<Note>,
}

/// The keys that are here.
struct Held {
    /// As in [`Standing::document`].
    document: u64,
    origin: String,
    etag: Option<String>,
    digest: [u8; 32],
    keys: Arc<KeySet>,
}

impl RemoteKeys {
    /// The provider's name.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Grows whenever requests that wait may find something else.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.state().epoch
    }

    /// The longest time that a request waits.
    #[must_use]
    pub fn patience(&self) -> Span {
        Span(self.settings.timeout)
    }

    /// What came of the last attempt, once.
    #[must_use]
    pub fn take_note(&self) -> Option<Note> {
        self.state().note.take()
    }

    /// The clusters that fetching needs.
    pub(crate) fn clusters(&self) -> Vec<&str> {
        self.source.clusters()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, what it left behind is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys")
            .field("provider", &self.provider)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
