//! Bindings of objects in bodies: the part of `authorize` that the head cannot decide.
//!
//! INVARIANT (no binding is waived): where a body cannot be held or read, its bindings refuse in the mode of `authorize`,
//! whatever the contract does about that body.

use super::{Found, State, Step, Transaction};
use crate::authorize::Request;
use crate::compile::Access;
use crate::config::Mode;
use crate::contract::Held;
use crate::http::ResponseHead;
use crate::verdict::{Reason, Refusal};

impl Transaction {
    /// What authorization looks at.
    pub(super) fn judged(&self) -> Request<'_> {
        let providers = match self.endpoint().map(|e| &e.access) {
            Some(Access::Known { providers, .. }) => providers.as_slice(),
            Some(Access::Closed | Access::Public) | None => &[],
        };
        Request {
            identity: self.identity.as_ref(),
            providers,
            head: &self.head,
            target: &self.target,
            parameters: &self.parameters,
        }
    }

    /// The mode in which the request's body is bound; `None` where it is not.
    fn body_binding(&self) -> Option<Mode> {
        let endpoint = self.endpoint()?;
        let mode = endpoint.modes.authorize;
        (endpoint.authorization.binds_body() && mode != Mode::Off).then_some(mode)
    }

    /// Goes on after the head was judged: holds it back where the contract or a binding needs the body.
    pub(super) fn bind_body(mut self: Box<Self>, contract_needs_body: bool) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let contract_mode = endpoint.modes.contract;
        let Some(mode) = self.body_binding() else {
            return if contract_needs_body {
                self.hold_for_body(contract_mode)
            } else {
                self.admit()
            };
        };
        let readable = self
            .endpoint()
            .is_some_and(|e| e.contract.is_readable(&self.head));
        let refusals = match (readable, self.holds) {
            (true, true) => return Step::NeedBody(self.wait(State::RequestBody)),
            (true, false) => vec![Refusal::new(Reason::BodyNotHeld)],
            (false, _) => self.check_bound_body(None),
        };
        match self.note_all(refusals, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes if contract_needs_body => self.hold_for_body(contract_mode),
            Found::Passes => self.admit(),
        }
    }

    /// Goes on after the contract has passed the whole body, or was not able to judge it (`None`).
    pub(super) fn bound_body(mut self: Box<Self>, body: Option<Held<'_>>) -> Step {
        let Some(mode) = self.body_binding() else {
            return self.admit();
        };
        let refusals = self.check_bound_body(body);
        match self.note_all(refusals, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.admit(),
        }
    }

    fn check_bound_body(&self, body: Option<Held<'_>>) -> Vec<Refusal> {
        let Some(endpoint) = self.endpoint() else {
            return vec![Reason::Internal.into()];
        };
        let value = body.and_then(|body| endpoint.contract.value(&self.head, body));
        let request = self.judged();
        endpoint.authorization.check_body(&request, value.as_ref())
    }

    /// The mode in which a response is bound; `None` where it is not: an error carries no object.
    pub(super) fn response_binding(&self, head: &ResponseHead) -> Option<Mode> {
        let endpoint = self.endpoint()?;
        let mode = endpoint.modes.authorize;
        let binds = endpoint.authorization.binds_response()
            && mode != Mode::Off
            && (200..300).contains(&head.status)
            && crate::contract::has_body(head, &self.head.method);
        binds.then_some(mode)
    }

    /// Whether the response's bindings can be judged when its body is there.
    pub(super) fn is_response_readable(&self, head: &ResponseHead) -> bool {
        self.endpoint()
            .is_some_and(|e| e.contract.response().is_readable(head))
    }

    /// What a response's bindings say: `None` for a body that could not be brought.
    pub(super) fn check_bound_response(
        &self,
        head: &ResponseHead,
        body: Option<Held<'_>>,
    ) -> Vec<Refusal> {
        let Some(endpoint) = self.endpoint() else {
            return vec![Reason::Internal.into()];
        };
        let value = body.and_then(|body| endpoint.contract.response().value(head, body));
        let request = self.judged();
        endpoint
            .authorization
            .check_response(&request, value.as_ref())
    }
}
