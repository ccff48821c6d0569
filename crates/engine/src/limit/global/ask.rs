//! Fetching a lease without I/O: take the account, ask the service, put what it gave into the account.
//!
//! INVARIANT (counted before spent): nothing gets into an account that the service has not counted in the same window. What is lost on the
//! way (an answer that does not come, a slot that cannot be written) is lost for this window, never admitted twice.

use super::account::Accounts;
use super::batch::{Batch, Grant};
use super::desk::Desk;
use crate::config::Timestamp;
use crate::remote::{CallAnswer, Task};
use crate::transaction::{Answer, Query};
use std::sync::Arc;

/// A lost race means that another worker moved on, so that many in a row mean a store that does not work.
const MAX_RACES: u32 = 100;

/// One attempt to get a lease for one key. Begins with [`Ask::start`]; dropped when it rests.
#[derive(Debug)]
pub struct Ask {
    desk: Arc<Desk>,
    name: u128,
    slot: Arc<str>,
    value: Arc<str>,
    work: Work,
    races: u32,
    /// Whether requests that wait will find something.
    settled: bool,
}

#[derive(Debug, Clone, Copy)]
enum Work {
    /// Reading the account.
    Look,
    /// Writing down that this worker asks.
    Take(Batch),
    /// Asking.
    Call(Batch),
    /// Reading the account again, to put this into it; `None` after a failure.
    Read(Option<Grant>, Batch),
    /// Writing it.
    Write(Option<Grant>, Batch),
}

impl Ask {
    pub(super) const fn new(desk: Arc<Desk>, name: u128, slot: Arc<str>, value: Arc<str>) -> Self {
        Self {
            desk,
            name,
            slot,
            value,
            work: Work::Look,
            races: 0,
            settled: false,
        }
    }

    /// What it needs first.
    #[must_use]
    pub fn start(&self) -> Task {
        self.read()
    }

    /// Takes an answer of the shared store.
    #[must_use]
    pub fn answer(&mut self, answer: Answer, now: Timestamp) -> Task {
        match (self.work, answer) {
            (Work::Look, Answer::Slot(slot)) => {
                let version = slot.as_ref().map(|s| s.version);
                let bytes = slot.map(|s| s.value).unwrap_or_default();
                self.look(Accounts::decode(&bytes, now.0), version, now)
            }
            (Work::Take(batch), Answer::Written) => {
                self.work = Work::Call(batch);
                Task::Call(self.desk.terms.call(&self.value, batch))
            }
            (Work::Take(_), Answer::Conflict) => self.again(Work::Look),
            (Work::Read(grant, batch), Answer::Slot(slot)) => {
                let version = slot.as_ref().map(|s| s.version);
                let bytes = slot.map(|s| s.value).unwrap_or_default();
                self.credit(Accounts::decode(&bytes, now.0), version, grant, batch, now)
            }
            (Work::Write(grant, batch), Answer::Conflict) => self.again(Work::Read(grant, batch)),
            // Written, or the store fails: then the requests find out themselves.
            (
                Work::Look | Work::Take(_) | Work::Call(_) | Work::Read(..) | Work::Write(..),
                Answer::Slot(_)
                | Answer::Fact(_)
                | Answer::Written
                | Answer::Conflict
                | Answer::Failed,
            ) => self.settle(),
        }
    }

    /// Takes the answer of the service.
    #[must_use]
    pub fn called(&mut self, answer: &CallAnswer, now: Timestamp) -> Task {
        let Work::Call(batch) = self.work else {
            return self.settle();
        };
        let grant = self.desk.read(answer, batch, now).ok();
        self.work = Work::Read(grant, batch);
        self.races = 0;
        self.read()
    }

    fn look(&mut self, mut accounts: Accounts, version: Option<u32>, now: Timestamp) -> Task {
        let Some(account) = accounts.open(self.name, now.0) else {
            // No place: the requests ask for themselves.
            return self.settle();
        };
        if account.left > 0 || account.over {
            return self.settle();
        }
        if account.asking > now.0 {
            // Another worker is at it: this one looks again on the next tick.
            return Task::Rest;
        }
        if self.desk.pause(now).is_some() {
            return self.settle();
        }
        let terms = &self.desk.terms;
        let batch = Batch::after(terms.lease, account.size, account.remaining);
        account.asking = now.0.saturating_add(terms.timeout.0);
        self.work = Work::Take(batch);
        self.write(&accounts, version)
    }

    fn credit(
        &mut self,
        mut accounts: Accounts,
        version: Option<u32>,
        grant: Option<Grant>,
        batch: Batch,
        now: Timestamp,
    ) -> Task {
        let Some(account) = accounts.open(self.name, now.0) else {
            return self.settle();
        };
        account.asking = 0;
        if let Some(grant) = grant.filter(|grant| grant.end > now.0) {
            account.enter(grant.end);
            account.left = account.left.saturating_add(grant.hits);
            account.remaining = grant.remaining;
            account.size = batch.size();
            account.over = grant.over;
        }
        self.work = Work::Write(grant, batch);
        self.write(&accounts, version)
    }

    fn again(&mut self, work: Work) -> Task {
        self.races += 1;
        if self.races > MAX_RACES {
            return self.settle();
        }
        self.work = work;
        self.read()
    }

    const fn settle(&mut self) -> Task {
        self.settled = true;
        Task::Rest
    }

    fn read(&self) -> Task {
        Task::Ask(Query::Get {
            key: Arc::clone(&self.slot),
        })
    }

    fn write(&self, accounts: &Accounts, version: Option<u32>) -> Task {
        Task::Ask(Query::Set {
            key: Arc::clone(&self.slot),
            value: accounts.encode(),
            version,
        })
    }
}

impl Drop for Ask {
    // However an attempt ends, its key can be asked for again.
    fn drop(&mut self) {
        self.desk.leave(self.name, self.settled);
    }
}
