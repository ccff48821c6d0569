//! The controls that need the request body.

use super::{Found, State, Step, Transaction};
use crate::config::{Mode, WithoutHold};
use crate::contract::Held;
use crate::verdict::{Reason, Refusal};

impl Transaction {
    /// Holds the head back until the body is complete; says so where the proxy cannot do that.
    pub(super) fn hold_for_body(mut self: Box<Self>, mode: Mode) -> Step {
        if self.holds {
            return Step::NeedBody(self.wait(State::RequestBody));
        }
        let mode = match self.policy.delivery.otherwise {
            WithoutHold::Refuse => mode,
            WithoutHold::HeadOnly => Mode::Monitor,
        };
        match self.note(Refusal::new(Reason::BodyNotHeld), mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.admit(),
        }
    }

    /// The body that was asked for does not come.
    #[cold]
    pub(super) fn on_request_not_held(mut self: Box<Self>) -> Step {
        self.holds = false;
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let needed =
            endpoint.modes.contract != Mode::Off && endpoint.contract.needs_body(&self.head);
        self.bind_body(needed)
    }

    #[inline(never)]
    pub(super) fn on_request_progress(mut self: Box<Self>, length: usize) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let mode = endpoint.modes.contract;
        let Some(refusal) = endpoint.contract.check_size(length) else {
            return Step::NeedBody(self.wait(State::RequestBody));
        };
        match self.note(refusal, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            // Too long to be judged, and not to be refused: it passes unjudged, with the finding, unless it is bound.
            Found::Passes => self.bound_body(None),
        }
    }

    #[inline(never)]
    pub(super) fn on_request_body(mut self: Box<Self>, body: &[u8]) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let mode = endpoint.modes.contract;
        let mut held = Held::new(body);
        let refusals = match endpoint.contract.check_size(body.len()) {
            // Only a binding asked for the body.
            _ if mode == Mode::Off => Vec::new(),
            Some(refusal) => vec![refusal],
            None => endpoint.contract.check_body(&self.head, &mut held),
        };
        match self.note_all(refusals, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.bound_body(Some(held)),
        }
    }
}
