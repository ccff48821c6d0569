//! Waiting for what other servers must say before the caller is known, and what happens when they do not.

use super::behaviour::When;
use super::{Found, State, Step, Transaction, reply};
use crate::config::{Mode, OnFailure, Timestamp};
use crate::identity::{Pending, Question, Unavailable};
use crate::remote::{Awaited, CallAnswer};

impl Transaction {
    /// Waits for what must come first.
    #[cold]
    pub(super) fn pend(mut self: Box<Self>, pending: Pending, now: Timestamp) -> Step {
        match pending {
            Pending::Keys(keys) => {
                let until = self.asked.wait(&keys, now);
                Step::Wait(
                    self.wait(State::Waiting { until }),
                    Awaited::Keys(keys),
                    until,
                )
            }
            Pending::Token(question) => {
                let call = question.call();
                Step::Call(self.wait(State::Calling(question)), call)
            }
        }
    }

    /// The keys may have come, or the time is over.
    #[cold]
    pub(super) fn on_waited(mut self: Box<Self>, over: bool, now: Timestamp) -> Step {
        if over {
            self.asked.give_up();
        }
        self.authenticate(now)
    }

    /// A server has said something about the token, or has not.
    #[cold]
    pub(super) fn on_called(
        mut self: Box<Self>,
        question: Question,
        answer: &CallAnswer,
        now: Timestamp,
    ) -> Step {
        question.answered(answer, &mut self.asked, now);
        self.authenticate(now)
    }

    /// The failure contract: refused with the time to try again, or, where the policy says so, let pass without an identity.
    #[cold]
    pub(super) fn unavailable(
        mut self: Box<Self>,
        what: Unavailable,
        mode: Mode,
        now: Timestamp,
    ) -> Step {
        let Unavailable {
            refusal,
            on_failure,
            retry_after,
        } = what;
        let mode = match on_failure {
            OnFailure::Deny => mode,
            OnFailure::Allow => Mode::Monitor,
        };
        match self.note(refusal, mode) {
            Found::Passes => self.watch(When::Late, 0, now),
            Found::Refused(refusal) => {
                let mut reply = reply::refusal(&self, &refusal);
                let retry_after = ("retry-after".to_owned(), retry_after.to_string());
                reply.headers.push(retry_after);
                self.end(refusal.reason, reply)
            }
        }
    }
}
