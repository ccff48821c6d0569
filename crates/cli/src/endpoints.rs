//! What applies to each endpoint: the rules of every level of a bundle, merged.
//!
//! For people only: `explain`, and the coverage in `check`. Verdicts come from the engine.

use meshward_engine::config::{
    Api, Authenticate, Authorize, BodyRules, Document, Endpoint as Rule, Mode, Modes, Operation,
    Rules, Unknown,
};
use meshward_engine::verdict::Control;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One endpoint with everything that applies to it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Endpoint {
    /// The API.
    pub(crate) api: String,
    /// The method, in upper case.
    pub(crate) method: String,
    /// The path template, without the base path.
    pub(crate) path: String,
    /// The `operationId`.
    pub(crate) operation: Option<String>,
    /// The description's `summary`.
    pub(crate) summary: Option<String>,
    /// Whether the description marks it as deprecated.
    pub(crate) deprecated: bool,
    /// Whether the description has it.
    pub(crate) described: bool,
    /// Who may call.
    pub(crate) callers: Callers,
    /// Alternatives of scopes, all of one needed; no alternative: no scope is needed.
    pub(crate) scopes: Vec<Vec<String>>,
    /// At least one of these scopes is needed.
    pub(crate) any_scope: Vec<String>,
    /// The limits that apply.
    pub(crate) limits: Vec<String>,
    /// The parameters that the description declares.
    pub(crate) parameters: usize,
    /// The media types of the request body, if there is one.
    pub(crate) body: Vec<String>,
    /// Whether a response is declared with a schema.
    pub(crate) response_schema: bool,
    /// What happens to undeclared query parameters.
    pub(crate) unknown_query: Unknown,
    /// Bounds on the body.
    pub(crate) bounds: BodyRules,
    /// The mode of each control.
    pub(crate) modes: BTreeMap<Control, Mode>,
}

/// Who may call an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Callers {
    /// Nobody: neither the policy nor the description says who.
    Nobody,
    /// Anybody.
    Anybody,
    /// Whom one of these providers knows.
    KnownTo(Vec<String>),
    /// Whom one of these providers knows, and whoever shows no credential.
    KnownOrAnonymous(Vec<String>),
}

impl Endpoint {
    /// `METHOD /template`, as in logs.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The mode of a control.
    pub(crate) fn mode(&self, control: Control) -> Mode {
        self.modes.get(&control).copied().unwrap_or(Mode::Enforce)
    }
}

/// Every endpoint of a bundle, in the order of the policy and the descriptions.
pub(crate) fn endpoints(bundle: &Document) -> Vec<Endpoint> {
    bundle
        .apis
        .iter()
        .flat_map(|api| of_api(bundle, api))
        .collect()
}

fn of_api(bundle: &Document, api: &Api) -> Vec<Endpoint> {
    let operations = api.description.iter().flat_map(|d| &d.operations);
    let mut found: Vec<Endpoint> = operations
        .map(|operation| {
            let (method, path) = (&operation.method, &operation.path);
            merge(bundle, api, method, path, Some(operation))
        })
        .collect();
    let known: BTreeSet<String> = found.iter().map(Endpoint::label).collect();
    for rule in &api.endpoints {
        if let (Some(method), Some(path)) = (&rule.selector.method, &rule.selector.path)
            && !known.contains(&format!("{method} {path}"))
        {
            found.push(merge(bundle, api, method, path, None));
        }
    }
    found
}

/// The rules for one endpoint, the most specific first: its own, those of its tags, the API's defaults.
fn levels<'a>(
    api: &'a Api,
    method: &str,
    path: &str,
    operation: Option<&Operation>,
) -> Vec<std::borrow::Cow<'a, Rules>> {
    let own = |rule: &&Rule| {
        let selector = &rule.selector;
        let by_operation = selector.operation.is_some()
            && selector.operation == operation.and_then(|o| o.id.clone());
        let by_path =
            selector.method.as_deref() == Some(method) && selector.path.as_deref() == Some(path);
        by_operation || by_path
    };
    let tagged = |rule: &&Rule| {
        let tags = operation.map_or(&[] as &[String], |o| o.tags.as_slice());
        rule.selector.tag.as_ref().is_some_and(|t| tags.contains(t))
    };
    let rules = |rule: &Rule| std::borrow::Cow::Owned(rule.rules());
    let mut levels: Vec<_> = api.endpoints.iter().filter(own).map(rules).collect();
    levels.extend(api.endpoints.iter().filter(tagged).map(rules));
    levels.push(std::borrow::Cow::Borrowed(&api.defaults));
    levels
}

fn merge(
    bundle: &Document,
    api: &Api,
    method: &str,
    path: &str,
    operation: Option<&Operation>,
) -> Endpoint {
    let levels = levels(api, method, path, operation);
    let specific = levels.split_last().map_or(&[] as &[_], |(_, rest)| rest);
    let security = operation.and_then(|o| o.security.as_ref());
    let authenticate = specific.iter().find_map(|r| r.authenticate.clone());
    let authorize = specific.iter().find_map(|r| r.authorize.clone());
    let callers = match (authenticate, security) {
        (Some(own), _) => callers(&own),
        (None, Some(security)) => described_callers(api, security),
        (None, None) => api
            .defaults
            .authenticate
            .as_ref()
            .map_or(Callers::Nobody, callers),
    };
    let (scopes, any_scope) = match (
        authorize.or_else(|| api.defaults.authorize.clone()),
        security,
    ) {
        (Some(Authorize { scopes, any_scope }), _) if scopes.is_empty() => (Vec::new(), any_scope),
        (Some(Authorize { scopes, any_scope }), _) => (vec![scopes], any_scope),
        (None, Some(security)) => (described_scopes(security), Vec::new()),
        (None, None) => (Vec::new(), Vec::new()),
    };
    let modes = Control::ALL
        .into_iter()
        .map(|control| (control, mode(bundle, &levels, control)))
        .collect();
    Endpoint {
        api: api.name.clone(),
        method: method.to_owned(),
        path: path.to_owned(),
        operation: operation.and_then(|o| o.id.clone()),
        summary: operation.and_then(|o| o.summary.clone()),
        deprecated: operation.is_some_and(|o| o.deprecated),
        described: operation.is_some(),
        callers,
        scopes,
        any_scope,
        limits: levels
            .iter()
            .find_map(|r| r.limits.clone())
            .unwrap_or_default(),
        parameters: operation.map_or(0, |o| o.parameters.len()),
        body: operation
            .and_then(|o| o.body.as_ref())
            .map(|body| body.content.keys().cloned().collect())
            .unwrap_or_default(),
        response_schema: operation.is_some_and(|o| {
            let mut media = o.responses.values().flat_map(|r| r.content.values());
            media.any(|m| m.schema.is_some())
        }),
        unknown_query: levels
            .iter()
            .find_map(|r| r.unknown_query)
            .unwrap_or(Unknown::Deny),
        bounds: BodyRules {
            max_size: levels.iter().find_map(|r| r.body.max_size),
            max_depth: levels.iter().find_map(|r| r.body.max_depth),
            max_values: levels.iter().find_map(|r| r.body.max_values),
        },
        modes,
    }
}

fn callers(rule: &Authenticate) -> Callers {
    match rule {
        Authenticate { public: true, .. } => Callers::Anybody,
        Authenticate { optional: true, .. } => Callers::KnownOrAnonymous(rule.any_of.clone()),
        Authenticate { any_of, .. } => Callers::KnownTo(any_of.clone()),
    }
}

fn described_callers(api: &Api, security: &[BTreeMap<String, Vec<String>>]) -> Callers {
    if security.is_empty() {
        return Callers::Anybody;
    }
    let mut names: Vec<String> = Vec::new();
    for scheme in security.iter().flat_map(BTreeMap::keys) {
        let provider = api.security_schemes.get(scheme).unwrap_or(scheme);
        if !names.contains(provider) {
            names.push(provider.clone());
        }
    }
    if security.iter().any(BTreeMap::is_empty) {
        Callers::KnownOrAnonymous(names)
    } else {
        Callers::KnownTo(names)
    }
}

fn described_scopes(security: &[BTreeMap<String, Vec<String>>]) -> Vec<Vec<String>> {
    let mut alternatives: Vec<Vec<String>> = Vec::new();
    for alternative in security {
        let scopes: Vec<String> = alternative.values().flatten().cloned().collect();
        if scopes.is_empty() {
            return Vec::new();
        }
        if !alternatives.contains(&scopes) {
            alternatives.push(scopes);
        }
    }
    alternatives
}

/// The most specific level that speaks of a control decides; on one level, the control's own mode before the common one.
fn mode(bundle: &Document, levels: &[std::borrow::Cow<'_, Rules>], control: Control) -> Mode {
    let top = (bundle.mode, bundle.modes);
    let all = levels.iter().map(|r| (r.mode, r.modes)).chain([top]);
    let named = |modes: &Modes| match control {
        Control::Reading => bundle.modes.reading,
        Control::Route => None,
        Control::Authenticate => modes.authenticate,
        Control::Authorize => modes.authorize,
        Control::Limit => modes.limit,
        Control::Contract => modes.contract,
        Control::Response => modes.response,
    };
    let fallback = match control {
        // A response must be held back to be judged, so that is never switched on by the way.
        Control::Response => {
            return all
                .filter_map(|(_, m)| named(&m))
                .next()
                .unwrap_or(Mode::Off);
        }
        // No endpoint is known yet.
        Control::Reading => {
            return bundle
                .modes
                .reading
                .or(bundle.mode)
                .unwrap_or(Mode::Enforce);
        }
        Control::Route
        | Control::Authenticate
        | Control::Authorize
        | Control::Limit
        | Control::Contract => Mode::Enforce,
    };
    all.filter_map(|(mode, modes)| named(&modes).or(mode))
        .next()
        .unwrap_or(fallback)
}
