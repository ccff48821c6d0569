//! The controls that need the request body.

use super::{Found, State, Step, Transaction};
use crate::config::{Mode, WithoutHold};
use crate::verdict::{Reason, Refusal};

impl Transaction {
    /// Holds the head back until the body is complete; says so where the proxy cannot do that.
    pub(super) fn hold_for_body(mut self: Box<Self>, mode: Mode) -> Step {
        let delivery = &self.policy.delivery;
        if delivery.allow_on_headers_stop_iteration {
            return Step::NeedBody(self.wait(State::RequestBody));
        }
        let mode = match delivery.otherwise {
            WithoutHold::Refuse => mode,
            WithoutHold::HeadOnly => Mode::Monitor,
        };
        match self.note(Refusal::new(Reason::BodyNotHeld), mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.admit(),
        }
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
        let refusals = match endpoint.contract.check_size(body.len()) {
            // Only a binding asked for the body.
            _ if mode == Mode::Off => Vec::new(),
            Some(refusal) => vec![refusal],
            None => endpoint.contract.check_body(&self.head, body),
        };
        match self.note_all(refusals, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.bound_body(Some(body)),
        }
    }
}
