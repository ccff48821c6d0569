//! The way back: responses against the description.

use super::{Found, State, Step, Transaction};
use crate::config::Mode;
use crate::http::ResponseHead;
use crate::verdict::{Reason, Refusal};

impl Transaction {
    pub(super) fn on_response(mut self: Box<Self>, head: Box<ResponseHead>) -> Step {
        let Some(endpoint) = self.endpoint().filter(|e| e.responses) else {
            return self.deliver();
        };
        let mode = endpoint.modes.response;
        let contract = endpoint.contract.response();
        let refusals = contract.check_head(&head, &self.head.method);
        let needs_body = refusals.is_empty() && contract.needs_body(&head, &self.head.method);
        if let Found::Refused(refusal) = self.note_all(refusals, mode) {
            return self.refuse(refusal);
        }
        if !needs_body {
            return self.deliver();
        }
        if self.policy.delivery.allow_on_headers_stop_iteration {
            return Step::NeedBody(self.wait(State::ResponseBody { head }));
        }
        let refusal = Refusal::new(Reason::ResponseNotHeld);
        self.deliver_unless(vec![refusal], mode)
    }

    pub(super) fn on_response_progress(
        self: Box<Self>,
        head: Box<ResponseHead>,
        length: usize,
    ) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let mode = endpoint.modes.response;
        match endpoint.contract.response().check_size(length) {
            Some(refusal) => self.deliver_unless(vec![refusal], mode),
            None => Step::NeedBody(self.wait(State::ResponseBody { head })),
        }
    }

    pub(super) fn on_response_body(self: Box<Self>, head: &ResponseHead, body: &[u8]) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let mode = endpoint.modes.response;
        let contract = endpoint.contract.response();
        let refusals = contract.check_body(head, &self.head.method, body);
        self.deliver_unless(refusals, mode)
    }

    /// Notes what was seen, and delivers the response where that does not end the exchange.
    fn deliver_unless(mut self: Box<Self>, refusals: Vec<Refusal>, mode: Mode) -> Step {
        match self.note_all(refusals, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.deliver(),
        }
    }
}
