//! The endpoints of a policy, for people: what the engine makes of the rules, with what the description says of requests.

use crate::policy::Ready;
use meshward_engine::config::{Members, Mode, Operation, ParameterLocation};
use meshward_engine::verdict::{Control, Reason};
use meshward_engine::{AccessSummary, EndpointSummary};
use serde::Serialize;

/// One endpoint with everything that applies to it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Endpoint {
    /// What the policy asks.
    #[serde(flatten)]
    pub(crate) rules: EndpointSummary,
    /// What the description says, where it has the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<Request>,
}

/// What a request looks like.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    /// The parameters, as `query.limit`.
    pub(crate) parameters: Vec<String>,
    /// The media types of the body; none when there is no body.
    pub(crate) body: Vec<String>,
    /// Whether the body must be there.
    pub(crate) body_required: bool,
}

impl Endpoint {
    /// The method.
    pub(crate) fn method(&self) -> &str {
        self.rules
            .endpoint
            .split_once(' ')
            .map_or("", |(method, _)| method)
    }

    /// The path template.
    pub(crate) fn path(&self) -> &str {
        self.rules
            .endpoint
            .split_once(' ')
            .map_or("", |(_, path)| path)
    }

    /// The mode of a control.
    pub(crate) fn mode(&self, control: Control) -> Mode {
        self.rules.modes.get(&control).copied().unwrap_or(Mode::Off)
    }

    /// Whether a control refuses here.
    pub(crate) fn enforces(&self, control: Control) -> bool {
        self.mode(control) == Mode::Enforce
    }

    /// Whether every request must come with a credential.
    pub(crate) fn asks_who(&self) -> bool {
        match &self.rules.access {
            AccessSummary::Closed
            | AccessSummary::Known {
                optional: false, ..
            } => true,
            AccessSummary::Public | AccessSummary::Known { optional: true, .. } => false,
        }
    }

    /// Whether a caller must hold any scope.
    pub(crate) fn asks_for_scopes(&self) -> bool {
        !self.rules.scopes.is_empty() && self.rules.scopes.iter().all(|scopes| !scopes.is_empty())
    }

    /// Whether the service that calls must be a certain one.
    pub(crate) fn asks_which_service(&self) -> bool {
        let asked = self.rules.authorization.as_deref();
        let callers = asked.and_then(|asked| asked.rules.callers.as_ref());
        callers.is_some_and(|list| !list.is_empty()) && self.enforces(Control::Authorize)
    }

    /// Whether not everybody who is known may call: API5, broken function level authorization.
    pub(crate) fn is_authorized(&self) -> bool {
        let asked = self.rules.authorization.as_deref();
        let by_rule = asked.is_some_and(|asked| {
            let rules = &asked.rules;
            let names = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|l| !l.is_empty());
            let members = |members: &Option<Members>| {
                let members = members.as_ref();
                members.is_some_and(|m| !m.any_of.is_empty() || !m.all_of.is_empty())
            };
            names(&rules.audiences)
                || members(&rules.roles)
                || members(&rules.groups)
                || rules.claims.as_ref().is_some_and(|l| !l.is_empty())
                || rules.cel.is_some()
        });
        self.enforces(Control::Authorize)
            && (by_rule || self.asks_for_scopes() || self.asks_which_service())
    }

    /// Whether an object that the request names, or that the response holds, must belong to the caller.
    pub(crate) fn binds_object(&self) -> bool {
        self.rules.binds_object && self.enforces(Control::Authorize)
    }

    /// Whether the path names an object: a parameter that is called like an identifier.
    pub(crate) fn names_object(&self) -> bool {
        let parameters = self.path().split('{').skip(1);
        let mut names = parameters.filter_map(|rest| rest.split_once('}').map(|(name, _)| name));
        names.any(is_identifier)
    }

    /// Whether the description gives it a request body.
    pub(crate) fn takes_body(&self) -> bool {
        self.request
            .as_ref()
            .is_some_and(|request| !request.body.is_empty())
    }
}

/// Whether a parameter is called like one that tells one object from another.
fn is_identifier(name: &str) -> bool {
    const ENDINGS: [&str; 11] = [
        "id", "uuid", "guid", "key", "number", "ref", "slug", "name", "code", "handle", "login",
    ];
    let lower = name.to_ascii_lowercase();
    let plain = lower.trim_end_matches('s');
    ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// Every endpoint, in the order of the policy and its descriptions.
pub(crate) fn endpoints(ready: &Ready) -> Vec<Endpoint> {
    ready
        .policy
        .endpoints()
        .map(|rules| join(ready, rules))
        .collect()
}

/// The endpoint that a request would meet.
pub(crate) fn find(
    ready: &Ready,
    method: &str,
    authority: &str,
    target: &str,
) -> Result<Endpoint, Reason> {
    let rules = ready.policy.find(method, authority, target)?;
    Ok(join(ready, rules))
}

fn join(ready: &Ready, mut rules: EndpointSummary) -> Endpoint {
    // Two schemes may ask for the same scopes.
    rules.scopes.dedup();
    let descriptions = ready.bundle.apis.iter().filter(|api| api.name == rules.api);
    let request = descriptions
        .flat_map(|api| api.description.iter().flat_map(|d| &d.operations))
        .find(|operation| rules.endpoint == format!("{} {}", operation.method, operation.path))
        .map(request);
    Endpoint { rules, request }
}

fn request(operation: &Operation) -> Request {
    let parameters = operation.parameters.iter().map(|parameter| {
        let place = match parameter.location {
            ParameterLocation::Path => "path",
            ParameterLocation::Query => "query",
            ParameterLocation::Header => "header",
            ParameterLocation::Cookie => "cookie",
        };
        format!("{place}.{}", parameter.name)
    });
    let body = operation.body.as_ref();
    Request {
        parameters: parameters.collect(),
        body: body
            .map(|body| body.content.keys().cloned().collect())
            .unwrap_or_default(),
        body_required: body.is_some_and(|body| body.required),
    }
}
