//! The way back: responses against the description, and the objects in them against their caller.

use super::{Found, HeaderChange, Replacement, State, Step, Transaction};
use crate::config::Mode;
use crate::contract::Held;
use crate::http::ResponseHead;
use crate::verdict::{Reason, Refusal};

/// Fields that speak of the bytes that the upstream sent.
const OF_THE_BYTES: [&str; 6] = [
    "content-length",
    "content-md5",
    "content-digest",
    "digest",
    "repr-digest",
    "etag",
];

/// Another body, and the fields that go with it.
fn replacement(head: &ResponseHead, body: Vec<u8>) -> Replacement {
    let present = |name: &&str| head.headers.first(name).is_some();
    let removed = OF_THE_BYTES.into_iter().filter(present);
    let mut headers: Vec<HeaderChange> = removed
        .map(|name| HeaderChange::Remove(name.into()))
        .collect();
    if present(&"content-length") {
        headers.push(HeaderChange::Add(
            "content-length".into(),
            body.len().to_string(),
        ));
    }
    Replacement { headers, body }
}

impl Transaction {
    #[inline(never)]
    pub(super) fn on_response(mut self: Box<Self>, head: Box<ResponseHead>) -> Step {
        let mut needs_body = false;
        if let Some(mode) = self.response_contract() {
            let Some(endpoint) = self.endpoint() else {
                return self.refuse(Reason::Internal.into());
            };
            let contract = endpoint.contract.response();
            let refusals = contract.check_head(&head, &self.head.method);
            needs_body = refusals.is_empty() && contract.needs_body(&head, &self.head.method);
            if let Found::Refused(refusal) = self.note_all(refusals, mode) {
                return self.refuse(refusal);
            }
        }
        let mut binding = self.response_binding(&head);
        if let Some(mode) = binding.filter(|_| !self.is_response_readable(&head)) {
            let refusals = self.check_bound_response(&head, None);
            if let Found::Refused(refusal) = self.note_all(refusals, mode) {
                return self.refuse(refusal);
            }
            binding = None;
        }
        if !needs_body && binding.is_none() {
            return self.deliver();
        }
        if self.holds {
            return Step::NeedBody(self.wait(State::ResponseBody { head }));
        }
        self.deliver_unjudged(needs_body, binding)
    }

    /// The body that was asked for does not come.
    #[cold]
    pub(super) fn on_response_not_held(mut self: Box<Self>, head: &ResponseHead) -> Step {
        self.holds = false;
        let contract = self.endpoint().map(|endpoint| endpoint.contract.response());
        let needs_body = contract.is_some_and(|c| c.needs_body(head, &self.head.method));
        let binding = self.response_binding(head);
        let binding = binding.filter(|_| self.is_response_readable(head));
        self.deliver_unjudged(needs_body, binding)
    }

    /// Says that the response's body would have to be judged and cannot be.
    fn deliver_unjudged(self: Box<Self>, needs_body: bool, binding: Option<Mode>) -> Step {
        let contract = self.response_contract().filter(|_| needs_body);
        // One finding, in the stricter of the two modes.
        let mode = if [contract, binding].contains(&Some(Mode::Enforce)) {
            Mode::Enforce
        } else {
            Mode::Monitor
        };
        let refusal = Refusal::new(Reason::ResponseNotHeld);
        self.deliver_unless(vec![refusal], mode)
    }

    #[inline(never)]
    pub(super) fn on_response_progress(
        mut self: Box<Self>,
        head: Box<ResponseHead>,
        length: usize,
    ) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let Some(refusal) = endpoint.contract.response().check_size(length) else {
            return Step::NeedBody(self.wait(State::ResponseBody { head }));
        };
        let mode = self.response_contract().unwrap_or(Mode::Off);
        if let Found::Refused(refusal) = self.note(refusal, mode) {
            return self.refuse(refusal);
        }
        self.deliver_bound(&head, None)
    }

    #[inline(never)]
    pub(super) fn on_response_body(mut self: Box<Self>, head: &ResponseHead, body: &[u8]) -> Step {
        let mut held = Held::new(body);
        if let Some(mode) = self.response_contract() {
            let Some(endpoint) = self.endpoint() else {
                return self.refuse(Reason::Internal.into());
            };
            let contract = endpoint.contract.response();
            let scopes = self.identity.as_ref().map_or(&[][..], |i| &i.scopes);
            let method = &self.head.method;
            let judged =
                contract.check_body(head, method, &mut held, mode == Mode::Enforce, scopes);
            // Reported on its own, whatever the control's mode is; `monitor` never refuses.
            if let Found::Refused(refusal) = self.note_all(judged.reported, Mode::Monitor) {
                return self.refuse(refusal);
            }
            if let Found::Refused(refusal) = self.note_all(judged.refusals, mode) {
                return self.refuse(refusal);
            }
            self.replacement = judged.replaced.map(|body| replacement(head, body));
        }
        self.deliver_bound(head, Some(held))
    }

    /// The mode in which the response is held to its description; `None` where it is not.
    fn response_contract(&self) -> Option<Mode> {
        let endpoint = self.endpoint().filter(|e| e.responses)?;
        Some(endpoint.modes.response)
    }

    /// Delivers the response where its objects belong to the caller.
    fn deliver_bound(self: Box<Self>, head: &ResponseHead, body: Option<Held<'_>>) -> Step {
        let Some(mode) = self
            .response_binding(head)
            .filter(|_| self.is_response_readable(head))
        else {
            return self.deliver();
        };
        let refusals = self.check_bound_response(head, body);
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
