//! One exchange, from its request head to its log line.
//!
//! Each callback takes the state out, hands its event to the engine, and puts the next state in: between callbacks the
//! stream holds either the engine's transaction or its record, never both.
//!
//! INVARIANT (nothing before the verdict): [`Flow::Pass`] for the request comes only from `State::Upstream` and
//! `State::Passed`, and those only after [`Next::Forward`].

mod unasked;
mod withheld;

use crate::afterwards;
use crate::drive::{Judge, Next, drive};
use crate::flight::UnderWay;
use crate::head;
use crate::host::{CallId, Host, Side};
use crate::keeper::Wait;
use crate::metrics::Metrics;
use crate::outcome;
use crate::policy::{Holding, Loaded};
use crate::trial::{self, Shown};
use meshward_engine::audit::Record;
use meshward_engine::config::Timestamp;
use meshward_engine::remote::CallAnswer;
use meshward_engine::transaction::{Event, Forward, HeaderChange, Reply, Transaction};
use meshward_engine::verdict::Reason;
use std::rc::Rc;
use std::sync::Arc;

/// What the proxy does with what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Send it on.
    Pass,
    /// Keep it.
    Hold,
}

#[derive(Debug)]
enum State {
    /// Nothing came yet.
    New,
    /// The request waits for keys, or for its part of a quota.
    Waits(Box<Transaction>, Wait),
    /// The request waits for the answer to a call.
    Calls(Box<Transaction>, CallId),
    /// The request waits for its body.
    HoldsRequest(Box<Transaction>),
    /// The request was admitted, and its response will be judged.
    Upstream(Box<Transaction>),
    /// The response waits for its body.
    HoldsResponse(Box<Transaction>),
    /// Admitted; nothing more is judged.
    Passed(Box<Record>),
    /// Refused on this side. What still comes on it goes nowhere.
    Answered(Side, Box<Record>),
    /// Logged.
    Over,
}

/// One exchange.
#[derive(Debug)]
pub(crate) struct Stream<H, J> {
    host: H,
    judge: J,
    metrics: Rc<Metrics>,
    loaded: Option<Rc<Loaded>>,
    state: State,
    /// The length of the body that is held.
    held: usize,
    /// Whether the request is here to its end.
    complete: bool,
    /// What a candidate must be shown.
    shown: Option<Box<Shown>>,
    /// Fields that the response carries besides its own.
    told: Vec<HeaderChange>,
    under_way: UnderWay,
    /// Nanoseconds in callbacks, so far; `None` where this exchange is not measured.
    spent: Option<u64>,
    /// When the clock was read last.
    last: Timestamp,
}

impl<H: Host, J: Judge> Stream<H, J> {
    /// Starts an exchange under the policy that serves now; it keeps that policy to its end.
    pub(crate) fn new(host: H, judge: J, metrics: Rc<Metrics>, loaded: Option<Rc<Loaded>>) -> Self {
        let spent = metrics.measures_next().then_some(0);
        Self {
            host,
            judge,
            metrics,
            loaded,
            state: State::New,
            held: 0,
            complete: false,
            shown: None,
            told: Vec::new(),
            under_way: UnderWay::default(),
            spent,
            last: Timestamp(0),
        }
    }

    /// The request head is here.
    pub(crate) fn request_head(&mut self, end_of_stream: bool) -> Flow {
        self.timed(|stream, now| {
            let (State::New, Some(loaded)) = (&stream.state, &stream.loaded) else {
                return stream.refuse(Reason::PolicyUnusable, Side::Request, now);
            };
            let mut transaction = Transaction::new(Arc::clone(&loaded.policy), now);
            if loaded.holding.get() == Holding::Missing {
                transaction = transaction.without_hold();
            }
            stream.complete = end_of_stream;
            let head = head::request(&stream.host, end_of_stream, loaded.source);
            stream.shown = loaded.candidate.as_ref().map(|_| Shown::new(&head));
            let event = Event::Request(Box::new(head));
            stream.advance(transaction, event, Side::Request, end_of_stream, now)
        })
    }

    /// The response head is here.
    pub(crate) fn response_head(&mut self, end_of_stream: bool) -> Flow {
        // A refusal of ours says itself what it has to say.
        if !matches!(self.state, State::Answered(..)) {
            outcome::tell(&self.host, &std::mem::take(&mut self.told));
        }
        let judged = matches!(self.state, State::Upstream(_));
        let by_proxy = (judged || self.under_way.is_watched()) && head::made_by_proxy(&self.host);
        self.under_way.answered(&self.host, by_proxy);
        if !judged || by_proxy {
            return self.unjudged(Side::Response);
        }
        self.timeless(|stream, now| {
            let State::Upstream(transaction) = stream.take() else {
                return stream.refuse(Reason::Internal, Side::Response, now);
            };
            let event = Event::Response(Box::new(head::response(&stream.host, end_of_stream)));
            stream.advance(transaction, event, Side::Response, end_of_stream, now)
        })
    }

    /// More of a body is here: `size` bytes are held in all.
    pub(crate) fn body(&mut self, side: Side, size: usize, end_of_stream: bool) -> Flow {
        self.note_arrival(side, size, end_of_stream);
        if !self.holds(side) {
            return self.unjudged(side);
        }
        self.note_shown();
        let work = |stream: &mut Self, now| stream.hand_body(side, end_of_stream, now);
        if end_of_stream && self.is_timely() {
            self.timed(work)
        } else {
            self.timeless(work)
        }
    }

    /// Whether the moment counts at which a body is judged: from then on the upstream's time is measured.
    fn is_timely(&self) -> bool {
        matches!(&self.state, State::HoldsRequest(transaction) if transaction.is_measured())
    }

    /// The trailers are here, and with them the end of the body.
    pub(crate) fn trailers(&mut self, side: Side) -> Flow {
        self.body(side, self.held, true)
    }

    /// What it waits for may have changed, or the time is over: judges the request again, if it still waits.
    pub(crate) fn waited(&mut self) -> Flow {
        self.wake(false)
    }

    /// The request cannot wait any longer: judges it by what is there.
    pub(crate) fn waited_enough(&mut self) -> Flow {
        self.wake(true)
    }

    #[cold]
    fn wake(&mut self, enough: bool) -> Flow {
        if !matches!(self.state, State::Waits(..)) {
            return Flow::Hold;
        }
        let State::Waits(transaction, _) = self.take() else {
            return Flow::Hold;
        };
        let event = Event::Waited { enough };
        self.timed(|stream, now| stream.go_on(transaction, event, now))
    }

    /// Whether the request waits for what comes to many.
    pub(crate) const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waits(..))
    }

    /// The call whose answer the request waits for.
    pub(crate) const fn awaits(&self) -> Option<CallId> {
        let State::Calls(_, id) = &self.state else {
            return None;
        };
        Some(*id)
    }

    /// What the request waits for.
    pub(crate) fn waits_for(&self) -> Option<Wait> {
        let State::Waits(_, wait) = &self.state else {
            return None;
        };
        Some(wait.clone())
    }

    /// A call was answered: judges the request again, if it still waits for this answer.
    pub(crate) fn called(&mut self, id: CallId, answer: impl FnOnce(&H) -> CallAnswer) -> Flow {
        // An answer that nobody waits for any more came too late.
        if !matches!(self.state, State::Calls(_, awaited) if awaited == id) {
            return Flow::Hold;
        }
        let State::Calls(transaction, _) = self.take() else {
            return Flow::Hold;
        };
        self.timed(|stream, now| {
            let event = Event::Called(answer(&stream.host));
            stream.go_on(transaction, event, now)
        })
    }

    /// The exchange is over.
    pub(crate) fn over(&mut self) {
        self.under_way.over(&self.host);
        let record = match self.take() {
            State::Passed(record) | State::Answered(_, record) => Some(record),
            // Admitted, but no response of the upstream was judged: it did not answer, or somebody hung up.
            State::Upstream(transaction) | State::HoldsResponse(transaction) => {
                let now = self.host.now();
                let record = self.without_response(transaction, now);
                if let Some(record) = &record {
                    self.metrics.count(&self.host, record);
                }
                record
            }
            // No verdict: there is nothing to tell, but what was taken must be given back.
            State::Waits(transaction, _)
            | State::Calls(transaction, _)
            | State::HoldsRequest(transaction) => {
                afterwards::settle(&self.host, &mut transaction.abandon());
                None
            }
            State::New | State::Over => None,
        };
        let Some(mut record) = record else { return };
        afterwards::settle(&self.host, &mut record);
        if let Some(spent) = self.spent {
            self.metrics.time(&self.host, spent);
        }
        if record.logged && self.host.shows(log::Level::Info) {
            if record.client_address.is_none() {
                let address = head::peer_address(&self.host);
                record.client_address = address.map(|a| a.to_canonical().to_string());
            }
            if record.source_principal.is_none() {
                record.source_principal = head::peer_principal(&self.host);
            }
            let status = record.status.or_else(|| head::status_sent(&self.host));
            self.host.log(log::Level::Info, &record.log_line(status));
        }
    }

    /// Hands the engine what it waited for. What came of the request meanwhile is still held.
    fn go_on(&mut self, transaction: Box<Transaction>, event: Event, now: Timestamp) -> Flow {
        let bodiless = self.complete && self.held == 0;
        let flow = self.advance(transaction, event, Side::Request, bodiless, now);
        if self.complete && matches!(self.state, State::HoldsRequest(_)) {
            self.hand_body(Side::Request, true, now)
        } else {
            flow
        }
    }

    /// Hands the engine the length of a held body or, at its end, all of it.
    fn hand_body(&mut self, side: Side, end_of_stream: bool, now: Timestamp) -> Flow {
        let (State::HoldsRequest(transaction) | State::HoldsResponse(transaction)) = self.take()
        else {
            return self.refuse(Reason::Internal, side, now);
        };
        let event = if end_of_stream {
            let bytes = self.host.body(side, self.held);
            // A verdict on a part would be a verdict on another body.
            if bytes.len() != self.held {
                return self.refuse(Reason::Internal, side, now);
            }
            match side {
                // That of the response is needed once more where its body is replaced.
                Side::Request => {
                    self.held = 0;
                    if let Some(shown) = &mut self.shown {
                        shown.body = Some(bytes.clone());
                    }
                    Event::RequestBody(bytes)
                }
                Side::Response => Event::ResponseBody(bytes),
            }
        } else {
            match side {
                Side::Request => Event::RequestProgress(self.held),
                Side::Response => Event::ResponseProgress(self.held),
            }
        };
        self.advance(transaction, event, side, end_of_stream, now)
    }

    /// Hands the engine one event, and does what it says. `complete`: there is nothing left to wait for on this side.
    fn advance(
        &mut self,
        transaction: Box<Transaction>,
        event: Event,
        side: Side,
        complete: bool,
        now: Timestamp,
    ) -> Flow {
        let next = drive(&self.host, &self.judge, transaction, event, now);
        match (self.on_trial(next, now), side) {
            (Next::Wait(transaction, what, until), Side::Request) => {
                self.state = State::Waits(transaction, Wait { what, until });
                Flow::Hold
            }
            (Next::Call(transaction, call), Side::Request) => match self.host.call(&call) {
                Some(id) => {
                    self.state = State::Calls(transaction, id);
                    Flow::Hold
                }
                None => {
                    let event = Event::Called(CallAnswer::Failed);
                    self.advance(transaction, event, side, complete, now)
                }
            },
            (Next::Hold(transaction), Side::Request) if !complete => {
                self.state = State::HoldsRequest(transaction);
                Flow::Hold
            }
            (Next::Hold(transaction), Side::Response) if !complete => {
                self.state = State::HoldsResponse(transaction);
                Flow::Hold
            }
            (Next::Forward(transaction, how), Side::Request) => self.admit(transaction, &how, now),
            (Next::Deliver(record), Side::Response) => {
                self.settle(&record);
                self.state = State::Passed(record);
                Flow::Pass
            }
            (Next::Replace(record, how), Side::Response) if complete => {
                if !outcome::replace(&self.host, self.held, &how) {
                    return self.refuse(Reason::Internal, side, now);
                }
                self.settle(&record);
                self.state = State::Passed(record);
                Flow::Pass
            }
            (Next::Reply(record, reply), side) => self.answer(record, reply, side),
            // What does not fit the side, waits for nothing, or does not come to an end.
            (
                Next::Wait(..)
                | Next::Call(..)
                | Next::Hold(_)
                | Next::Forward(..)
                | Next::Deliver(_)
                | Next::Replace(..)
                | Next::Stuck,
                Side::Request | Side::Response,
            ) => self.refuse(Reason::Internal, side, now),
        }
    }

    /// Once there is a verdict on the request: asks the candidate, too.
    fn on_trial(&mut self, next: Next, now: Timestamp) -> Next {
        if !matches!(next, Next::Forward(..) | Next::Reply(..)) {
            return next;
        }
        let candidate = self.loaded.as_ref().and_then(|l| l.candidate.as_ref());
        match (candidate, self.shown.take()) {
            (Some(candidate), Some(shown)) => {
                trial::settle(&self.host, &self.judge, candidate, *shown, next, now)
            }
            _ => next,
        }
    }

    fn admit(&mut self, transaction: Box<Transaction>, how: &Forward, now: Timestamp) -> Flow {
        self.under_way.depart(&transaction, now);
        let state = if how.watch_response {
            State::Upstream(transaction)
        } else {
            // Nothing more will be judged: the record is there before the request goes, for the access log of every filter.
            match self.without_response(transaction, now) {
                Some(record) => State::Passed(record),
                None => return self.refuse(Reason::Internal, Side::Request, now),
            }
        };
        if !outcome::forward(&self.host, how) {
            return self.refuse(Reason::Internal, Side::Request, now);
        }
        self.told.clone_from(&how.response_headers);
        if let State::Passed(record) = &state {
            self.settle(record);
        }
        self.state = state;
        Flow::Pass
    }

    /// The record of an admitted request whose response is not judged.
    fn without_response(
        &self,
        transaction: Box<Transaction>,
        now: Timestamp,
    ) -> Option<Box<Record>> {
        let event = Event::NoResponse;
        match drive(&self.host, &self.judge, transaction, event, now) {
            Next::Deliver(record) => Some(record),
            Next::Wait(..)
            | Next::Call(..)
            | Next::Hold(_)
            | Next::Forward(..)
            | Next::Replace(..)
            | Next::Reply(..)
            | Next::Stuck => None,
        }
    }

    #[cold]
    fn refuse(&mut self, reason: Reason, side: Side, now: Timestamp) -> Flow {
        let policy = self.loaded.as_ref().map(|loaded| &*loaded.policy);
        let (record, reply) = outcome::refusal(reason, policy, now);
        self.answer(record, reply, side)
    }

    #[cold]
    fn answer(&mut self, record: Box<Record>, reply: Reply, side: Side) -> Flow {
        self.settle(&record);
        outcome::answer(&self.host, reply);
        self.state = State::Answered(side, record);
        Flow::Hold
    }

    /// Shows and counts a verdict.
    fn settle(&self, record: &Record) {
        let all = self
            .loaded
            .as_ref()
            .is_some_and(|loaded| loaded.policy.publishes_all());
        if all || record.is_notable() {
            outcome::publish(&self.host, record);
        }
        self.metrics.count(&self.host, record);
        self.metrics.seen(&self.host, record);
    }

    fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Over)
    }

    /// Does what does not depend on the moment: the clock is not read again, unless this exchange is measured.
    fn timeless(&mut self, work: impl FnOnce(&mut Self, Timestamp) -> Flow) -> Flow {
        if self.spent.is_some() {
            self.timed(work)
        } else {
            work(self, self.last)
        }
    }

    fn timed(&mut self, work: impl FnOnce(&mut Self, Timestamp) -> Flow) -> Flow {
        let start = self.host.nanoseconds();
        self.last = Timestamp(start / 1000);
        let flow = work(self, self.last);
        if let Some(spent) = &mut self.spent {
            let end = self.host.nanoseconds();
            *spent = spent.saturating_add(end.saturating_sub(start));
        }
        flow
    }
}

#[cfg(test)]
mod tests;
