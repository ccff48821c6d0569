//! What the levels of a policy say, merged, to the rules of one endpoint.

use super::Rules;
use super::binding::{Binding, Side};
use super::claim::ClaimPath;
use super::claims::{ClaimRule, Test};
use super::expression::{Expression, Functions};
use super::members::{Form, Members};
use super::step_up::{StepUp, is_acr};
use crate::config::{self, Span};
use crate::identity::SpiffePattern;
use crate::problem::{Problem, pointer};
use crate::verdict::Reason;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One field of `authorize`, and the JSON pointer of the `authorize` that has it.
pub(crate) type Said<'a, T> = Option<(&'a T, String)>;

/// What every level says, each field from the most specific one. The scopes are not among it.
#[derive(Debug, Default)]
pub(crate) struct Merged<'a> {
    pub(crate) roles: Said<'a, config::Members>,
    pub(crate) groups: Said<'a, config::Members>,
    pub(crate) audiences: Said<'a, Vec<String>>,
    pub(crate) callers: Said<'a, Vec<config::Caller>>,
    pub(crate) claims: Said<'a, Vec<config::ClaimRule>>,
    pub(crate) acr: Said<'a, config::Acr>,
    pub(crate) max_auth_age: Said<'a, Span>,
    pub(crate) bind: Said<'a, Vec<config::Binding>>,
    pub(crate) cel: Said<'a, String>,
    /// With the JSON pointer of `response`.
    pub(crate) response: Said<'a, Vec<config::Binding>>,
}

/// The expressions of a document: one that many endpoints get from one level is compiled once.
#[derive(Default)]
pub(crate) struct Expressions {
    functions: Option<Functions>,
    /// By their JSON pointers. `None` for one that did not compile.
    compiled: BTreeMap<String, Option<Arc<Expression>>>,
}

impl Expressions {
    fn compile(
        &mut self,
        text: &str,
        at: String,
        problems: &mut Vec<Problem>,
    ) -> Option<Arc<Expression>> {
        if let Some(known) = self.compiled.get(&at) {
            return known.clone();
        }
        let functions = self.functions.get_or_insert_with(Functions::new);
        let expression = match Expression::compile(text, functions) {
            Ok(expression) => Some(Arc::new(expression)),
            Err(wrong) => {
                let wrong = wrong.into_iter();
                problems.extend(wrong.map(|what| Problem::error("expression", at.clone(), what)));
                None
            }
        };
        self.compiled.insert(at, expression.clone());
        expression
    }
}

impl Rules {
    /// Compiles what is said. What is wrong becomes a problem.
    pub(crate) fn compile(
        merged: &Merged<'_>,
        expressions: &mut Expressions,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let Merged {
            roles,
            groups,
            audiences,
            callers,
            claims,
            acr,
            max_auth_age,
            bind,
            cel,
            response,
        } = merged;
        let mut rules = Self {
            audiences: audiences
                .as_ref()
                .and_then(|(names, _)| self::audiences(names)),
            roles: members(roles, "roles", Reason::RoleMissing, problems),
            groups: members(groups, "groups", Reason::GroupMissing, problems),
            expression: cel
                .as_ref()
                .and_then(|(text, at)| expressions.compile(text, pointer(at, "cel"), problems)),
            step_up: step_up(acr, max_auth_age, problems),
            ..Self::default()
        };
        if let Some((list, at)) = callers {
            each(list, &pointer(at, "callers"), |caller, at| {
                rules.callers.extend(self::caller(caller, at, problems));
            });
        }
        if let Some((list, at)) = claims {
            each(list, &pointer(at, "claims"), |claim, at| {
                rules.claims.extend(claim_rule(claim, at, problems));
            });
        }
        if let Some((list, at)) = bind {
            each(list, &pointer(at, "bind"), |config, at| {
                let binding = Binding::compile(config, Side::Request, at, problems);
                if let Some(binding) = binding {
                    if binding.is_of_body() {
                        rules.body.push(binding);
                    } else {
                        rules.head.push(binding);
                    }
                }
            });
        }
        if let Some((list, at)) = response {
            each(list, &pointer(at, "bind"), |config, at| {
                let binding = Binding::compile(config, Side::Response, at, problems);
                rules.response.extend(binding);
            });
        }
        rules
    }

    /// The parameters of the path and of the query that bindings need.
    pub(crate) fn bound_parameters(&self) -> (Vec<&str>, Vec<&str>) {
        let path = self.head.iter().filter_map(Binding::path_parameter);
        let query = self.head.iter().filter_map(Binding::query_parameter);
        (path.collect(), query.collect())
    }

    /// Whether a binding needs the body.
    pub(crate) fn binds_body(&self) -> bool {
        !self.body.is_empty()
    }
}

fn each<T>(list: &[T], at: &str, mut compile: impl FnMut(&T, &str)) {
    for (i, item) in list.iter().enumerate() {
        compile(item, &pointer(at, i));
    }
}

fn audiences(names: &[String]) -> Option<Members> {
    (!names.is_empty()).then_some(Members {
        claim: ClaimPath::parse("aud")?,
        form: Form::Single,
        any_of: names.to_vec(),
        all_of: Vec::new(),
        reason: Reason::AudienceMissing,
    })
}

fn members(
    said: &Said<'_, config::Members>,
    field: &str,
    reason: Reason,
    problems: &mut Vec<Problem>,
) -> Option<Members> {
    let (config, at) = said.as_ref()?;
    let config::Members {
        claim,
        any_of,
        all_of,
    } = config;
    if any_of.is_empty() && all_of.is_empty() {
        return None;
    }
    let at = pointer(at, field);
    let path = claim.as_deref().unwrap_or(field);
    Some(Members {
        claim: claim_path(path, &at, problems)?,
        form: Form::Spaced,
        any_of: any_of.clone(),
        all_of: all_of.clone(),
        reason,
    })
}

fn claim_path(text: &str, at: &str, problems: &mut Vec<Problem>) -> Option<ClaimPath> {
    let path = ClaimPath::parse(text);
    if path.is_none() {
        problems.push(
            Problem::error("claim-path", pointer(at, "claim"), format!("`{text}` is not the path of a claim"))
                .hint("write names with dots between them (`realm_access.roles`), or a JSON pointer where a name has dots itself (`/https:~1~1example.com~1roles`)"),
        );
    }
    path
}

fn caller(config: &config::Caller, at: &str, problems: &mut Vec<Problem>) -> Option<SpiffePattern> {
    let config::Caller {
        spiffe,
        namespace,
        service_account,
        trust_domain,
    } = config;
    let text = match (spiffe, namespace) {
        (Some(text), None) if service_account.is_none() && trust_domain.is_none() => text.clone(),
        (None, Some(namespace)) => {
            let trust_domain = trust_domain.as_deref().unwrap_or("cluster.local");
            let account = service_account.as_deref().unwrap_or("*");
            if namespace.contains('/') || account.contains('/') {
                problems.push(Problem::error(
                    "caller-pattern",
                    at,
                    "a namespace and a service account have no `/`",
                ));
                return None;
            }
            format!("spiffe://{trust_domain}/ns/{namespace}/sa/{account}")
        }
        _ => {
            problems.push(
                Problem::error("caller-form", at, "a caller needs either `spiffe`, or `namespace`")
                    .hint("write `{ spiffe: \"spiffe://cluster.local/ns/shop/sa/web\" }` or `{ namespace: shop, serviceAccount: web }`"),
            );
            return None;
        }
    };
    SpiffePattern::compile(&text)
        .map_err(|why| problems.push(Problem::error("caller-pattern", at, why)))
        .ok()
}

fn claim_rule(
    config: &config::ClaimRule,
    at: &str,
    problems: &mut Vec<Problem>,
) -> Option<ClaimRule> {
    let config::ClaimRule {
        claim,
        equals,
        one_of,
        contains,
        present,
    } = config;
    let values = equals.iter().chain(one_of).chain(contains);
    for value in values {
        let comparable = match value {
            Value::String(_) | Value::Bool(_) => true,
            Value::Number(number) => !number.is_f64(),
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        };
        if !comparable {
            problems.push(Problem::error(
                "claim-value",
                at,
                "a claim is compared with text, a whole number, `true` or `false`",
            ));
            return None;
        }
    }
    let tests = [
        equals.clone().map(|value| Test::OneOf(vec![value])),
        (!one_of.is_empty()).then(|| Test::OneOf(one_of.clone())),
        contains.clone().map(Test::Contains),
        present.map(|present| if present { Test::Present } else { Test::Absent }),
    ];
    let mut tests = tests.into_iter().flatten();
    let (Some(test), None) = (tests.next(), tests.next()) else {
        problems.push(Problem::error(
            "claim-form",
            at,
            "a claim needs exactly one of `equals`, `oneOf`, `contains` and `present`",
        ));
        return None;
    };
    Some(ClaimRule {
        claim: claim_path(claim, at, problems)?,
        test,
    })
}

fn step_up(
    acr: &Said<'_, config::Acr>,
    max_auth_age: &Said<'_, Span>,
    problems: &mut Vec<Problem>,
) -> Option<StepUp> {
    let accepted = acr
        .as_ref()
        .map(|(config, at)| accepted_acr(config, &pointer(at, "acr"), problems))
        .unwrap_or_default();
    let max_age = max_auth_age.as_ref().map(|(age, at)| {
        if age.seconds() == 0 {
            problems.push(Problem::error(
                "max-auth-age",
                pointer(at, "maxAuthAge"),
                "no login is as recent as that: use at least one second",
            ));
        }
        age.seconds()
    });
    (!accepted.is_empty() || max_age.is_some()).then_some(StepUp {
        acr: accepted,
        max_age,
    })
}

fn accepted_acr(config: &config::Acr, at: &str, problems: &mut Vec<Problem>) -> Vec<String> {
    let config::Acr {
        any_of,
        levels,
        at_least,
    } = config;
    let accepted = match (any_of.as_slice(), levels.as_slice(), at_least) {
        ([], [], None) => return Vec::new(),
        (any_of, [], None) => any_of.to_vec(),
        ([], levels, Some(least)) => {
            let from = levels.iter().skip_while(|level| *level != least);
            let accepted: Vec<String> = from.cloned().collect();
            if accepted.is_empty() {
                problems.push(
                    Problem::error(
                        "acr-level",
                        pointer(at, "atLeast"),
                        format!("`{least}` is not one of the `levels`"),
                    )
                    .hint("list every level from the weakest to the strongest"),
                );
            }
            accepted
        }
        _ => {
            problems.push(Problem::error(
                "acr-form",
                at,
                "`acr` needs either `anyOf`, or `levels` and `atLeast`",
            ));
            return Vec::new();
        }
    };
    if let Some(wrong) = accepted.iter().find(|acr| !is_acr(acr)) {
        problems.push(
            Problem::error("acr-value", at, format!("`{wrong}` cannot be asked for"))
                .hint("use visible ASCII characters without quotes, backslashes and spaces"),
        );
    }
    accepted
}
