//! Taking from a limit without I/O: read the slot, decide, write it back; again when another worker was first.

use super::cost::Demand;
use super::set::{Answer as SetAnswer, Grant, Left, Set};
use super::settle::Due;
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
    plan: Option<usize>,
    demand: Demand,
    granted: Option<Grant>,
    races: u32,
}

/// What came of it so far.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Ask this first.
    Ask(Query),
    /// There was room: how much is left, and what is to be settled when the exchange is over.
    Admitted { left: Left, due: Option<Due> },
    /// There was none.
    Refused(Refused),
    /// The limit could not be checked.
    Failed(Refusal),
}

/// Why there was no room.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    /// By which rules of the limit.
    pub(crate) plan: Option<usize>,
    /// For which window of these; `None` for requests in flight.
    pub(crate) window: Option<usize>,
    /// How many nanoseconds to wait, where waiting helps.
    pub(crate) wait: Option<u64>,
}

impl Take {
    /// A lost race means that another worker moved on, so that many in a row mean a store that does not work.
    pub(crate) const MAX_RACES: u32 = 100;

    /// Starts an attempt in the table of this policy. `seed` is its secret.
    pub(crate) fn start(
        table: &Table,
        limit: &Limit,
        seed: Seed,
        values: &impl Values,
    ) -> Result<(Self, Query), Refusal> {
        let name = limit.bucket(&limit.tag, seed, values)?;
        let take = Self {
            slot: table.slot(name),
            name,
            plan: limit.plans.as_ref().and_then(|plans| plans.of(values)),
            demand: limit.cost.of(&limit.name, values)?,
            granted: None,
            races: 0,
        };
        let query = take.read();
        Ok((take, query))
    }

    /// By which rules of the limit this is.
    pub(crate) const fn plan(&self) -> Option<usize> {
        self.plan
    }

    fn read(&self) -> Query {
        Query::Get {
            key: Arc::clone(&self.slot),
        }
    }

    /// Takes the answer to the last question.
    pub(crate) fn answer(&mut self, limit: &Arc<Limit>, answer: Answer, now: Timestamp) -> Taken {
        match answer {
            Answer::Slot(stored) => {
                let version = stored.as_ref().map(|s| s.version);
                let mut set = stored.map(|s| Set::decode(&s.value)).unwrap_or_default();
                let answer = set.take(
                    self.name,
                    limit.overflow,
                    limit.rules(self.plan),
                    self.demand.cost,
                    now.0.saturating_mul(1000),
                );
                let (reason, window, wait) = match answer {
                    SetAnswer::Taken(grant) => {
                        self.granted = Some(grant);
                        return Taken::Ask(Query::Set {
                            key: Arc::clone(&self.slot),
                            value: set.encode(),
                            version,
                        });
                    }
                    SetAnswer::Full { window, wait } => {
                        (Reason::RateLimited, Some(window), Some(wait))
                    }
                    SetAnswer::Never { window } => (Reason::LimitCostTooHigh, Some(window), None),
                    // When the next of them ends nobody knows.
                    SetAnswer::Busy => (Reason::ConcurrencyLimited, None, Some(1)),
                };
                Taken::Refused(Refused {
                    refusal: Refusal::at(reason, format!("limits.{}", limit.name)),
                    plan: self.plan,
                    window,
                    wait,
                })
            }
            Answer::Written => self.granted.map_or_else(
                || Taken::Failed(Reason::Internal.into()),
                |Grant { bucket, held, left }| Taken::Admitted {
                    left,
                    due: (held.is_some() || self.demand.late).then(|| Due {
                        limit: Arc::clone(limit),
                        plan: self.plan,
                        slot: Arc::clone(&self.slot),
                        bucket,
                        held,
                        late: self.demand.late,
                    }),
                },
            ),
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
