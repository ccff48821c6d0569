//! Parameters, bodies and responses against the description.
//!
//! Per API: make [`Schemas`], compile a [`Contract`] for every operation with it, then [`Schemas::finish`], which compiles all
//! schemas at once and says everything that is wrong. A contract whose schemas were not finished lets no value pass.
//!
//! Per request, in this order: [`Contract::check_head`]; where [`Contract::needs_body`], [`Contract::check_size`] while the
//! body grows and [`Contract::check_body`] at its end; then the same on [`Contract::response`].
//!
//! INVARIANT (bounded answers): a check returns at most [`MOST_REFUSALS`] refusals, and none holds a value.

mod accept;
mod body;
mod choice;
mod content;
mod cost;
mod cut;
mod encoded;
mod fields;
mod formats;
mod graphql;
mod json;
mod lint;
mod media;
mod parameter;
mod place;
mod readable;
mod response;
mod response_filter;
mod schema;
mod shape;
mod upgrade;
mod value;
mod words;

pub(crate) use graphql::{Graphql, With};
pub(crate) use json::{Json, Kind as JsonKind};
pub(crate) use readable::Held;
pub(crate) use response::{ResponseContract, has_body};
pub(crate) use response_filter::FilterRules;
pub(crate) use schema::Schemas;

use crate::config::{BodyRules, Operation, ParameterLocation, Unknown};
use crate::http::{RequestHead, Target, cookie};
use crate::problem::pointer;
use crate::verdict::{Reason, Refusal};
use accept::Acceptable;
use body::{Announced, Body};
use content::{Contents, Direction};
use parameter::{Given, Parameter};
use std::sync::Arc;

/// The most refusals that one check returns.
const MOST_REFUSALS: usize = 10;

/// What a policy adds to an operation's own contract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// Bounds on bodies.
    pub(crate) body: BodyRules,
    /// What happens to undeclared query parameters.
    pub(crate) unknown_query: Unknown,
    /// Query parameters that are no part of the contract but known: those that carry API keys.
    pub(crate) allowed_query: &'a [String],
    /// Whether responses are judged: their schemas are compiled only then.
    pub(crate) responses: bool,
    /// What is taken out of responses.
    pub(crate) filter: &'a FilterRules,
    /// What happens to requests that accept nothing that is declared.
    pub(crate) accept: Unknown,
}

/// What one operation takes and gives.
#[derive(Debug)]
pub(crate) struct Contract {
    parameters: Vec<Parameter>,
    /// What is done about undeclared query parameters, and which there may be besides the declared ones.
    unknown_query: Unknown,
    allowed_query: Vec<String>,
    body: Body,
    accept: Acceptable,
    response: ResponseContract,
    graphql: Option<Box<Graphql>>,
    /// Whether another protocol may be spoken after it.
    upgrades: bool,
}

/// What a head shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// What breaks the contract.
    pub(crate) refusals: Vec<Refusal>,
    /// What is only reported, whatever the control's mode: unknown query parameters under `unknownQuery: monitor`, and the same for `accept`.
    pub(crate) reported: Vec<Refusal>,
    /// Whether the body must be held back until it is judged.
    pub(crate) needs_body: bool,
}

impl Contract {
    /// The contract of a described operation.
    pub(crate) fn compile<'a>(
        operation: &'a Operation,
        rules: Rules<'_>,
        schemas: &mut Schemas<'a>,
    ) -> Self {
        let mut parameters: Vec<Parameter> = operation
            .parameters
            .iter()
            .filter_map(|parameter| Parameter::compile(parameter, schemas))
            .collect();
        let query = parameters
            .iter()
            .filter(|parameter| parameter.location == ParameterLocation::Query);
        let mut taken: Vec<String> = query.map(|parameter| parameter.name.clone()).collect();
        taken.extend_from_slice(rules.allowed_query);
        for parameter in &mut parameters {
            parameter.leave(&taken);
        }
        let body = match &operation.body {
            None => Body::nothing(rules.body),
            Some(body) => {
                let at = pointer(&pointer(&operation.at, "requestBody"), "content");
                let contents = Contents::compile(&body.content, &at, Direction::Request, schemas);
                Body::declared(rules.body, body.required, contents)
            }
        };
        Self {
            parameters,
            unknown_query: rules.unknown_query,
            allowed_query: rules.allowed_query.to_vec(),
            body,
            accept: Acceptable::compile(operation, rules.accept),
            response: if rules.responses {
                ResponseContract::compile(operation, rules.filter, schemas)
            } else {
                ResponseContract::default()
            },
            graphql: None,
            upgrades: operation.upgrades(),
        }
    }

    /// The contract of an endpoint without a description: it only bounds the size of bodies.
    pub(crate) fn none(body: BodyRules) -> Self {
        Self {
            parameters: Vec::new(),
            unknown_query: Unknown::Allow,
            allowed_query: Vec::new(),
            body: Body::any(body),
            accept: Acceptable::default(),
            response: ResponseContract::default(),
            graphql: None,
            upgrades: true,
        }
    }

    /// The same for an endpoint that takes GraphQL.
    pub(crate) fn with_graphql(mut self, graphql: Graphql) -> Self {
        self.allowed_query
            .extend(graphql.parameters().map(str::to_owned));
        self.graphql = Some(Box::new(graphql));
        self
    }

    /// What is asked of GraphQL requests, where the endpoint takes them.
    pub(crate) fn graphql(&self) -> Option<&Graphql> {
        self.graphql.as_deref()
    }

    /// What the operation may answer.
    pub(crate) fn response(&self) -> &ResponseContract {
        &self.response
    }

    /// Parameters, and what the head says about the body. `path` has the values of the template's parameters.
    pub(crate) fn check_head(
        &self,
        head: &RequestHead,
        target: &Target,
        path: &[(Arc<str>, String)],
    ) -> Checked {
        let declared = self
            .parameters
            .iter()
            .filter_map(|parameter| check(parameter, head, target, path));
        let mut checked = Checked {
            refusals: declared.take(MOST_REFUSALS).collect(),
            reported: Vec::new(),
            needs_body: false,
        };
        let unknown = self.unknown_query(target).take(MOST_REFUSALS);
        match self.unknown_query {
            Unknown::Deny => checked.refusals.extend(unknown),
            Unknown::Monitor => checked.reported.extend(unknown),
            Unknown::Allow => {}
        }
        let accept = self.accept.check(&head.headers);
        match self.accept.unknown {
            Unknown::Deny => checked.refusals.extend(accept),
            Unknown::Monitor => checked.reported.extend(accept),
            Unknown::Allow => {}
        }
        let upgrades = upgrade::is_asked(head);
        if !self.upgrades && upgrades {
            checked
                .refusals
                .push(Refusal::at(Reason::UpgradeUndeclared, "header.upgrade"));
        }
        let body = self.body.announced(head);
        checked.refusals.extend(self.body.check_head(&body));
        checked.needs_body = !upgrades && self.holds(head, &body);
        if let Some(graphql) = &self.graphql {
            let refusal = graphql.check_head(head, target, &self.body);
            add(&mut checked.refusals, refusal);
        }
        checked.refusals.truncate(MOST_REFUSALS);
        checked
    }

    /// Whether every segment with a `;` is the value of a parameter of style `matrix`, or ends in one. `path` has the values of the
    /// template's parameters.
    pub(crate) fn declares_semicolons(
        &self,
        segments: &[String],
        path: &[(Arc<str>, String)],
    ) -> bool {
        let matrix = |name: &str| {
            let declared = self.parameters.iter();
            let mut declared = declared.filter(|p| p.location == ParameterLocation::Path);
            declared.any(|parameter| parameter.name == name && parameter.is_matrix())
        };
        let mut values = path.iter().filter(|(_, value)| value.contains(';'));
        let count = values.clone().count();
        count == segments.iter().filter(|s| s.contains(';')).count()
            && values.all(|(name, value)| value.starts_with(';') && matrix(name))
    }

    /// Whether the body must be held back until it is judged.
    pub(crate) fn needs_body(&self, head: &RequestHead) -> bool {
        self.holds(head, &self.body.announced(head)) && !upgrade::is_asked(head)
    }

    fn holds(&self, head: &RequestHead, body: &Announced<'_>) -> bool {
        let graphql = self.graphql.as_ref();
        body.is_needed() || graphql.is_some_and(|graphql| graphql.needs_body(head))
    }

    /// Whether a verdict on a request of known length may need its body.
    pub(crate) fn may_need_body(&self) -> bool {
        let graphql = self.graphql.as_ref();
        self.body.may_be_needed() || graphql.is_some_and(|graphql| graphql.may_need_body())
    }

    /// The length of the body so far.
    pub(crate) fn check_size(&self, length: usize) -> Option<Refusal> {
        self.body.check_size(length)
    }

    /// The whole body. Where its value was read for that, it is kept for other controls.
    pub(crate) fn check_body(&self, head: &RequestHead, body: &mut Held<'_>) -> Vec<Refusal> {
        let mut refusals = self.body.check(head, body, MOST_REFUSALS);
        if let Some(graphql) = &self.graphql {
            let refusal = graphql.check_body(head, body.bytes, &self.body);
            add(&mut refusals, refusal);
        }
        refusals
    }

    fn unknown_query<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = Refusal> + 'a {
        let is_declared = |name: &str| {
            let mut query = self
                .parameters
                .iter()
                .filter(|p| p.location == ParameterLocation::Query);
            query.any(|p| p.owns(name))
        };
        target
            .query
            .iter()
            .filter(move |(name, _)| !is_declared(name) && !self.allowed_query.contains(name))
            .map(|(name, _)| {
                let at = place::parameter(ParameterLocation::Query, name);
                Refusal::at(Reason::ParameterUnknown, at)
            })
    }
}

/// Adds what is found once more in another way only where it is new.
fn add(refusals: &mut Vec<Refusal>, refusal: Option<Refusal>) {
    let known = |new: &Refusal| refusals.iter().any(|one| one.reason == new.reason);
    refusals.extend(refusal.filter(|new| !known(new)));
}

/// Gathers what stands in a parameter's places and checks it.
fn check(
    parameter: &Parameter,
    head: &RequestHead,
    target: &Target,
    path: &[(Arc<str>, String)],
) -> Option<Refusal> {
    match parameter.location {
        ParameterLocation::Path => parameter.check(&Given::of(named(path, &parameter.name))),
        ParameterLocation::Query => parameter.check(&Given {
            texts: named(&target.query, &parameter.name),
            members: target
                .query
                .iter()
                .filter_map(|(name, value)| Some((parameter.member(name)?, value.as_str())))
                .collect(),
        }),
        ParameterLocation::Header => texts(parameter, head.headers.all(&parameter.name)),
        ParameterLocation::Cookie => {
            texts(parameter, cookie::values(&head.headers, &parameter.name))
        }
    }
}

/// The values of a name, in order.
fn named<'a>(pairs: &'a [(impl AsRef<str>, String)], name: &str) -> Vec<&'a str> {
    let of_name = pairs.iter().filter(|(n, _)| n.as_ref() == name);
    of_name.map(|(_, value)| value.as_str()).collect()
}

/// Checks values that came as bytes.
fn texts<'a>(parameter: &Parameter, values: impl Iterator<Item = &'a [u8]>) -> Option<Refusal> {
    let texts: Result<Vec<&str>, _> = values.map(str::from_utf8).collect();
    match texts {
        Ok(texts) => parameter.check(&Given::of(texts)),
        Err(_) => Some(parameter.invalid().expected("expected UTF-8")),
    }
}

#[cfg(test)]
mod tests;
