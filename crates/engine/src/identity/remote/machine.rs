//! One attempt, step by step: look at the shared slot, take the lease, call, store, and give the lease back.
//!
//! Every step says what it needs next; whatever goes wrong on the way ends the attempt and leaves what was held.

use super::schedule::pause;
use super::slot::{MAX_ETAG, Standing, Stored};
use super::source::{Source, Target};
use super::{Held, Note, RemoteKeys, State, Task};
use crate::config::Timestamp;
use crate::http::Headers;
use crate::identity::jwt::{KeySet, published_keys};
use crate::remote::{CallAnswer, Fault, json};
use crate::transaction::{Answer, Query};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Where an attempt is.
pub(super) enum Work {
    /// Nowhere.
    Idle,
    /// Reading how things stand; `fetch`: and going on from there.
    Look { fetch: bool },
    /// Reading a key set that another worker stored.
    Load { fetch: bool, version: Option<u32> },
    /// Taking the lease.
    Lease(Standing),
    /// Asking the issuer where its keys are.
    Discover { lease: u64 },
    /// Asking for the keys.
    Fetch { lease: u64, target: Target },
    /// Reading the large slot's version.
    StoreRead { lease: u64, new: New },
    /// Writing the large slot.
    StoreWrite { lease: u64, new: New },
    /// Reading the small slot again, to give the lease back.
    Release { lease: u64, outcome: Outcome },
    /// Giving it back.
    Released,
}

/// A key set that was fetched and read.
pub(super) struct New {
    stored: Stored,
    keys: Arc<KeySet>,
    max_age: u64,
}

/// What came of an attempt.
pub(super) enum Outcome {
    /// The issuer says that this key set is current.
    Current { document: u64, max_age: u64 },
    /// Nothing.
    Failed,
    /// Its answer will not come, and that says nothing about the issuer.
    Abandoned,
}

impl RemoteKeys {
    /// Looks how things stand, and begins an attempt when one is due. Without `fetch` it only takes what is there already.
    #[must_use]
    pub fn tick(&self, now: Timestamp, fetch: bool) -> Task {
        let mut state = self.state();
        let busy = !matches!(state.work, Work::Idle);
        if busy && state.standing.leased > now.0 {
            return Task::Rest;
        }
        // Idle, or waiting for an answer that will never come.
        state.work = Work::Look { fetch };
        Task::Ask(self.read_standing())
    }

    /// Takes an answer of the shared store.
    #[must_use]
    pub fn answer(&self, answer: Answer, now: Timestamp) -> Task {
        let mut state = self.state();
        match std::mem::replace(&mut state.work, Work::Idle) {
            Work::Look { fetch } => match answer {
                Answer::Slot(slot) => {
                    let version = slot.as_ref().map(|s| s.version);
                    let standing = slot.map(|s| Standing::decode(&s.value)).unwrap_or_default();
                    self.looked(&mut state, standing, version, fetch, now)
                }
                Answer::Written | Answer::Conflict | Answer::Failed | Answer::Fact(_) => Task::Rest,
            },
            Work::Load { fetch, version } => {
                if let Answer::Slot(Some(slot)) = answer {
                    self.loaded(&mut state, &slot.value);
                }
                self.decide(&mut state, version, fetch, now)
            }
            Work::Lease(next) if answer == Answer::Written => self.leased(&mut state, next),
            Work::StoreRead { lease, new } => {
                let version = match answer {
                    Answer::Slot(slot) => slot.map(|s| s.version),
                    Answer::Written | Answer::Conflict | Answer::Failed | Answer::Fact(_) => None,
                };
                let query = Query::Set {
                    key: Arc::clone(&self.keys_slot),
                    value: new.stored.encode(),
                    version,
                };
                state.work = Work::StoreWrite { lease, new };
                Task::Ask(query)
            }
            Work::StoreWrite { lease, new } => {
                let document = new.stored.document;
                let max_age = new.max_age;
                hold(&mut state, new.stored, new.keys);
                // Where it could not be stored, the others fetch for themselves as soon as it is their turn.
                let outcome = Outcome::Current { document, max_age };
                self.release(&mut state, lease, outcome)
            }
            Work::Release { lease, outcome } => {
                self.give_back(&mut state, answer, lease, outcome, now)
            }
            Work::Lease(_)
            | Work::Released
            | Work::Idle
            | Work::Discover { .. }
            | Work::Fetch { .. } => Task::Rest,
        }
    }

    /// Takes the answer to a call.
    #[must_use]
    pub fn called(&self, answer: &CallAnswer, now: Timestamp) -> Task {
        let mut state = self.state();
        match std::mem::replace(&mut state.work, Work::Idle) {
            Work::Discover { lease } => match self.source.find(answer) {
                Ok(target) => self.fetch(&mut state, lease, target),
                Err(fault) => self.failed(&mut state, lease, &fault),
            },
            Work::Fetch { lease, target } => {
                match self.fetched(&mut state, answer, lease, &target, now) {
                    Ok(task) => task,
                    Err(fault) => self.failed(&mut state, lease, &fault),
                }
            }
            // Too late: the attempt was given up.
            work @ (Work::Idle
            | Work::Look { .. }
            | Work::Load { .. }
            | Work::Lease(_)
            | Work::StoreRead { .. }
            | Work::StoreWrite { .. }
            | Work::Release { .. }
            | Work::Released) => {
                state.work = work;
                Task::Rest
            }
        }
    }

    /// Gives up an attempt whose answer will not come, because whoever asked has ended. Another may begin at once.
    #[must_use]
    pub fn abandoned(&self) -> Task {
        let mut state = self.state();
        let (Work::Discover { lease } | Work::Fetch { lease, .. }) = state.work else {
            return Task::Rest;
        };
        self.release(&mut state, lease, Outcome::Abandoned)
    }

    fn looked(
        &self,
        state: &mut State,
        standing: Standing,
        version: Option<u32>,
        fetch: bool,
        now: Timestamp,
    ) -> Task {
        if state.standing != standing {
            state.standing = standing;
            state.epoch += 1;
        }
        let here = state.held.as_ref().map_or(0, |held| held.document);
        if standing.document == 0 || standing.document == here {
            return self.decide(state, version, fetch, now);
        }
        state.work = Work::Load { fetch, version };
        Task::Ask(Query::Get {
            key: Arc::clone(&self.keys_slot),
        })
    }

    /// Takes over what another worker stored.
    fn loaded(&self, state: &mut State, bytes: &[u8]) {
        let Some(stored) = Stored::decode(bytes) else {
            return;
        };
        if let Ok(keys) = published_keys(&stored.body, &self.algorithms) {
            hold(state, stored, Arc::new(keys));
        }
    }

    fn decide(
        &self,
        state: &mut State,
        version: Option<u32>,
        fetch: bool,
        Timestamp(now): Timestamp,
    ) -> Task {
        let mut next = state.standing;
        let demanded = state.demanded > next.attempted;
        let for_unknown = demanded && next.demand_not_before <= now;
        // What the slot names and nobody can read is fetched again, as if it were not there.
        let lost = state.held.is_none();
        let for_age = lost || self.settings.refresh_at(&next) <= now;
        let due = for_unknown || for_age;
        if !fetch || !due || next.leased > now || next.not_before > now {
            return Task::Rest;
        }
        next.attempted = now;
        next.leased = now.saturating_add(self.settings.lease());
        if for_unknown && !for_age {
            next.demand_not_before = now.saturating_add(self.settings.cooldown);
        }
        state.work = Work::Lease(next);
        Task::Ask(Query::Set {
            key: Arc::clone(&self.standing_slot),
            value: next.encode(),
            version,
        })
    }

    fn leased(&self, state: &mut State, standing: Standing) -> Task {
        state.standing = standing;
        let lease = standing.leased;
        match &self.source {
            Source::Place(target) => self.fetch(state, lease, target.clone()),
            Source::Issuer { description, .. } => {
                state.work = Work::Discover { lease };
                Task::Call(description.call(None, self.settings.timeout))
            }
        }
    }

    fn fetch(&self, state: &mut State, lease: u64, target: Target) -> Task {
        let held = state.held.as_ref();
        let etag = held
            .filter(|held| held.origin == target.origin())
            .and_then(|held| held.etag.as_deref());
        let call = target.call(etag, self.settings.timeout);
        state.work = Work::Fetch { lease, target };
        Task::Call(call)
    }

    fn fetched(
        &self,
        state: &mut State,
        answer: &CallAnswer,
        lease: u64,
        target: &Target,
        now: Timestamp,
    ) -> Result<Task, Fault> {
        let held = state.held.as_ref();
        if let CallAnswer::Response {
            status: 304,
            headers,
            ..
        } = answer
        {
            let held = held
                .filter(|held| held.etag.is_some() && held.origin == target.origin())
                .ok_or(Fault::Status(304))?;
            let outcome = Outcome::Current {
                document: held.document,
                max_age: max_age(headers),
            };
            return Ok(self.release(state, lease, outcome));
        }
        let (headers, body) = json(answer)?;
        let keys = published_keys(body, &self.algorithms)?;
        let max_age = max_age(headers);
        let digest: [u8; 32] = Sha256::digest(body).into();
        if let Some(held) = held.filter(|held| held.digest == digest) {
            let outcome = Outcome::Current {
                document: held.document,
                max_age,
            };
            return Ok(self.release(state, lease, outcome));
        }
        state.note = Some(Note {
            warning: false,
            text: format!(
                "identity provider `{}`: the issuer has a new key set: {} keys that can verify tokens",
                self.provider,
                keys.len()
            ),
        });
        let stored = Stored {
            document: now.0.max(1),
            path: target.origin(),
            etag: etag(headers),
            body: body.to_vec(),
        };
        let new = New {
            stored,
            keys: Arc::new(keys),
            max_age,
        };
        state.work = Work::StoreRead { lease, new };
        Ok(Task::Ask(Query::Get {
            key: Arc::clone(&self.keys_slot),
        }))
    }

    fn failed(&self, state: &mut State, lease: u64, fault: &Fault) -> Task {
        state.note = Some(Note {
            warning: true,
            text: format!(
                "identity provider `{}`: the issuer's keys cannot be had from {}: {fault}",
                self.provider,
                self.source.identity()
            ),
        });
        self.release(state, lease, Outcome::Failed)
    }

    fn release(&self, state: &mut State, lease: u64, outcome: Outcome) -> Task {
        state.work = Work::Release { lease, outcome };
        Task::Ask(self.read_standing())
    }

    fn give_back(
        &self,
        state: &mut State,
        answer: Answer,
        lease: u64,
        outcome: Outcome,
        now: Timestamp,
    ) -> Task {
        let (mut next, version) = match answer {
            Answer::Slot(Some(slot)) => (Standing::decode(&slot.value), Some(slot.version)),
            // The store forgot, or fails: what this worker knows is the best there is.
            Answer::Slot(None)
            | Answer::Written
            | Answer::Conflict
            | Answer::Failed
            | Answer::Fact(_) => (state.standing, None),
        };
        let ours = next.leased == lease;
        match outcome {
            Outcome::Current { document, max_age } => {
                next.document = document;
                next.confirmed = next.attempted;
                next.max_age = max_age;
                next.not_before = 0;
                next.failures = 0;
            }
            Outcome::Abandoned => next.attempted = next.confirmed,
            Outcome::Failed => {
                next.failures = next.failures.saturating_add(1);
                next.not_before = now.0.saturating_add(pause(next.failures, now));
            }
        }
        next.leased = 0;
        state.epoch += 1;
        if !ours {
            // It took too long, and somebody else is at it: that attempt counts. Its result is seen on a later tick.
            return Task::Rest;
        }
        state.standing = next;
        state.work = Work::Released;
        Task::Ask(Query::Set {
            key: Arc::clone(&self.standing_slot),
            value: next.encode(),
            version,
        })
    }

    fn read_standing(&self) -> Query {
        Query::Get {
            key: Arc::clone(&self.standing_slot),
        }
    }
}

fn hold(state: &mut State, stored: Stored, keys: Arc<KeySet>) {
    state.held = Some(Held {
        document: stored.document,
        origin: stored.path,
        etag: stored.etag,
        digest: Sha256::digest(&stored.body).into(),
        keys,
    });
    state.epoch += 1;
}

/// `Cache-Control: max-age` in microseconds (RFC 9111 §5.2.2); `u64::MAX` where nothing is said.
///
/// `no-cache` and `no-store` are no times. Issuers send them with everything, and asking for keys all the time because of it would
/// be a load that nobody wants: the policy's `refresh` counts.
fn max_age(headers: &Headers) -> u64 {
    let directives = headers
        .all("cache-control")
        .flat_map(|line| line.split(|b| *b == b','));
    let ages = directives.filter_map(|directive| {
        let directive = directive.trim_ascii().to_ascii_lowercase();
        let seconds = std::str::from_utf8(&directive)
            .ok()?
            .strip_prefix("max-age=")?
            .trim_matches('"')
            .parse::<u64>();
        // A number that cannot be read allows nothing.
        Some(seconds.map_or(0, |s| s.saturating_mul(1_000_000)))
    });
    ages.min().unwrap_or(u64::MAX)
}

/// The tag of an answer, where it can be sent back as it is.
fn etag(headers: &Headers) -> Option<String> {
    let mut tags = headers.all("etag");
    let (Some(tag), None) = (tags.next(), tags.next()) else {
        return None;
    };
    let tag = std::str::from_utf8(tag).ok()?;
    let fits =
        !tag.is_empty() && tag.len() <= MAX_ETAG && tag.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| tag.to_owned())
}
