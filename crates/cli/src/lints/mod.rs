//! What a description leaves open: shapes that nobody declared, and sizes that nobody bounded.
//!
//! Nothing here is a mistake, and Meshward enforces what is written. But what is not written cannot be enforced: unbounded input is
//! how resources are used up (API4:2023), and undeclared members are how properties are read and written that should not be
//! (API3:2023). So these are counted, with places, and never change the exit code.

mod walk;

use crate::style::{FAINT, TITLE};
use meshward_engine::Problem;
use meshward_engine::config::{Description, Operation};
use meshward_engine::pointer;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use walk::Walk;

/// The most places of one kind that are listed for people.
const FEW: usize = 5;
/// The most places of one kind that are listed for tools.
const MANY: usize = 1_000;

/// Something that a description leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    NoResponses,
    NoRequestSchema,
    NoResponseSchema,
    OpenObject,
    UnboundedString,
    UnboundedList,
    UnboundedInteger,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::NoResponses,
        Self::NoRequestSchema,
        Self::NoResponseSchema,
        Self::OpenObject,
        Self::UnboundedString,
        Self::UnboundedList,
        Self::UnboundedInteger,
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::NoResponses => "no-responses",
            Self::NoRequestSchema => "no-request-schema",
            Self::NoResponseSchema => "no-response-schema",
            Self::OpenObject => "open-object",
            Self::UnboundedString => "unbounded-string",
            Self::UnboundedList => "unbounded-list",
            Self::UnboundedInteger => "unbounded-integer",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::NoResponses => "operations without a response for success",
            Self::NoRequestSchema => "request bodies without a schema (API3, API4)",
            Self::NoResponseSchema => "JSON responses without a schema (API3)",
            Self::OpenObject => "objects in requests that take undeclared members (API3)",
            Self::UnboundedString => "texts in requests of any length (API4)",
            Self::UnboundedList => "lists in requests of any length (API4)",
            Self::UnboundedInteger => "whole numbers in requests of any size (API4)",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::NoResponses => {
                "declare what the operation answers, or nothing of it can be judged"
            }
            Self::NoRequestSchema | Self::NoResponseSchema => "give the content a `schema`",
            Self::OpenObject => "set `additionalProperties: false`, or say what others may be",
            Self::UnboundedString => "set `maxLength`, `enum` or `pattern`",
            Self::UnboundedList => "set `maxItems`",
            Self::UnboundedInteger => "set `minimum` and `maximum`, or a `format` such as `int32`",
        }
    }
}

/// What one description leaves open in one way.
#[derive(Debug, Serialize)]
pub(crate) struct Lint {
    api: String,
    file: String,
    code: &'static str,
    /// How many places there are.
    count: usize,
    /// The first of them, as JSON pointers into the file.
    places: Vec<String>,
    #[serde(skip)]
    kind: Kind,
}

/// What the description of an API leaves open, kind by kind.
pub(crate) fn lints(api: &str, description: &Description) -> Vec<Lint> {
    let mut walk = Walk::new(&description.schemas);
    for operation in &description.operations {
        look(operation, &mut walk);
    }
    let found = walk.finish();
    Kind::ALL
        .into_iter()
        .filter_map(|kind| {
            let places: Vec<&String> = found
                .iter()
                .filter(|(k, _)| *k == kind)
                .map(|(_, at)| at)
                .collect();
            (!places.is_empty()).then(|| Lint {
                api: api.to_owned(),
                file: description.source.clone(),
                code: kind.code(),
                count: places.len(),
                places: places.into_iter().take(MANY).cloned().collect(),
                kind,
            })
        })
        .collect()
}

fn look<'a>(operation: &'a Operation, walk: &mut Walk<'a>) {
    for parameter in &operation.parameters {
        if let Some(schema) = &parameter.schema {
            walk.request(schema, pointer(&parameter.at, "schema"));
        }
    }
    if let Some(body) = &operation.body {
        let at = pointer(&pointer(&operation.at, "requestBody"), "content");
        for (name, media) in &body.content {
            let at = pointer(&at, name);
            match media.schema.as_ref().or(media.items.as_ref()) {
                Some(schema) => walk.request(schema, pointer(&at, "schema")),
                None if is_read(name) => walk.note(Kind::NoRequestSchema, at),
                None => {}
            }
        }
    }
    let at = pointer(&operation.at, "responses");
    // 101: from there on another protocol is spoken.
    let is_success =
        |status: &String| status.starts_with(['2', '3']) || matches!(&**status, "101" | "default");
    if !operation.responses.keys().any(is_success) {
        walk.note(Kind::NoResponses, operation.at.clone());
    }
    for (status, response) in &operation.responses {
        let at = pointer(&pointer(&at, status), "content");
        for (name, media) in &response.content {
            let is_json = name == "application/json" || name.ends_with("+json");
            if is_json && media.schema.as_ref().is_none_or(says_nothing) {
                walk.note(Kind::NoResponseSchema, pointer(&at, name));
            }
        }
    }
}

/// Whether content of this type is held to a schema where there is one.
fn is_read(name: &str) -> bool {
    let forms = ["application/x-www-form-urlencoded", "multipart/form-data"];
    name == "application/json" || name.ends_with("+json") || forms.contains(&name)
}

fn says_nothing(schema: &Value) -> bool {
    match schema {
        Value::Bool(all) => *all,
        Value::Object(members) => members.is_empty(),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => false,
    }
}

/// The lists that `check` prints.
pub(crate) fn table(lints: &[Lint]) -> String {
    let mut text = String::new();
    if lints.is_empty() {
        return text;
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{TITLE}What the descriptions leave open{TITLE:#}");
    for lint in lints {
        let Lint {
            api,
            count,
            places,
            kind,
            ..
        } = lint;
        let _ = writeln!(
            text,
            "  {count} {} {FAINT}({api}; {}){FAINT:#}",
            kind.words(),
            kind.hint()
        );
        for at in places.iter().take(FEW) {
            let _ = writeln!(text, "    {FAINT}{at}{FAINT:#}");
        }
    }
    if lints.iter().any(|lint| lint.count > FEW) {
        let _ = writeln!(
            text,
            "  {FAINT}the first {FEW} places of each are shown; all of them with `--format json`{FAINT:#}"
        );
    }
    text.push('\n');
    text
}

/// Notes for code scanning, at their places in the description.
pub(crate) fn notes(lints: &[Lint]) -> Vec<Problem> {
    let of = |lint: &Lint| {
        let places = lint.places.iter();
        let notes = places.map(|at| {
            Problem::warning(lint.kind.code(), at.clone(), lint.kind.words())
                .hint(lint.kind.hint())
                .file(lint.file.clone())
        });
        notes.collect::<Vec<_>>()
    };
    lints.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests;
