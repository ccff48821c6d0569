//! What has come out of policy and description together: endpoints that are looser than a floor although no rule says so.

use super::document::Demand;
use super::{Floor, Subject, same_method};
use crate::policy::listed;
use meshward_engine::config::Document;
use meshward_engine::{AccessSummary, EndpointSummary, Origin, Policy, Problem, pointer};
use std::collections::BTreeMap;

/// What is wrong with an endpoint, and the place of the floor that says so.
type Finding = (&'static str, &'static str);

/// A problem for each kind of finding and API.
pub(super) fn problems(floor: &Floor, document: &Document, policy: &Policy) -> Vec<Problem> {
    let mut found: BTreeMap<(String, Finding), Vec<String>> = BTreeMap::new();
    for endpoint in policy.endpoints() {
        for finding in of_endpoint(floor, policy.name(), &endpoint) {
            let key = (endpoint.api.clone(), finding);
            found
                .entry(key)
                .or_default()
                .push(endpoint.endpoint.clone());
        }
    }
    found
        .into_iter()
        .map(|((api, (what, own)), endpoints)| {
            let index = document.apis.iter().position(|a| a.name == api);
            let at = pointer("/apis", index.unwrap_or_default());
            floor.looser(at, &format!("{} {what}", listed(&endpoints)), own)
        })
        .collect()
}

fn of_endpoint(floor: &Floor, policy: &str, endpoint: &EndpointSummary) -> Vec<Finding> {
    let asked = &floor.document.endpoints;
    let waived = |demand| {
        let subject = Subject {
            policy,
            api: &endpoint.api,
        };
        let (method, path) = endpoint.endpoint.split_once(' ').unwrap_or_default();
        let mut exceptions = floor.waived(subject, demand);
        exceptions.any(|exception| {
            let by_id = exception.operation.is_some() && exception.operation == endpoint.operation;
            let by_path = exception.path.as_deref() == Some(path)
                && same_method(exception.method.as_deref(), Some(method));
            by_id || by_path
        })
    };
    let described = endpoint.access_from == Some(Origin::Description);
    let mut findings = Vec::new();
    // What a rule of the policy says was judged where it says it.
    if described && !waived(Demand::Authenticate) {
        match &endpoint.access {
            AccessSummary::Public if asked.authenticate.required => findings.push((
                "may be called by anybody, as the description's `security` says",
                "/endpoints/authenticate/required",
            )),
            AccessSummary::Known { optional: true, .. } if asked.authenticate.required => {
                findings.push((
                    "may be called without a credential, as the description's `security` says",
                    "/endpoints/authenticate/required",
                ));
            }
            AccessSummary::Known { providers, .. }
                if !asked.authenticate.providers.is_empty()
                    && !providers
                        .iter()
                        .all(|name| asked.authenticate.providers.contains(name)) =>
            {
                findings.push((
                    "may be called by those whom another identity provider knows, as the description's `security` says",
                    "/endpoints/authenticate/providers",
                ));
            }
            AccessSummary::Closed | AccessSummary::Public | AccessSummary::Known { .. } => {}
        }
    }
    let anybody = matches!(
        endpoint.access,
        AccessSummary::Public | AccessSummary::Closed
    );
    // An alternative without a scope asks for nothing.
    let scopes = !endpoint.scopes.is_empty() && endpoint.scopes.iter().all(|a| !a.is_empty());
    let asks = scopes || endpoint.authorization.is_some() || endpoint.binds_object;
    if asked.authorize.required && !anybody && !asks && !waived(Demand::Authorize) {
        findings.push((
            "may be called by everybody who is known",
            "/endpoints/authorize/required",
        ));
    }
    findings
}
