//! Taking from a limit without I/O: read the slot, decide, write it back; again when another worker was first.

use super::set::{Answer as SetAnswer, Set};
use super::{Limit, Seed, Table, Values};
use crate::config::Timestamp;
use crate::transaction::{Answer, Query};
use crate::verdict::{Reason, Refusal};
use std::sync::Arc;

/// One attempt to take from a limit.
#[derive(Debug)]
pub(crate) struct Take {
    slot: Arc<str>,
    name: u128,
    races: u32,
}

/// What came of it so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Ask this first.
    Ask(Query),
    /// There was room.
    Admitted,
    /// There was none: how many nanoseconds to wait, and for which window.
    Refused {
        refusal: Refusal,
        window: usize,
        wait: u64,
    },
    /// The limit could not be checked.
    Failed(Refusal),
}

impl Take {
    /// A lost race means that another worker moved on, so that many in a row mean a store that does not work.
    const MAX_RACES: u32 = 100;

    /// Starts an attempt in the table of this policy. `seed` is its secret.
    pub(crate) fn start(
        table: &Table,
        limit: &Limit,
        seed: Seed,
        values: &impl Values,
    ) -> Result<(Self, Query), Refusal> {
        let Some(name) = limit.key.digest(seed, &limit.name, values) else {
            return Err(Refusal::at(
                Reason::LimitKeyMissing,
                format!("limits.{}", limit.name),
            ));
        };
        let take = Self {
            slot: table.slot(name),
            name,
            races: 0,
        };
        let query = take.read();
        Ok((take, query))
    }

    fn read(&self) -> Query {
        Query::Get {
            key: Arc::clone(&self.slot),
        }
    }

    /// Takes the answer to the last question.
    pub(crate) fn answer(&mut self, limit: &Limit, answer: Answer, now: Timestamp) -> Taken {
        match answer {
            Answer::Slot(stored) => {
                let version = stored.as_ref().map(|s| s.version);
                let mut set = stored.map(|s| Set::decode(&s.value)).unwrap_or_default();
                match set.take(
                    self.name,
                    limit.overflow,
                    &limit.windows,
                    now.0.saturating_mul(1000),
                ) {
                    SetAnswer::Taken => Taken::Ask(Query::Set {
                        key: Arc::clone(&self.slot),
                        value: set.encode(),
                        version,
                    }),
                    SetAnswer::Full { window, wait } => Taken::Refused {
                        refusal: Refusal::at(Reason::RateLimited, format!("limits.{}", limit.name)),
                        window,
                        wait,
                    },
                }
            }
            Answer::Written => Taken::Admitted,
            Answer::Conflict if self.races < Self::MAX_RACES => {
                self.races += 1;
                Taken::Ask(self.read())
            }
            Answer::Conflict | Answer::Fact(_) | Answer::Failed => Taken::Failed(Refusal::at(
                Reason::LimitStoreUnavailable,
                format!("limits.{}", limit.name),
            )),
        }
    }
}
