//! A candidate policy on the same request: asked once the active policy has its verdict, and compared with it.
//!
//! For its share of the callers the candidate decides; then its verdict, and whatever comes of it (header changes, the response's
//! controls), takes the place of the active one's. Who nobody knows is decided by the active policy.
//!
//! What either takes of limits is settled when the stream ends, whichever decides.
//!
//! INVARIANT (never waits): the candidate sees what the active policy made the proxy hold. Where it needs more (a body, keys that must be
//! fetched, a server's word), there is no comparison, and that is counted.

use crate::drive::{Judge, Next, drive};
use crate::host::Host;
use meshward_engine::Candidate;
use meshward_engine::audit::{Record, Trial};
use meshward_engine::config::Timestamp;
use meshward_engine::http::RequestHead;
use meshward_engine::transaction::{Event, Transaction};
use std::sync::Arc;

/// What a candidate is shown of a request.
#[derive(Debug)]
pub(crate) struct Shown {
    head: RequestHead,
    /// The body, where the active policy made the proxy hold it.
    pub(crate) body: Option<Vec<u8>>,
}

impl Shown {
    /// The head.
    pub(crate) fn new(head: &RequestHead) -> Box<Self> {
        Box::new(Self {
            head: head.clone(),
            body: None,
        })
    }
}

/// What is done with the request: what the active policy says or, for its callers, what the candidate says.
pub(crate) fn settle(
    host: &impl Host,
    judge: &impl Judge,
    candidate: &Candidate,
    shown: Shown,
    mut active: Next,
    now: Timestamp,
) -> Next {
    let mut other = match ask(host, judge, candidate, shown, now) {
        next @ (Next::Forward(..) | Next::Reply(..)) => next,
        undecided @ (Next::Wait(..)
        | Next::Call(..)
        | Next::Hold(_)
        | Next::Deliver(_)
        | Next::Replace(..)
        | Next::Stuck) => return noted(also(active, undecided), Trial::Unknown),
    };
    let (Some(ours), Some(theirs)) = (record(&mut active), record(&mut other)) else {
        return active;
    };
    let caller = |record: &Record| Some((record.provider.clone()?, record.subject.clone()?));
    let decides = caller(ours)
        .or_else(|| caller(theirs))
        .is_some_and(|(provider, subject)| candidate.decides_for(&provider, &subject));
    let (ours, theirs) = (ours.verdict(), theirs.verdict());
    match (decides, ours == theirs) {
        (true, true) => also(other, active),
        (true, false) => noted(also(other, active), Trial::Candidate { active: ours }),
        (false, true) => also(active, other),
        (false, false) => noted(also(active, other), Trial::Active { candidate: theirs }),
    }
}

/// What decides, with what is left to do of what does not.
fn also(mut decides: Next, other: Next) -> Next {
    let left = match other {
        Next::Forward(transaction, _)
        | Next::Wait(transaction, ..)
        | Next::Call(transaction, _)
        | Next::Hold(transaction) => transaction.abandon(),
        Next::Reply(record, _) | Next::Deliver(record) | Next::Replace(record, _) => record,
        Next::Stuck => return decides,
    };
    let Some(afterwards) = left.afterwards else {
        return decides;
    };
    if let Some(record) = record(&mut decides) {
        record.add_afterwards(afterwards);
    }
    decides
}

fn ask(
    host: &impl Host,
    judge: &impl Judge,
    candidate: &Candidate,
    shown: Shown,
    now: Timestamp,
) -> Next {
    let transaction = Transaction::new(Arc::clone(&candidate.policy), now);
    let Shown { head, body } = shown;
    let event = Event::Request(Box::new(head));
    match (drive(host, judge, transaction, event, now), body) {
        (Next::Hold(transaction), Some(body)) => {
            drive(host, judge, transaction, Event::RequestBody(body), now)
        }
        (next, _) => next,
    }
}

/// What is kept of a request that has its verdict.
fn record(next: &mut Next) -> Option<&mut Record> {
    match next {
        Next::Forward(transaction, _) => Some(transaction.record_mut()),
        Next::Reply(record, _) => Some(record),
        Next::Wait(..)
        | Next::Call(..)
        | Next::Hold(_)
        | Next::Deliver(_)
        | Next::Replace(..)
        | Next::Stuck => None,
    }
}

fn noted(mut next: Next, trial: Trial) -> Next {
    if let Some(record) = record(&mut next) {
        record.compared(trial);
    }
    next
}

#[cfg(test)]
mod tests;
