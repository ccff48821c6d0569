//! What the caller may do, decided by what is known of the caller and of the request's head; bindings also by bodies.
//!
//! [`Authorization`] is what one endpoint asks. Its scopes stand beside its other rules, because most endpoints ask for nothing
//! else. Modules: [`scopes`], [`members`] (roles, groups, audiences), [`claims`], [`step_up`], [`binding`],
//! [`expression`]; [`compile`] makes the rules.
//!
//! INVARIANT (deny on doubt): a caller who is not known holds nothing, so every rule about a caller refuses an anonymous one.

pub(crate) mod binding;
mod claim;
mod claims;
mod compile;
#[cfg(feature = "cel")]
mod expression;
#[cfg(not(feature = "cel"))]
#[path = "expression_absent.rs"]
mod expression;
mod members;
mod scopes;
mod step_up;

pub(crate) use compile::{Expressions, Merged};
pub(crate) use scopes::{Alternative, Scopes};

use crate::config::Timestamp;
use crate::contract::Json;
use crate::http::{RequestHead, Target};
use crate::identity::{self, Identity, Provider, SpiffePattern};
use crate::verdict::{Reason, Refusal};
use binding::{Binding, Part};
use claims::ClaimRule;
use expression::Expression;
use members::Members;
use std::sync::Arc;
use step_up::StepUp;

/// What an endpoint asks of its callers.
#[derive(Debug, Default)]
pub(crate) struct Authorization {
    pub(crate) scopes: Scopes,
    rules: Option<Box<Rules>>,
}

/// Everything that is asked besides scopes.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    audiences: Option<Members>,
    /// Empty where any service may call.
    callers: Vec<SpiffePattern>,
    roles: Option<Members>,
    groups: Option<Members>,
    claims: Vec<ClaimRule>,
    step_up: Option<StepUp>,
    /// Bindings of values in the head, in the body, and in the response.
    head: Vec<Binding>,
    body: Vec<Binding>,
    response: Vec<Binding>,
    expression: Option<Arc<Expression>>,
}

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) identity: Option<&'a Identity>,
    /// The providers that the endpoint accepts.
    pub(crate) providers: &'a [Arc<Provider>],
    pub(crate) head: &'a RequestHead,
    pub(crate) target: &'a Target,
    /// The path's parameters, by name.
    pub(crate) parameters: &'a [(Arc<str>, String)],
}

impl Authorization {
    pub(crate) fn new(scopes: Scopes, rules: Rules) -> Self {
        let rules = (!rules.is_empty()).then(|| Box::new(rules));
        Self { scopes, rules }
    }

    /// Everything that the head shows to be missing. Costs no memory where nothing is.
    ///
    /// Step-up comes last: a stronger login is worth asking for only where it would help.
    pub(crate) fn check(&self, request: &Request<'_>, now: Timestamp) -> Vec<Refusal> {
        let caller = request
            .identity
            .map(|identity| (&*identity.provider, &*identity.scopes));
        let mut refusals = Vec::new();
        refusals.extend(self.scopes.check(caller).err());
        if let Some(rules) = &self.rules {
            rules.check(request, now, &mut refusals);
        }
        refusals
    }

    /// Whether the verdict needs the request's body.
    pub(crate) fn binds_body(&self) -> bool {
        self.rules.as_ref().is_some_and(|r| !r.body.is_empty())
    }

    /// Whether the verdict needs the response's body.
    pub(crate) fn binds_response(&self) -> bool {
        self.rules.as_ref().is_some_and(|r| !r.response.is_empty())
    }

    /// The request's body: `None` where it is missing or could not be read.
    pub(crate) fn check_body(
        &self,
        request: &Request<'_>,
        body: Option<&Json<'_>>,
    ) -> Vec<Refusal> {
        let bindings = self.rules.iter().flat_map(|rules| &rules.body);
        broken(bindings, request, &Part::Body(body))
    }

    /// The response's body: `None` where it could not be read.
    pub(crate) fn check_response(
        &self,
        request: &Request<'_>,
        body: Option<&Json<'_>>,
    ) -> Vec<Refusal> {
        let bindings = self.rules.iter().flat_map(|rules| &rules.response);
        broken(bindings, request, &Part::Body(body))
    }

    /// The challenge of a refusal for a login that is too weak or too old.
    pub(crate) fn step_up_challenge(&self, realm: &str) -> Option<String> {
        let step_up = self.rules.as_ref()?.step_up.as_ref()?;
        Some(step_up.challenge(realm))
    }

    /// Whether the verdict depends on the certificate of the connection.
    pub(crate) fn needs_principal(&self) -> bool {
        self.rules.as_ref().is_some_and(|rules| {
            let mut bindings = rules.head.iter().chain(&rules.body).chain(&rules.response);
            !rules.callers.is_empty()
                || bindings.any(Binding::uses_principal)
                || rules.expression.as_ref().is_some_and(|e| e.uses_source())
        })
    }

    /// Whether the verdict depends on the address of the peer.
    pub(crate) fn needs_address(&self) -> bool {
        let expression = self.rules.as_ref().and_then(|r| r.expression.as_ref());
        expression.is_some_and(|e| e.uses_source())
    }

    /// Whether an object that the request names, or that the response holds, must belong to the caller.
    pub(crate) fn binds_object(&self) -> bool {
        self.rules.as_ref().is_some_and(|rules| {
            let named = !rules.head.is_empty() || !rules.body.is_empty();
            let expression = rules.expression.as_ref();
            named || !rules.response.is_empty() || expression.is_some_and(|e| e.uses_parameters())
        })
    }

    /// Judges another identity on the same request: what a description asks of each. A policy's rule is about the caller.
    pub(crate) fn check_other(&self, other: (&str, &[String])) -> Result<(), Refusal> {
        self.scopes.check_other(other)
    }
}

impl Rules {
    /// Whether nothing is asked.
    fn is_empty(&self) -> bool {
        let Self {
            audiences,
            callers,
            roles,
            groups,
            claims,
            step_up,
            head,
            body,
            response,
            expression,
        } = self;
        audiences.is_none()
            && callers.is_empty()
            && roles.is_none()
            && groups.is_none()
            && claims.is_empty()
            && step_up.is_none()
            && head.is_empty()
            && body.is_empty()
            && response.is_empty()
            && expression.is_none()
    }

    fn check(&self, request: &Request<'_>, now: Timestamp, refusals: &mut Vec<Refusal>) {
        let claims = request.identity.map(|identity| &*identity.claims);
        let members = [&self.audiences, &self.roles, &self.groups];
        for members in members.into_iter().flatten() {
            refusals.extend(members.check(claims).err());
        }
        if !self.callers.is_empty() && !self.admits(request) {
            refusals.push(Refusal::at(Reason::CallerDenied, "source.principal"));
        }
        for rule in &self.claims {
            refusals.extend(rule.check(claims).err());
        }
        refusals.extend(broken(&self.head, request, &Part::Head));
        // The dearest rule runs only for those whom the others admit.
        if let (true, Some(expression)) = (refusals.is_empty(), &self.expression) {
            refusals.extend(expression.check(request, now).err());
        }
        if let (true, Some(step_up)) = (refusals.is_empty(), &self.step_up) {
            refusals.extend(step_up.check(claims, now).err());
        }
    }

    /// Whether the calling service is one of those that may call.
    fn admits(&self, request: &Request<'_>) -> bool {
        let workload = identity::workload(request.providers, request.head);
        workload.is_some_and(|id| self.callers.iter().any(|pattern| pattern.matches(&id)))
    }
}

fn broken<'a>(
    bindings: impl IntoIterator<Item = &'a Binding>,
    request: &Request<'_>,
    part: &Part<'_>,
) -> Vec<Refusal> {
    bindings
        .into_iter()
        .filter_map(|binding| binding.check(request, part).err())
        .collect()
}
