//! What is asked of an endpoint's callers: every field from the most specific level that has it.
//!
//! Scopes are one field (`scopes` and `anyScope` together); where no level has them, the description's `security` is asked.

use super::api::Scope;
use super::layers::{Layers, Level};
use super::origin::Origin;
use crate::authorize::{Alternative, Authorization, Merged, Rules, Scopes};
use crate::config::{Authorize, Operation, ResponseRules};
use crate::problem::{Problem, pointer};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is asked of the callers of an endpoint, besides scopes, for people.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizationSummary {
    /// The rules, merged.
    pub rules: Authorize,
    /// What is asked of responses, merged.
    #[serde(skip_serializing_if = "ResponseRules::is_empty")]
    pub response: ResponseRules,
    /// Which level each field comes from: `scopes`, `roles`, `bind`, `response`, …
    pub from: BTreeMap<&'static str, Origin>,
}

impl Scope<'_> {
    pub(super) fn authorization(
        &mut self,
        layers: &Layers<'_>,
        described: Option<Vec<Alternative>>,
        operation: &Operation,
        is_described: bool,
    ) -> (Authorization, Option<Box<AuthorizationSummary>>) {
        let mut found = Found::default();
        let scopes = scopes(layers, described, &mut found);
        let merged = merge(layers, &mut found);
        let mut wrong = Vec::new();
        let rules = Rules::compile(&merged, &mut self.expressions, &mut wrong);
        if let Some((_, at)) = &merged.bind {
            check_bound(
                &rules,
                operation,
                is_described,
                &pointer(at, "bind"),
                &mut wrong,
            );
        }
        for problem in wrong {
            // A mistake in the defaults is one mistake, not one per endpoint.
            if !self.problems.contains(&problem) {
                self.problem(problem);
            }
        }
        let summary = (!found.0.from.is_empty()).then(|| Box::new(found.0));
        (Authorization::new(scopes, rules), summary)
    }
}

/// Notes what is found, and where.
#[derive(Default)]
struct Found(AuthorizationSummary);

impl Found {
    /// The most specific level that has a field.
    fn first<'a, T: Clone>(
        &mut self,
        layers: &Layers<'a>,
        name: &'static str,
        field: impl Fn(&'a Authorize) -> Option<&'a T>,
        kept: impl Fn(&mut Authorize) -> &mut Option<T>,
    ) -> Option<(&'a T, String)> {
        let (value, level) =
            layers.first_level(|rules| rules.authorize.as_ref().and_then(&field))?;
        *kept(&mut self.0.rules) = Some(value.clone());
        self.0.from.insert(name, level.origin.clone());
        Some((value, pointer(&level.at, "authorize")))
    }
}

fn scopes(layers: &Layers<'_>, described: Option<Vec<Alternative>>, found: &mut Found) -> Scopes {
    let own = layers.first_level(|rules| {
        let authorize = rules.authorize.as_ref()?;
        let Authorize {
            scopes, any_scope, ..
        } = authorize;
        (scopes.is_some() || any_scope.is_some()).then_some((scopes, any_scope))
    });
    if let Some(((all, any), Level { origin, .. })) = own {
        found.0.from.insert("scopes", origin.clone());
        found.0.rules.scopes.clone_from(all);
        found.0.rules.any_scope.clone_from(any);
        return Scopes::Policy {
            all: all.clone().unwrap_or_default(),
            any: any.clone().unwrap_or_default(),
        };
    }
    match described {
        Some(alternatives) if !alternatives.is_empty() => {
            if alternatives.iter().any(|a| !a.scopes.is_empty()) {
                found.0.from.insert("scopes", Origin::Description);
            }
            Scopes::Description(alternatives)
        }
        _ => Scopes::Free,
    }
}

fn merge<'a>(layers: &Layers<'a>, found: &mut Found) -> Merged<'a> {
    let merged = Merged {
        roles: found.first(layers, "roles", |a| a.roles.as_ref(), |a| &mut a.roles),
        groups: found.first(layers, "groups", |a| a.groups.as_ref(), |a| &mut a.groups),
        audiences: found.first(
            layers,
            "audiences",
            |a| a.audiences.as_ref(),
            |a| &mut a.audiences,
        ),
        callers: found.first(
            layers,
            "callers",
            |a| a.callers.as_ref(),
            |a| &mut a.callers,
        ),
        claims: found.first(layers, "claims", |a| a.claims.as_ref(), |a| &mut a.claims),
        acr: found.first(layers, "acr", |a| a.acr.as_ref(), |a| &mut a.acr),
        max_auth_age: found.first(
            layers,
            "maxAuthAge",
            |a| a.max_auth_age.as_ref(),
            |a| &mut a.max_auth_age,
        ),
        bind: found.first(layers, "bind", |a| a.bind.as_ref(), |a| &mut a.bind),
        cel: found.first(layers, "cel", |a| a.cel.as_ref(), |a| &mut a.cel),
        response: None,
    };
    let Some((bind, level)) = layers.first_level(|rules| rules.response.bind.as_ref()) else {
        return merged;
    };
    found.0.response.bind = Some(bind.clone());
    found.0.from.insert("response", level.origin.clone());
    Merged {
        response: Some((bind, pointer(&level.at, "response"))),
        ..merged
    }
}

/// A binding of a value that the endpoint's requests can never have would refuse all of them.
fn check_bound(
    rules: &Rules,
    operation: &Operation,
    is_described: bool,
    at: &str,
    problems: &mut Vec<Problem>,
) {
    let label = format!("{} {}", operation.method, operation.path);
    let never = |what: String| {
        Problem::error(
            "bind-never",
            at,
            format!("`{label}` {what}, so the binding can never hold"),
        )
        .hint(
            "bind a value that the endpoint has, or give it a rule with `authorize: { bind: [] }`",
        )
    };
    let (path, query) = rules.bound_parameters();
    for name in path {
        if !operation.path.contains(&format!("{{{name}}}")) {
            problems.push(never(format!("has no path parameter `{name}`")));
        }
    }
    if !is_described {
        return;
    }
    for name in query {
        let declared = operation.parameters.iter().any(|parameter| {
            parameter.location == crate::config::ParameterLocation::Query && parameter.name == *name
        });
        if !declared {
            problems.push(never(format!("declares no query parameter `{name}`")));
        }
    }
    if rules.binds_body() && operation.body.is_none() {
        problems.push(never("takes no body".to_owned()));
    }
}
