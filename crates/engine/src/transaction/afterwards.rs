//! What is left to do when an exchange is over: requests in flight are ended, and what was not known before is counted.
//!
//! Like a [`super::Transaction`] it has no I/O: it asks for slots of the shared data and says what to write. It begins once the stream has ended,
//! however it ended, and nobody waits for it.
//!
//! INVARIANT (best effort, bounded): a store that fails leaves a count as it is. A request that stays counted as in flight is forgotten in time.

use super::{Answer, Query};
use crate::abuse::Observation;
use crate::config::Timestamp;
use crate::limit::{Due, Take};
use crate::verdict::Reason;
use std::sync::Arc;

/// How an exchange ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    /// Why it was refused, if it was.
    pub reason: Option<Reason>,
    /// The status that the client got, if it got one.
    pub status: Option<u16>,
    /// The length of the request's body.
    pub request_size: u64,
    /// The length of the response's body.
    pub response_size: u64,
}

/// What is left to do.
#[derive(Debug, Clone, Default)]
pub struct Afterwards {
    duties: Vec<Duty>,
    races: u32,
}

/// One slot to change.
#[derive(Debug, Clone)]
enum Duty {
    Limit(Due),
    Abuse(Observation),
}

impl Afterwards {
    pub(crate) fn limit(&mut self, due: Due) {
        self.duties.push(Duty::Limit(due));
    }

    pub(crate) fn observe(&mut self, observation: Observation) {
        self.duties.push(Duty::Abuse(observation));
    }

    /// Adds what another policy has to do after the same exchange.
    pub fn and(&mut self, other: Self) {
        self.duties.extend(other.duties);
    }

    /// Whether it must know how long the messages were.
    #[must_use]
    pub fn needs_sizes(&self) -> bool {
        self.duties.iter().any(Duty::needs_sizes)
    }

    /// Whether it must know the status that the client got.
    #[must_use]
    pub fn needs_status(&self) -> bool {
        self.duties.iter().any(Duty::needs_status)
    }

    /// Takes the answer to the last question (none at first) and asks the next one; `None` at the end.
    pub fn step(&mut self, answer: Option<Answer>, ended: &Ended, now: Timestamp) -> Option<Query> {
        match answer {
            None => self.read(ended),
            Some(Answer::Slot(stored)) => {
                let duty = self.duties.last()?;
                let value = stored.as_ref().map(|stored| &*stored.value);
                match duty.apply(value, ended, now) {
                    Some(value) => Some(Query::Set {
                        key: Arc::clone(duty.slot()),
                        value,
                        version: stored.map(|stored| stored.version),
                    }),
                    None => self.next(ended),
                }
            }
            Some(Answer::Conflict) if self.races < Take::MAX_RACES => {
                self.races += 1;
                self.read(ended)
            }
            Some(Answer::Written | Answer::Conflict | Answer::Fact(_) | Answer::Failed) => {
                self.next(ended)
            }
        }
    }

    fn next(&mut self, ended: &Ended) -> Option<Query> {
        self.duties.pop();
        self.races = 0;
        self.read(ended)
    }

    fn read(&mut self, ended: &Ended) -> Option<Query> {
        while self.duties.last().is_some_and(|duty| duty.is_void(ended)) {
            self.duties.pop();
        }
        self.duties.last().map(|duty| Query::Get {
            key: Arc::clone(duty.slot()),
        })
    }
}

/// Two records that tell the same of an exchange are equal, whatever is left to do after it.
impl PartialEq for Afterwards {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Duty {
    fn slot(&self) -> &Arc<str> {
        match self {
            Self::Limit(due) => due.slot(),
            Self::Abuse(observation) => observation.slot(),
        }
    }

    fn apply(&self, stored: Option<&[u8]>, ended: &Ended, now: Timestamp) -> Option<Vec<u8>> {
        match self {
            Self::Limit(due) => due.apply(stored, ended, now),
            Self::Abuse(observation) => observation.apply(stored, ended, now),
        }
    }

    /// Whether it changes nothing, whatever the slot holds.
    fn is_void(&self, ended: &Ended) -> bool {
        match self {
            Self::Limit(_) => false,
            Self::Abuse(observation) => observation.is_void(ended),
        }
    }

    fn needs_sizes(&self) -> bool {
        match self {
            Self::Limit(due) => due.needs_sizes(),
            Self::Abuse(_) => false,
        }
    }

    fn needs_status(&self) -> bool {
        match self {
            Self::Limit(_) => false,
            Self::Abuse(_) => true,
        }
    }
}
