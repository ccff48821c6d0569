//! The way back: responses against the description.

use super::{Found, State, Step, Transaction};
use crate::config::Mode;
use crate::http::ResponseHead;
use crate::verdict::{Reason, Refusal};

impl Transaction {
    pub(super) fn on_response(mut self, head: &ResponseHead) -> Step {
        // A status of 0 stands for an exchange that is written down without a response.
        let watched = self
            .endpoint()
            .filter(|_| head.status != 0)
            .and_then(|e| e.response.as_ref().map(|r| (r, e.modes.response)));
        let Some((contract, mode)) = watched else {
            return self.deliver();
        };
        let is_head = self.head.method == b"HEAD";
        let refusals = contract.check_head(is_head, head);
        let clean = refusals.is_empty();
        let needs_body = clean && contract.needs_body(is_head, head);
        if let Found::Refused(refusal) = self.note_all(refusals, mode) {
            return self.refuse(refusal);
        }
        if !needs_body {
            return self.deliver();
        }
        if self.policy.delivery.allow_on_headers_stop_iteration {
            return Step::NeedBody(self.wait(State::ResponseBody {
                status: head.status,
            }));
        }
        match self.note(Refusal::new(Reason::ResponseNotHeld), mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.deliver(),
        }
    }

    pub(super) fn on_response_progress(mut self, status: u16, length: usize) -> Step {
        let Some((too_large, mode)) = self.response_size(length) else {
            return self.refuse(Reason::Internal.into());
        };
        let Some(refusal) = too_large else {
            return Step::NeedBody(self.wait(State::ResponseBody { status }));
        };
        match self.note(refusal, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.deliver(),
        }
    }

    pub(super) fn on_response_body(mut self, status: u16, body: &[u8]) -> Step {
        let Some((too_large, mode)) = self.response_size(body.len()) else {
            return self.refuse(Reason::Internal.into());
        };
        let refusals = match (too_large, self.endpoint().and_then(|e| e.response.as_ref())) {
            (Some(refusal), _) => vec![refusal],
            (None, Some(contract)) => contract.check_body(status, body),
            (None, None) => vec![Reason::Internal.into()],
        };
        match self.note_all(refusals, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.deliver(),
        }
    }

    fn response_size(&self, length: usize) -> Option<(Option<Refusal>, Mode)> {
        let endpoint = self.endpoint()?;
        let contract = endpoint.response.as_ref()?;
        Some((contract.check_size(length), endpoint.modes.response))
    }
}
