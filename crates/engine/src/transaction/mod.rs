//! The sans-I/O state machine of one exchange: events in, steps out.
//!
//! [`Transaction::handle`] takes the machine by value and gives it back inside the step, so that after a verdict no state
//! is left that could be resumed wrongly. Time comes with every event.
//!
//! - `request` runs the controls that need the head, `remote` waits for what other servers must say, `prove` asks what only some
//!   credentials need, `body` and `binding` those that need a body, `response` the way back,
//!   `behaviour` looks at what the caller has done before, `limits` takes from limits, `fleet` spends from quotas that many proxies share, `afterwards` is what is left to do at the end,
//!   `load` sheds what matters less, `bounds` holds heads to the bounds of their endpoint, `effect` is what goes in and out, `reply` what a refused caller is told, `upstream` what an admitted request takes along.
//!
//! INVARIANT (deny on doubt): an event that does not fit the state ends the exchange with `internal`; no path leads from a
//! control that could not run to [`Step::Forward`], unless the policy says `monitor` for exactly that control.

mod afterwards;
mod behaviour;
mod binding;
mod body;
mod bounds;
mod claims;
mod effect;
mod fleet;
mod limits;
mod load;
mod matrix;
mod prove;
mod remote;
mod reply;
mod request;
mod response;
mod upstream;
mod values;

pub use afterwards::{Afterwards, Ended};
pub use effect::{
    Answer, Event, Fact, Forward, HeaderChange, Query, Replacement, Reply, Step, Stored,
};

use crate::Policy;
use crate::abuse::Watch;
use crate::audit::Record;
use crate::compile::Endpoint;
use crate::config::{Mode, Timestamp};
use crate::http::{RequestHead, ResponseHead, Target};
use crate::identity::{Asked, Identity, Question};
use crate::limit::{Spend, Take};
use crate::verdict::{Decision, Finding, Reason, Refusal};
use behaviour::When;
use std::sync::Arc;

/// One exchange on its way.
#[derive(Debug)]
pub struct Transaction {
    policy: Arc<Policy>,
    record: Box<Record>,
    state: State,
    head: RequestHead,
    target: Target,
    /// The endpoint, as an index into the policy.
    endpoint: Option<usize>,
    /// The path's parameters, by name.
    parameters: Vec<(Arc<str>, String)>,
    identity: Option<Identity>,
    /// What it has waited for.
    asked: Asked,
    /// What goes to the client instead of the response's body.
    replacement: Option<Replacement>,
    /// Fields that the response carries besides its own.
    told: Vec<HeaderChange>,
    /// Whether the proxy can hold a message until its body is judged.
    holds: bool,
}

/// Where an exchange is.
#[derive(Debug)]
enum State {
    /// Nothing came yet.
    New,
    /// Finding out whether the credential is its sender's.
    Proving(prove::Proving),
    /// Waiting for keys, until this moment.
    Waiting { until: Timestamp },
    /// Waiting for a server's word about the token.
    Calling(Box<Question>),
    /// Looking for the pattern of behaviour at this index.
    Watching {
        when: When,
        index: usize,
        watch: Watch,
    },
    /// Taking from the limit at this index.
    Limiting { index: usize, take: Take },
    /// Spending from the quota of the limit at this index, which a fleet shares.
    Spending { index: usize, spend: Box<Spend> },
    /// Waiting for the request body.
    RequestBody,
    /// Waiting for the response head.
    Forwarded,
    /// Waiting for the response body.
    ResponseBody { head: Box<ResponseHead> },
}

/// What a control's finding means for the exchange.
#[must_use]
enum Found {
    /// It goes on.
    Passes,
    /// It ends here.
    Refused(Refusal),
}

impl Transaction {
    /// Starts an exchange that arrived at `now`.
    #[must_use]
    pub fn new(policy: Arc<Policy>, now: Timestamp) -> Box<Self> {
        let mut record = Record::new(Arc::clone(&policy.name), now);
        let holds = policy.delivery.allow_on_headers_stop_iteration;
        record.revision = policy.revision.as_ref().map(|r| r.shared_name());
        Box::new(Self {
            policy,
            record: Box::new(record),
            state: State::New,
            head: RequestHead::default(),
            target: Target::default(),
            endpoint: None,
            parameters: Vec::new(),
            identity: None,
            asked: Asked::default(),
            replacement: None,
            told: Vec::new(),
            holds,
        })
    }

    /// The proxy cannot hold messages, whatever the policy says of it.
    #[must_use]
    pub fn without_hold(mut self: Box<Self>) -> Box<Self> {
        self.holds = false;
        self
    }

    /// Takes one event and says what comes next.
    #[must_use]
    pub fn handle(mut self: Box<Self>, event: Event, now: Timestamp) -> Step {
        match (std::mem::replace(&mut self.state, State::New), event) {
            (State::New, Event::Request(head)) => self.on_request(*head, now),
            (State::Waiting { until }, Event::Waited { enough }) => {
                self.on_waited(enough || now >= until, now)
            }
            (State::Calling(question), Event::Called(answer)) => {
                self.on_called(*question, &answer, now)
            }
            (State::Watching { when, index, watch }, Event::Answer(answer)) => {
                self.on_watch_answer((when, index, watch), answer, now)
            }
            (State::Limiting { index, take }, Event::Answer(answer)) => {
                self.on_limit_answer(index, take, answer, now)
            }
            (State::Spending { index, spend }, Event::Answer(answer)) => {
                self.on_spend_answer(index, spend, answer, now)
            }
            (State::Spending { index, spend }, Event::Waited { enough }) => {
                self.on_spend_waited(index, spend, enough, now)
            }
            (State::Spending { index, spend }, Event::Called(answer)) => {
                self.on_spend_called(index, spend, &answer, now)
            }
            (State::Proving(proving), Event::Answer(answer)) => {
                self.on_proof_answer(proving, answer, now)
            }
            (State::RequestBody, Event::RequestProgress(length)) => {
                self.on_request_progress(length)
            }
            (State::RequestBody, Event::RequestBody(body)) => self.on_request_body(&body),
            (State::RequestBody, Event::NotHeld) => self.on_request_not_held(),
            (State::Forwarded, Event::Response(head)) => self.on_response(head),
            (State::ResponseBody { head }, Event::ResponseProgress(length)) => {
                self.on_response_progress(head, length)
            }
            (State::ResponseBody { head }, Event::ResponseBody(body)) => {
                self.on_response_body(&head, &body)
            }
            (State::ResponseBody { head }, Event::NotHeld) => self.on_response_not_held(&head),
            (State::Forwarded | State::ResponseBody { .. }, Event::NoResponse) => self.deliver(),
            _ => self.refuse(Reason::Internal.into()),
        }
    }

    /// What is kept of the exchange so far, for what others have to note in it.
    #[must_use]
    pub const fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }

    /// Ends an exchange that comes to no verdict any more: its client has gone. What is left to do stands in the record.
    #[must_use]
    pub fn abandon(self: Box<Self>) -> Box<Record> {
        self.record
    }

    fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint
            .and_then(|index| self.policy.endpoints.get(index))
    }

    /// Notes what a control saw, and says whether it ends the exchange.
    #[cold]
    fn note(&mut self, refusal: Refusal, mode: Mode) -> Found {
        if mode == Mode::Off {
            return Found::Passes;
        }
        self.record.findings.push(Finding {
            control: refusal.reason.control(),
            reason: refusal.reason,
            mode,
            at: refusal.at.clone(),
            detail: refusal.detail.clone(),
        });
        if mode == Mode::Enforce {
            Found::Refused(refusal)
        } else {
            Found::Passes
        }
    }

    /// Notes everything that a control saw at once; the first refusal decides.
    fn note_all(&mut self, refusals: Vec<Refusal>, mode: Mode) -> Found {
        let mut first = Found::Passes;
        for refusal in refusals {
            if let (Found::Refused(refusal), Found::Passes) = (self.note(refusal, mode), &first) {
                first = Found::Refused(refusal);
            }
        }
        first
    }

    /// Ends the exchange with a refusal.
    #[cold]
    fn refuse(self: Box<Self>, refusal: Refusal) -> Step {
        let reply = reply::refusal(&self, &refusal);
        self.end(refusal.reason, reply)
    }

    /// Ends the exchange with a reply.
    #[cold]
    fn end(mut self: Box<Self>, reason: Reason, reply: Reply) -> Step {
        self.record.decision = Decision::Deny;
        self.record.reason = Some(reason);
        self.record.status = Some(reply.status);
        self.record.logged = true;
        Step::Reply(self.finish(), reply)
    }

    /// Ends the exchange: the response goes to the client.
    fn deliver(mut self: Box<Self>) -> Step {
        self.record.logged |= !self.record.findings.is_empty();
        match self.replacement.take() {
            None => Step::Deliver(self.finish()),
            Some(replacement) => Step::Replace(self.finish(), replacement),
        }
    }

    /// The record, with all that it holds.
    fn finish(mut self: Box<Self>) -> Box<Record> {
        self.record.complete(&self.head);
        self.record.host = std::mem::take(&mut self.target.host);
        self.record
    }

    /// Waits in a new state.
    fn wait(mut self: Box<Self>, state: State) -> Box<Self> {
        self.state = state;
        self
    }
}
