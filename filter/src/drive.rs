//! Runs the engine until it waits for the proxy: questions to the shared data are answered on the spot.

use crate::host::Host;
use crate::shared;
use meshward_engine::audit::Record;
use meshward_engine::config::Timestamp;
use meshward_engine::remote::{Awaited, Call};
use meshward_engine::transaction::{Event, Forward, Replacement, Reply, Step, Transaction};

/// The most questions for one event. The engine's own bound is far lower: this one keeps a fault in it from stalling a worker.
const MOST_QUESTIONS: usize = 256;

/// The engine, as a stream calls it. Tests put a script in its place.
pub(crate) trait Judge: Clone {
    /// Takes one event and says what comes next.
    fn judge(&self, transaction: Box<Transaction>, event: Event, now: Timestamp) -> Step;
}

/// The engine itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engine;

impl Judge for Engine {
    fn judge(&self, transaction: Box<Transaction>, event: Event, now: Timestamp) -> Step {
        transaction.handle(event, now)
    }
}

/// What the proxy must do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Hold the request until this has changed, or until the moment.
    Wait(Box<Transaction>, Awaited, Timestamp),
    /// Hold the request and make this call.
    Call(Box<Transaction>, Call),
    /// Hold the message and bring its body.
    Hold(Box<Transaction>),
    /// Let the request go upstream.
    Forward(Box<Transaction>, Forward),
    /// Let the response go to the client.
    Deliver(Box<Record>),
    /// Let the response go to the client with another body.
    Replace(Box<Record>, Replacement),
    /// Answer the client.
    Reply(Box<Record>, Reply),
    /// Refuse: the engine went on asking.
    Stuck,
}

/// Hands one event to the engine and answers its questions.
pub(crate) fn drive(
    host: &impl Host,
    judge: &impl Judge,
    transaction: Box<Transaction>,
    event: Event,
    now: Timestamp,
) -> Next {
    let mut step = judge.judge(transaction, event, now);
    for _ in 0..MOST_QUESTIONS {
        step = match step {
            Step::Ask(transaction, query) => {
                let answer = shared::answer(host, query);
                judge.judge(transaction, Event::Answer(answer), now)
            }
            Step::Wait(transaction, what, until) => return Next::Wait(transaction, what, until),
            Step::Call(transaction, call) => return Next::Call(transaction, call),
            Step::NeedBody(transaction) => return Next::Hold(transaction),
            Step::Forward(transaction, how) => return Next::Forward(transaction, how),
            Step::Deliver(record) => return Next::Deliver(record),
            Step::Replace(record, how) => return Next::Replace(record, how),
            Step::Reply(record, reply) => return Next::Reply(record, reply),
        };
    }
    Next::Stuck
}
