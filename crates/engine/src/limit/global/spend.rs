//! One request against a quota that a fleet shares, without I/O: spend from the lease, wait for one, or ask the service itself.

use super::account::Accounts;
use super::batch::Batch;
use super::{Desk, Global};
use crate::config::Timestamp;
use crate::limit::{Limit, Seed, Table, Take, Values};
use crate::remote::{Call, CallAnswer};
use crate::transaction::{Answer, Query};
use crate::verdict::{Reason, Refusal};
use std::sync::Arc;

/// One request's attempt.
#[derive(Debug)]
pub(crate) struct Spend {
    /// That of the caller's plan.
    desk: Arc<Desk>,
    /// What the request takes.
    cost: u32,
    slot: Arc<str>,
    name: u128,
    work: Work,
    races: u32,
    /// It waits no longer; `None` before it waits.
    until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
enum Work {
    /// Reading the account.
    Look,
    /// Writing it with one request less.
    Take,
    /// Asking the service for this request alone.
    Call,
    /// Reading the account again, to write down until when the service has no more.
    Remember(u64),
    /// Writing that.
    Remembered(u64),
}

/// What came of it so far.
#[derive(Debug)]
pub(crate) enum Spent {
    /// Ask this first.
    Ask(Query),
    /// Wait for a lease, until this moment.
    Wait(Timestamp),
    /// Ask the service.
    Call(Call),
    /// It passes.
    Admitted,
    /// There is no more for so many microseconds.
    Over(u64),
    /// The service does not answer. It is asked again in so many seconds.
    Away { why: &'static str, again: u64 },
    /// The limit could not be checked.
    Failed(Refusal),
}

impl Spend {
    /// Starts an attempt in the table of this policy. `seed` is its secret.
    pub(crate) fn start(
        table: &Table,
        (limit, global): (&Limit, &Global),
        seed: Seed,
        values: &impl Values,
    ) -> Result<(Self, Query), Refusal> {
        let plan = limit.plans.as_ref().and_then(|plans| plans.of(values));
        let desk = Arc::clone(global.desk(plan));
        let name = limit.bucket(desk.limit(), seed, values)?;
        let cost = limit.cost.of(&limit.name, values)?.cost;
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        if cost > desk.requests() {
            let at = format!("limits.{}", limit.name);
            return Err(Refusal::at(Reason::LimitCostTooHigh, at));
        }
        let spend = Self {
            desk,
            cost,
            slot: table.slot(name),
            name,
            work: Work::Look,
            races: 0,
            until: None,
        };
        let query = spend.read();
        Ok((spend, query))
    }

    /// Takes an answer of the shared store.
    pub(crate) fn answer(
        &mut self,
        limit: &Limit,
        values: &impl Values,
        answer: Answer,
        now: Timestamp,
    ) -> Spent {
        match (self.work, answer) {
            (Work::Look, Answer::Slot(slot)) => {
                let version = slot.as_ref().map(|s| s.version);
                let bytes = slot.map(|s| s.value).unwrap_or_default();
                self.look(limit, values, Accounts::decode(&bytes, now.0), version, now)
            }
            (Work::Take, Answer::Written) => Spent::Admitted,
            (Work::Take, Answer::Conflict) if self.races < Take::MAX_RACES => {
                self.races += 1;
                self.work = Work::Look;
                Spent::Ask(self.read())
            }
            (Work::Remember(end), Answer::Slot(slot)) => {
                let version = slot.as_ref().map(|s| s.version);
                let bytes = slot.map(|s| s.value).unwrap_or_default();
                let mut accounts = Accounts::decode(&bytes, now.0);
                let Some(account) = accounts.open(self.name, now.0) else {
                    return Spent::Over(end.saturating_sub(now.0));
                };
                account.enter(end);
                account.over = true;
                self.work = Work::Remembered(end);
                Spent::Ask(self.write(&accounts, version))
            }
            // Whatever came of it: this request is refused.
            (Work::Remember(end) | Work::Remembered(end), _) => {
                Spent::Over(end.saturating_sub(now.0))
            }
            (
                Work::Look | Work::Take | Work::Call,
                Answer::Slot(_)
                | Answer::Fact(_)
                | Answer::Written
                | Answer::Conflict
                | Answer::Failed,
            ) => {
                let at = format!("limits.{}", limit.name);
                Spent::Failed(Refusal::at(Reason::LimitStoreUnavailable, at))
            }
        }
    }

    /// There may be a lease now, or the time is over.
    pub(crate) fn waited(&mut self, enough: bool, now: Timestamp) -> Spent {
        if enough {
            self.until = Some(self.until.map_or(now, |until| until.min(now)));
        }
        self.work = Work::Look;
        Spent::Ask(self.read())
    }

    /// The service answered this request's own question, or did not.
    pub(crate) fn called(&mut self, answer: &CallAnswer, now: Timestamp) -> Spent {
        match self.desk.read(answer, Batch::whole(self.cost), now) {
            Err(why) => self.away(why, now),
            Ok(grant) if grant.hits > 0 => Spent::Admitted,
            Ok(grant) => {
                self.work = Work::Remember(grant.end);
                Spent::Ask(self.read())
            }
        }
    }

    fn look(
        &mut self,
        limit: &Limit,
        values: &impl Values,
        mut accounts: Accounts,
        version: Option<u32>,
        now: Timestamp,
    ) -> Spent {
        if self.cost == 0 {
            return Spent::Admitted;
        }
        let mut held = 0;
        if let Some(account) = accounts.find(self.name) {
            held = account.left;
            if let Some(left) = held.checked_sub(self.cost) {
                account.left = left;
                self.work = Work::Take;
                return Spent::Ask(self.write(&accounts, version));
            }
            if account.over {
                return Spent::Over(account.end.saturating_sub(now.0));
            }
        }
        if self.desk.pause(now).is_some() {
            return self.away("it did not answer lately", now);
        }
        let value = || -> Arc<str> { limit.key.value(values).into() };
        // Of a lease that is too small for it the request takes nothing: the next ones may be smaller.
        let waits = !self.desk.terms.exact && held == 0;
        if waits && accounts.open(self.name, now.0).is_some() {
            let timeout = self.desk.terms.timeout.0;
            let latest = Timestamp(now.0.saturating_add(timeout));
            let until = *self.until.get_or_insert(latest);
            if now >= until {
                return self.away("it gave no answer in time", now);
            }
            if self.desk.want(self.name, &self.slot, until, value) {
                return Spent::Wait(until);
            }
        }
        self.work = Work::Call;
        let batch = Batch::whole(self.cost);
        Spent::Call(self.desk.terms.call(&value(), batch))
    }

    /// Where it is served.
    pub(crate) const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    fn away(&self, why: &'static str, now: Timestamp) -> Spent {
        let again = self.desk.pause(now).unwrap_or(1).max(1);
        Spent::Away { why, again }
    }

    fn read(&self) -> Query {
        Query::Get {
            key: Arc::clone(&self.slot),
        }
    }

    fn write(&self, accounts: &Accounts, version: Option<u32>) -> Query {
        Query::Set {
            key: Arc::clone(&self.slot),
            value: accounts.encode(),
            version,
        }
    }
}
