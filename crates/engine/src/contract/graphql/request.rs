//! GraphQL requests in bodies and query strings ("GraphQL over HTTP").
//!
//! INVARIANT (one reading): nothing stands in a request that a server could take for a part of it besides what is read here.

use super::super::json::{self, Bounds};
use super::super::place;
use crate::verdict::{Reason, Refusal};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The parts of a request.
pub(in super::super) const MEMBERS: [&str; 4] =
    ["query", "operationName", "variables", "extensions"];

/// One request.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    /// The text of its document.
    pub(super) query: Option<&'a str>,
    /// The operation that is run.
    pub(super) name: Option<&'a str>,
    pub(super) variables: Option<Cow<'a, Map<String, Value>>>,
    /// The digest of its document, as it was sent.
    pub(super) digest: Option<String>,
}

/// The requests in a body: one, or a list where there may be one.
pub(super) fn of_body(value: &Value, batch: Option<usize>) -> Result<Vec<Request<'_>>, Refusal> {
    let Value::Array(items) = value else {
        return Ok(vec![of_value(value)?]);
    };
    match batch {
        Some(most) if items.len() <= most && !items.is_empty() => {
            items.iter().map(of_value).collect()
        }
        Some(most) => Err(Refusal::new(Reason::GraphqlBatch)
            .expected(format!("expected from 1 to {most} requests"))),
        None => Err(Refusal::new(Reason::GraphqlBatch).expected("expected one request")),
    }
}

fn of_value(value: &Value) -> Result<Request<'_>, Refusal> {
    let members = value
        .as_object()
        .ok_or_else(|| malformed("body", "expected an object"))?;
    let mut request = Request::default();
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        match (name.as_str(), value) {
            ("query", Value::String(text)) => request.query = Some(text),
            ("operationName", Value::String(name)) => request.name = named(name),
            ("variables", Value::Object(all)) => request.variables = Some(Cow::Borrowed(all)),
            ("extensions", Value::Object(all)) => request.digest = digest(all)?,
            (name, _) => return Err(misplaced(name)),
        }
    }
    Ok(request)
}

/// The request in a query string.
pub(super) fn of_query(query: &[(String, String)], bounds: Bounds) -> Result<Request<'_>, Refusal> {
    let mut request = Request::default();
    let mut seen: Vec<&str> = Vec::new();
    for (name, text) in query {
        let Some(member) = MEMBERS.into_iter().find(|member| member == name) else {
            continue;
        };
        if seen.contains(&member) {
            return Err(malformed(member, "expected it once"));
        }
        seen.push(member);
        match member {
            "query" => request.query = Some(text),
            "operationName" => request.name = named(text),
            _ => {
                let object = match json::read(text.as_bytes(), bounds) {
                    Ok(Value::Object(all)) => all,
                    Ok(Value::Null) => continue,
                    Ok(_) | Err(_) => return Err(misplaced(member)),
                };
                if member == "variables" {
                    request.variables = Some(Cow::Owned(object));
                } else {
                    request.digest = digest(&object)?;
                }
            }
        }
    }
    Ok(request)
}

/// Clients write an empty name where they have none.
fn named(name: &str) -> Option<&str> {
    (!name.is_empty()).then_some(name)
}

/// The digest in `persistedQuery`. Other extensions are between client and service.
fn digest(extensions: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let Some(persisted) = extensions.get("persistedQuery").filter(|p| !p.is_null()) else {
        return Ok(None);
    };
    match persisted.get("sha256Hash") {
        Some(Value::String(digest)) => Ok(Some(digest.clone())),
        _ => Err(misplaced("extensions")),
    }
}

/// A member that is of a wrong type, or none of a request.
fn misplaced(name: &str) -> Refusal {
    let expected = match name {
        "query" | "operationName" => "expected a text",
        "variables" => "expected an object",
        "extensions" => "expected an object, in which `persistedQuery` has a `sha256Hash`",
        _ => "expected `query`, `operationName`, `variables` and `extensions` only",
    };
    malformed(name, expected)
}

fn malformed(what: &str, expected: &str) -> Refusal {
    let at = place::bounded(&format!("graphql.{what}"));
    Refusal::at(Reason::GraphqlMalformed, at).expected(expected)
}
