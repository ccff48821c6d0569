//! Noting what came of a request, once it is over.

use super::entry::{Entry, Slot};
use super::peers::Touch;
use super::watch::Watch;
use super::{Pattern, What};
use crate::config::Timestamp;
use crate::limit::Room;
use crate::transaction::Ended;
use crate::verdict::{Control, Reason};
use std::sync::Arc;

/// What one pattern notes of one request.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    pattern: Arc<Pattern>,
    slot: Arc<str>,
    name: u128,
    touch: Option<Touch>,
}

impl Observation {
    /// What the pattern will want to know of a request that it looked at; `None` where it has seen all.
    pub(crate) fn of(pattern: &Arc<Pattern>, watch: &Watch) -> Option<Self> {
        match pattern.what {
            What::Failures(_) | What::Errors(_) => Some(Self::new(pattern, watch)),
            What::Objects { .. } | What::Sequence { .. } | What::Peers(_) => None,
        }
    }

    /// A request with which a sequence begins, or from which peers learn.
    pub(crate) fn new(pattern: &Arc<Pattern>, watch: &Watch) -> Self {
        Self {
            pattern: Arc::clone(pattern),
            slot: Arc::clone(&watch.slot),
            name: watch.name,
            touch: watch.touch,
        }
    }

    /// Whether there is nothing to be noted of a request that ended like this, whatever the slot holds.
    pub(crate) fn is_void(&self, ended: &Ended) -> bool {
        match self.pattern.what {
            What::Sequence { .. } | What::Peers(_) => !is_success(ended),
            What::Failures(_) | What::Objects { .. } | What::Errors(_) => false,
        }
    }

    /// The slot of the shared data.
    pub(crate) fn slot(&self) -> &Arc<str> {
        &self.slot
    }

    /// The slot as it is afterwards; `None` where nothing changes.
    pub(crate) fn apply(
        &self,
        stored: Option<&[u8]>,
        ended: &Ended,
        now: Timestamp,
    ) -> Option<Vec<u8>> {
        let now = now.0;
        let mut slot = stored.map(Slot::decode).unwrap_or_default();
        let known = slot.find(self.name, now);
        if known.is_some_and(|entry| entry.held > now) {
            return None;
        }
        let old = known.map_or(&[][..], |entry| &entry.kept);
        // What is kept from now on, until when, and whether the key is held off.
        let (kept, until, seen) = match &self.pattern.what {
            What::Failures(window) if is_failure(ended) => {
                let moment = <[u8; 8]>::try_from(old).map_or(0, u64::from_le_bytes);
                match window.take(moment, now.saturating_mul(1000), 1) {
                    Room::Taken(moment) => {
                        (moment.to_le_bytes().to_vec(), moment.div_ceil(1000), false)
                    }
                    Room::Full(_) | Room::Never => (Vec::new(), 0, true),
                }
            }
            What::Errors(share) => {
                let bad = is_client_error(ended)?;
                let (kept, seen) = share.count(old, bad, now);
                let until = now.saturating_add(share.half.saturating_mul(2));
                (kept, until, seen.is_some())
            }
            What::Peers(peers) if is_success(ended) => {
                let kept = peers.learn(old, self.touch?, now)?;
                (
                    kept,
                    now.saturating_add(peers.half.saturating_mul(2)),
                    false,
                )
            }
            What::Sequence { within, .. } if is_success(ended) => {
                (Vec::new(), now.saturating_add(*within), false)
            }
            What::Failures(_) | What::Sequence { .. } | What::Peers(_) | What::Objects { .. } => {
                return None;
            }
        };
        if let Some(entry) = slot.enter(self.name, now) {
            entry.kept = kept;
            entry.until = until;
            if seen {
                entry.hold(&self.pattern, now);
            }
        }
        // Where there was no place, another was worn down.
        Some(slot.encode())
    }
}

impl Entry {
    /// Holds the key off from now on. What it has done is forgotten, so that it begins anew afterwards.
    pub(super) fn hold(&mut self, pattern: &Pattern, now: u64) {
        self.held = now.saturating_add(pattern.lasts);
        self.until = self.held;
        self.kept = Vec::new();
        self.pace = 0;
    }
}

/// Whether a credential was shown that is none. Who shows none at all guesses nothing.
fn is_failure(ended: &Ended) -> bool {
    match ended.reason {
        Some(Reason::CredentialMissing) => false,
        Some(reason) => reason.control() == Control::Authenticate && reason.status() == 401,
        None => ended.status == Some(401),
    }
}

/// Whether the response says that the request was wrong; `None` where it says nothing of the request.
fn is_client_error(ended: &Ended) -> Option<bool> {
    let ours = ended.reason.map(Reason::control);
    if matches!(ours, Some(Control::Limit | Control::Abuse)) {
        return None;
    }
    Some((400..500).contains(&ended.status?))
}

fn is_success(ended: &Ended) -> bool {
    ended.reason.is_none()
        && ended
            .status
            .is_some_and(|status| (200..400).contains(&status))
}
