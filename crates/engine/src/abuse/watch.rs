//! Judging a request by what its key has done before, and, where the request itself is what counts, noting it.

use super::entry::Slot;
use super::peers::{Place, Touch};
use super::{Pattern, What};
use crate::config::{Then, Timestamp};
use crate::limit::{Part, Room, Seed, Table, Take, Values};
use crate::transaction::{Answer, Query};
use crate::verdict::{Reason, Refusal};
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;
use std::sync::Arc;

/// One look at one pattern.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(super) slot: Arc<str>,
    pub(super) name: u128,
    /// The hash of the object that the request names.
    object: Option<u64>,
    /// What its caller's peers learn from it.
    pub(super) touch: Option<Touch>,
    /// Whether that is news to them.
    is_news: bool,
    /// What comes of it once the slot is written.
    then: Option<Verdict>,
    races: u32,
}

/// What comes of it so far.
#[derive(Debug)]
pub(crate) enum Watched {
    /// Ask this first.
    Ask(Query),
    /// What was decided.
    Decided(Verdict),
    /// It cannot be told.
    Failed(Refusal),
}

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing was seen.
    Passes,
    /// Something was seen, and the request passes.
    Told(Refusal),
    /// Something was seen, and the request is refused: waiting so many nanoseconds helps, where it does.
    Refused(Refusal, Option<u64>),
}

impl Watch {
    /// Looks for what is known of a request's key; `None` where there is nothing to look for.
    pub(crate) fn start(
        table: &Table,
        pattern: &Pattern,
        seed: Seed,
        values: &impl Values,
        place: Option<Place>,
    ) -> Result<Option<(Self, Query)>, Refusal> {
        let missing = || Refusal::at(Reason::AbuseKeyMissing, format!("abuse.{}", pattern.name));
        let mut name = pattern
            .key
            .digest(seed, &pattern.tag, values)
            .ok_or_else(missing)?;
        let mut touch = None;
        if let What::Peers(peers) = &pattern.what {
            // Who is nobody has no peers.
            if values.value(&Part::Subject).is_none() {
                return Ok(None);
            }
            touch = Some(Touch::new(name, place.ok_or(Reason::Internal)?));
            name = peers
                .group(seed, &pattern.tag, values)
                .ok_or_else(missing)?;
        }
        let object = match &pattern.what {
            What::Objects { of, .. } => values.value(of).map(|object| {
                let mut hash = SipHasher13::new_with_key(&seed.0);
                hash.write(&object);
                hash.finish()
            }),
            What::Failures(_) | What::Errors(_) | What::Sequence { .. } | What::Peers(_) => None,
        };
        let watch = Self {
            slot: table.slot(name),
            name,
            object,
            touch,
            is_news: false,
            then: None,
            races: 0,
        };
        let query = watch.read();
        Ok(Some((watch, query)))
    }

    /// Whether there is something to be noted of the request if it succeeds, now that it was looked at.
    pub(crate) const fn is_news(&self) -> bool {
        self.is_news
    }

    fn read(&self) -> Query {
        Query::Get {
            key: Arc::clone(&self.slot),
        }
    }

    /// Takes the answer to the last question.
    pub(crate) fn answer(&mut self, pattern: &Pattern, answer: Answer, now: Timestamp) -> Watched {
        match answer {
            Answer::Slot(stored) => {
                let version = stored.as_ref().map(|s| s.version);
                let mut slot = stored.map(|s| Slot::decode(&s.value)).unwrap_or_default();
                let (verdict, changed) = self.judge(pattern, &mut slot, now.0);
                if !changed {
                    return Watched::Decided(verdict);
                }
                self.then = Some(verdict);
                Watched::Ask(Query::Set {
                    key: Arc::clone(&self.slot),
                    value: slot.encode(),
                    version,
                })
            }
            Answer::Written => self.then.take().map_or_else(
                || Watched::Failed(Reason::Internal.into()),
                Watched::Decided,
            ),
            Answer::Conflict if self.races < Take::MAX_RACES => {
                self.races += 1;
                Watched::Ask(self.read())
            }
            Answer::Conflict | Answer::Fact(_) | Answer::Failed => Watched::Failed(Refusal::at(
                Reason::AbuseStoreUnavailable,
                format!("abuse.{}", pattern.name),
            )),
        }
    }

    /// What comes of a request, and whether the slot has changed.
    fn judge(&mut self, pattern: &Pattern, slot: &mut Slot, now: u64) -> (Verdict, bool) {
        let known = slot.find(self.name, now);
        if let What::Sequence { .. } = pattern.what {
            return match (known, pattern.then) {
                (Some(_), _) => (Verdict::Passes, false),
                (None, Then::Monitor) => (Verdict::Told(pattern.seen()), false),
                (None, Then::Throttle | Then::Deny) => {
                    (Verdict::Refused(pattern.seen(), None), false)
                }
            };
        }
        if let (What::Peers(peers), Some(touch)) = (&pattern.what, self.touch) {
            let kept = known.map_or(&[][..], |entry| &entry.kept);
            let (verdict, is_news) = peers.judge(pattern, kept, touch, now);
            self.is_news = is_news;
            return (verdict, false);
        }
        if known.is_some_and(|entry| entry.held > now) {
            return self.hold(pattern, slot, now);
        }
        let (What::Objects { sketch, .. }, Some(object)) = (&pattern.what, self.object) else {
            return (Verdict::Passes, false);
        };
        let kept = known.map_or(&[][..], |entry| &entry.kept);
        let (count, Some(picture)) = sketch.draw(kept, object, now) else {
            return (Verdict::Passes, false);
        };
        let Some(entry) = slot.enter(self.name, now) else {
            // It found no place, and wore another down.
            return (Verdict::Passes, true);
        };
        entry.kept = picture;
        entry.until = now.saturating_add(sketch.half.saturating_mul(2));
        if count <= sketch.most {
            return (Verdict::Passes, true);
        }
        entry.hold(pattern, now);
        let (verdict, _) = self.hold(pattern, slot, now);
        // That it begins is told in any case.
        let verdict = match verdict {
            Verdict::Passes => Verdict::Told(pattern.seen()),
            seen @ (Verdict::Told(_) | Verdict::Refused(..)) => seen,
        };
        (verdict, true)
    }

    /// What comes of a request whose key is held off, and whether the slot has changed.
    fn hold(&self, pattern: &Pattern, slot: &mut Slot, now: u64) -> (Verdict, bool) {
        let held = slot.find(self.name, now).map_or(0, |entry| entry.held);
        match pattern.then {
            Then::Monitor => (Verdict::Told(pattern.seen()), false),
            Then::Deny => {
                let wait = held.saturating_sub(now).saturating_mul(1000);
                (Verdict::Refused(pattern.seen(), Some(wait)), false)
            }
            Then::Throttle => {
                let Some(entry) = slot.enter(self.name, now) else {
                    return (Verdict::Passes, false);
                };
                match pattern.pace.take(entry.pace, now.saturating_mul(1000), 1) {
                    Room::Taken(moment) => {
                        entry.pace = moment;
                        (Verdict::Passes, true)
                    }
                    Room::Full(wait) => (Verdict::Refused(pattern.seen(), Some(wait)), false),
                    Room::Never => (Verdict::Refused(pattern.seen(), None), false),
                }
            }
        }
    }
}
