//! The controls that need the request head, in order: reading, route, authenticate, authorize, limit, contract.

use super::behaviour::When;
use super::{Found, State, Step, Transaction, reply, upstream};
use crate::compile::Access;
use crate::config::{Mode, Timestamp, Unknown};
use crate::http::{self, RequestHead};
use crate::identity::{self, Failure, Provider};
use crate::route;
use crate::verdict::{Reason, Refusal};
use std::sync::Arc;

impl Transaction {
    pub(super) fn on_request(mut self: Box<Self>, head: RequestHead, now: Timestamp) -> Step {
        self.record.describe_head(&head, &self.policy);
        let mut reading = http::read(&head, &self.policy.reading);
        self.head = head;
        let target = reading.target.as_ref();
        if target.is_some_and(|target| target.with_semicolons.is_some()) {
            self.read_matrix(&mut reading);
        }
        if let Found::Refused(refusal) = self.note_all(reading.refusals, self.policy.reading_mode) {
            return self.refuse(refusal);
        }
        let Some(target) = reading.target else {
            // Only in `monitor` or `off`. What cannot be read belongs to no API, and no later control could judge it.
            let what = self.policy.unknown_hosts;
            return self.unknown(what, Reason::HostUnknown, Vec::new());
        };
        self.target = target;
        self.route(now)
    }

    fn route(mut self: Box<Self>, now: Timestamp) -> Step {
        let method = String::from_utf8_lossy(&self.head.method);
        let found = self.policy.router.find(
            &self.target.host,
            &method,
            &self.target.segments,
            &self.head,
        );
        match found {
            route::Found::Endpoint {
                api,
                endpoint,
                params,
            } => {
                self.endpoint = Some(endpoint);
                self.parameters = params;
                self.name_api(api);
                if let Some(endpoint) = self.policy.endpoints.get(endpoint) {
                    self.record.endpoint = Some(Arc::clone(&endpoint.label));
                    self.record.operation.clone_from(&endpoint.operation);
                }
                if let Found::Refused(refusal) = self.head_bounds() {
                    return self.refuse(refusal);
                }
                self.watch(When::Early, 0, now)
            }
            route::Found::Preflight { api } => {
                self.name_api(api);
                self.admit()
            }
            route::Found::HostUnknown => {
                let what = self.policy.unknown_hosts;
                self.unknown(what, Reason::HostUnknown, Vec::new())
            }
            route::Found::EndpointUnknown { apis } => {
                let what = self.name_apis(&apis);
                self.unknown(what, Reason::EndpointUnknown, Vec::new())
            }
            route::Found::MethodUnknown { apis, allow } => {
                let what = self.name_apis(&apis);
                self.unknown(what, Reason::MethodUnknown, allow)
            }
        }
    }

    fn name_api(&mut self, api: usize) {
        self.record.api = self.policy.apis.get(api).map(|a| Arc::clone(&a.name));
    }

    /// Notes the API that lacks an endpoint, where there is but one, and says what it does with what it does not have.
    /// Where several APIs could have it, the strictest decides.
    fn name_apis(&mut self, apis: &[usize]) -> Unknown {
        if let [api] = apis {
            self.name_api(*api);
        }
        let said = apis.iter().map(|api| {
            self.policy
                .apis
                .get(*api)
                .map_or(Unknown::Deny, |a| a.unknown_endpoints)
        });
        said.min().unwrap_or(Unknown::Deny)
    }

    #[cold]
    fn unknown(mut self: Box<Self>, what: Unknown, reason: Reason, allow: Vec<String>) -> Step {
        let mode = match what {
            Unknown::Deny => Mode::Enforce,
            Unknown::Monitor => Mode::Monitor,
            Unknown::Allow => Mode::Off,
        };
        match self.note(Refusal::new(reason), mode) {
            Found::Passes => self.admit(),
            Found::Refused(refusal) => {
                let mut reply = reply::refusal(&self, &refusal);
                if !allow.is_empty() {
                    reply.headers.push(("allow".to_owned(), allow.join(", ")));
                }
                self.end(reason, reply)
            }
        }
    }

    pub(super) fn authenticate(mut self: Box<Self>, now: Timestamp) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let mode = endpoint.modes.authenticate;
        let open = !matches!(endpoint.access, Access::Closed);
        if mode != Mode::Off {
            let known = match &endpoint.access {
                Access::Public => Ok(None),
                Access::Closed => Err(Refusal::new(Reason::AuthenticationNotConfigured).into()),
                Access::Known {
                    providers,
                    together,
                    optional,
                } => {
                    let accepted: Vec<&Provider> = providers.iter().map(Arc::as_ref).collect();
                    let (head, target) = (&self.head, &self.target);
                    let asked = &self.asked;
                    let known = if together.is_empty() {
                        identity::authenticate(&accepted, head, target, asked, now)
                    } else {
                        identity::together(together, &accepted, head, target, asked, now)
                    };
                    match known {
                        Ok(None) if !optional => {
                            Err(Refusal::new(Reason::CredentialMissing).into())
                        }
                        known => known,
                    }
                }
            };
            match known {
                Ok(identity) => self.identity = identity,
                Err(Failure::Pending(pending)) => return self.pend(pending, now),
                Err(Failure::Unavailable(what)) => return self.unavailable(what, mode, now),
                Err(Failure::Refused(refusal)) => {
                    self.record.token_digest = identity::token_digest(refusal.reason, &self.head);
                    if let Found::Refused(refusal) = self.note(refusal, mode) {
                        return self.refuse(refusal);
                    }
                }
            }
            if let Some(identity) = &self.identity {
                self.record.provider = Some(Arc::clone(&identity.provider));
                self.record.subject = Some(Arc::clone(&identity.subject));
                self.record.by_key = identity.by_key;
                self.record.with = identity
                    .with
                    .iter()
                    .map(|i| (Arc::clone(&i.provider), Arc::clone(&i.subject)))
                    .collect();
            }
            // A password that nobody here has judged goes to the service: whoever watches should know.
            if open && identity::sends_password(&self.head) && !self.was_key_in_authorization() {
                let refusal = Refusal::at(Reason::BasicCredential, "header.authorization");
                if let Found::Refused(refusal) = self.note(refusal, Mode::Monitor) {
                    return self.refuse(refusal);
                }
            }
        }
        self.prove(now)
    }

    fn was_key_in_authorization(&self) -> bool {
        let identities = self.identity.iter().flat_map(identity::Identity::all);
        let mut places = identities.filter_map(|i| i.credential.as_ref());
        places.any(|place| &*place.name == "authorization")
    }

    pub(super) fn authorize(mut self: Box<Self>, now: Timestamp) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let mode = endpoint.modes.authorize;
        if mode != Mode::Off {
            let mut refusals = endpoint.authorization.check(&self.judged(), now);
            let others = self.identity.iter().flat_map(|i| &i.with);
            refusals.extend(others.filter_map(|i| {
                let other = (&*i.provider, &*i.scopes);
                endpoint.authorization.check_other(other).err()
            }));
            if let Found::Refused(refusal) = self.note_all(refusals, mode) {
                return self.refuse(refusal);
            }
        }
        self.protect(now)
    }

    /// Judges parameters and everything about the body that the head tells.
    pub(super) fn contract(mut self: Box<Self>) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let mode = endpoint.modes.contract;
        if mode == Mode::Off {
            return self.bind_body(false);
        }
        let contract = &endpoint.contract;
        let seen = contract.check_head(&self.head, &self.target, &self.parameters);
        // `unknownQuery: monitor` reports on its own, whatever the control's mode is; `monitor` never refuses.
        if let Found::Refused(refusal) = self.note_all(seen.reported, Mode::Monitor) {
            return self.refuse(refusal);
        }
        if let Found::Refused(refusal) = self.note_all(seen.refusals, mode) {
            return self.refuse(refusal);
        }
        self.bind_body(seen.needs_body)
    }

    /// The request may go upstream.
    pub(super) fn admit(mut self: Box<Self>) -> Step {
        let mut forward = upstream::forward(&self);
        forward.response_headers = std::mem::take(&mut self.told);
        forward.watch_response = self
            .endpoint()
            .is_some_and(|e| e.responses || e.authorization.binds_response());
        Step::Forward(self.wait(State::Forwarded), forward)
    }
}
