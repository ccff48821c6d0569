//! Object binding: an object that a request names must belong to its caller.
//!
//! INVARIANT (deny on doubt): a value that is missing, empty, or not of the type holds for nobody.

mod compile;
mod place;
mod scalar;

pub(super) use compile::Side;

use super::Request;
use super::claim::ClaimPath;
use crate::config::Comparison;
use crate::contract::Json;
use crate::verdict::{Reason, Refusal};
use place::Places;
use scalar::Scalar;
use serde_json::Value;

/// One binding.
#[derive(Debug)]
pub(crate) struct Binding {
    /// As the policy writes it.
    value: String,
    source: Source,
    relation: Relation,
    comparison: Comparison,
    /// Of a refusal.
    reason: Reason,
}

/// Where the value stands that names the object.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    Path(String),
    Query(String),
    Header(String),
    Body(Places),
}

/// How the value must relate to its caller.
#[derive(Debug)]
enum Relation {
    Equals(Operand),
    In(Operand),
    OneOf(Vec<String>),
    PrefixOf(Operand, char),
    StartsWith(Operand, char),
}

/// What is known of the caller.
#[derive(Debug, PartialEq, Eq)]
enum Operand {
    Claim(ClaimPath),
    Subject,
    Provider,
    Principal,
    Header(String),
}

/// What a binding's value stands in.
pub(super) enum Part<'a> {
    /// The request's head.
    Head,
    /// A body: `None` where it could not be read.
    Body(Option<&'a Json<'a>>),
}

impl Binding {
    /// Whether the value stands in a body.
    pub(super) fn is_of_body(&self) -> bool {
        matches!(self.source, Source::Body(_))
    }

    /// Whether the certificate of the connection is looked at.
    pub(super) fn uses_principal(&self) -> bool {
        match &self.relation {
            Relation::Equals(operand)
            | Relation::In(operand)
            | Relation::PrefixOf(operand, _)
            | Relation::StartsWith(operand, _) => *operand == Operand::Principal,
            Relation::OneOf(_) => false,
        }
    }

    pub(super) fn check(&self, request: &Request<'_>, part: &Part<'_>) -> Result<(), Refusal> {
        let holds = match (&self.source, part) {
            (Source::Path(name), _) => {
                let values = request.parameters.iter().filter(|(n, _)| **n == **name);
                self.every(values.map(|(_, value)| Some(value.as_str())), request)
            }
            (Source::Query(name), _) => {
                let values = request.target.query.iter().filter(|(n, _)| n == name);
                self.every(values.map(|(_, value)| Some(value.as_str())), request)
            }
            (Source::Header(name), _) => {
                let values = request.head.headers.all(name);
                self.every(values.map(|value| str::from_utf8(value).ok()), request)
            }
            (Source::Body(places), Part::Body(Some(body))) => places.all_hold(body, &|value| {
                Scalar::in_body(value).is_some_and(|value| self.holds(value, request))
            }),
            (Source::Body(_), Part::Body(None) | Part::Head) => false,
        };
        if holds { Ok(()) } else { Err(self.refusal()) }
    }

    /// Whether there is a value, and all of them hold. `None` is one that is no text.
    fn every<'v>(
        &self,
        mut values: impl Iterator<Item = Option<&'v str>>,
        request: &Request<'_>,
    ) -> bool {
        let holds = |value: Option<&str>| {
            value
                .and_then(Scalar::text)
                .is_some_and(|value| self.holds(value, request))
        };
        values.next().is_some_and(&holds) && values.all(holds)
    }

    fn holds(&self, value: Scalar<'_>, request: &Request<'_>) -> bool {
        let equals = |other: Scalar<'_>| value.equals(other, self.comparison);
        match &self.relation {
            Relation::Equals(operand) => operand.one(request).is_some_and(equals),
            Relation::In(operand) => match operand.claim(request) {
                Some(Value::Array(items)) => items.iter().filter_map(Scalar::of).any(equals),
                _ => operand.one(request).is_some_and(equals),
            },
            Relation::OneOf(texts) => texts.iter().filter_map(|t| Scalar::text(t)).any(equals),
            Relation::PrefixOf(operand, separator) => operand
                .one(request)
                .is_some_and(|other| value.is_prefix_of(other, *separator, self.comparison)),
            Relation::StartsWith(operand, separator) => operand
                .one(request)
                .is_some_and(|other| other.is_prefix_of(value, *separator, self.comparison)),
        }
    }

    /// Names the rule, and no value.
    fn refusal(&self) -> Refusal {
        Refusal::at(self.reason, self.value.clone())
    }
}

impl Operand {
    fn claim<'a>(&self, request: &Request<'a>) -> Option<&'a Value> {
        match self {
            Self::Claim(path) => path.find(&request.identity?.claims),
            Self::Subject | Self::Provider | Self::Principal | Self::Header(_) => None,
        }
    }

    /// The one value, if there is exactly one.
    fn one<'a>(&self, request: &Request<'a>) -> Option<Scalar<'a>> {
        match self {
            Self::Claim(_) => self.claim(request).and_then(Scalar::of),
            Self::Subject => Scalar::text(&request.identity?.subject),
            Self::Provider => Scalar::text(&request.identity?.provider),
            Self::Principal => Scalar::text(request.head.source.principal.as_deref()?),
            Self::Header(name) => {
                let mut values = request.head.headers.all(name);
                let first = values.next().filter(|_| values.next().is_none())?;
                Scalar::text(str::from_utf8(first).ok()?)
            }
        }
    }
}
