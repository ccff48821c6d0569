//! The media types that a body may have, and their schemas: the same for requests and responses.

use super::lint;
use super::media::{self, Sent};
use super::schema::{Schema, Schemas, Violation};
use super::shape::ShapeId;
use super::value::{Look, Types};
use crate::config::MediaType;
use crate::http::Headers;
use crate::problem::{Problem, pointer};
use serde_json::Value;
use std::collections::BTreeMap;

/// The media types of one body.
#[derive(Debug)]
pub(super) struct Contents(Vec<Declared>);

/// One declared media type.
#[derive(Debug)]
struct Declared {
    essence: String,
    schema: Option<Schema>,
    shape: Option<ShapeId>,
}

/// What a head says about its content, in the light of what is declared.
#[derive(Debug)]
pub(super) enum Known<'a> {
    Missing,
    /// Not declared, unreadable, or JSON that is not UTF-8.
    Undeclared,
    Declared(Content<'a>),
}

/// One content.
#[derive(Debug)]
pub(super) struct Content<'a> {
    /// Whether it is read as JSON.
    pub(super) is_json: bool,
    schema: Option<&'a Schema>,
    /// What is declared of its members, where that is asked for.
    pub(super) shape: Option<ShapeId>,
}

impl Content<'_> {
    /// How a value breaks the schema, if there is one.
    pub(super) fn violations(&self, value: Value, size: usize, most: usize) -> Vec<Violation> {
        self.schema
            .map(|schema| schema.violations(value, size, most))
            .unwrap_or_default()
    }
}

impl Contents {
    /// `at` is the place of `content` in the file.
    pub(super) fn compile<'a>(
        content: &'a BTreeMap<String, MediaType>,
        at: &str,
        shaped: bool,
        schemas: &mut Schemas<'a>,
    ) -> Self {
        let mut contents: Vec<Declared> = Vec::with_capacity(content.len());
        for (declared, MediaType { schema }) in content {
            let at = pointer(at, declared);
            let essence = media::essence(declared);
            if contents.iter().any(|other| other.essence == essence) {
                schemas.note(
                    Problem::error(
                        "media-type-ambiguous",
                        at,
                        format!(
                            "`{essence}` is declared more than once, with different parameters"
                        ),
                    )
                    .hint("declare it once: Meshward tells media types apart by type and subtype"),
                );
                continue;
            }
            let may_be_json = media::is_json(&essence) || essence.ends_with("/*");
            let place = pointer(&at, "schema");
            let compiled = match schema {
                Some(schema) if may_be_json => schemas.add(schema, &place),
                Some(schema) => {
                    warn_unchecked(schema, &essence, &place, schemas);
                    None
                }
                None => None,
            };
            let shape = schema.as_ref().filter(|_| shaped && may_be_json);
            contents.push(Declared {
                essence,
                schema: compiled,
                shape: shape.map(|schema| schemas.shape(schema)),
            });
        }
        Self(contents)
    }

    /// Whether one of them is read as JSON.
    pub(super) fn holds_json(&self) -> bool {
        let mut types = self.0.iter();
        types.any(|one| media::is_json(&one.essence) || one.essence.ends_with("/*"))
    }

    /// Whether none is declared.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a head says.
    pub(super) fn of(&self, headers: &Headers) -> Known<'_> {
        let sent = match media::sent(headers) {
            Sent::Missing => return Known::Missing,
            Sent::Unreadable => return Known::Undeclared,
            Sent::Type(sent) => sent,
        };
        let best = self
            .0
            .iter()
            .filter_map(|one| media::fit(&one.essence, &sent).map(|fit| (fit, one)))
            .max_by_key(|(fit, _)| *fit);
        match best {
            Some(_) if sent.is_json() && !sent.is_utf8() => Known::Undeclared,
            Some((_, one)) => Known::Declared(Content {
                is_json: sent.is_json(),
                schema: one.schema.as_ref(),
                shape: one.shape,
            }),
            None => Known::Undeclared,
        }
    }

    /// What to tell a caller who sent something else.
    pub(super) fn expected(&self) -> String {
        let names: Vec<&str> = self
            .0
            .iter()
            .take(10)
            .map(|one| one.essence.as_str())
            .collect();
        match names.as_slice() {
            [] => "expected no body".to_owned(),
            names => format!(
                "expected `{}`, in UTF-8 where it is JSON",
                names.join("`, `")
            ),
        }
    }
}

/// A schema that constrains content that Meshward does not read must not look as if it were enforced.
fn warn_unchecked<'a>(schema: &'a Value, essence: &str, at: &str, schemas: &mut Schemas<'a>) {
    let only_string = schema.as_object().is_some_and(|keywords| {
        keywords.keys().all(|name| {
            ["type", "format", "contentMediaType", "contentEncoding"].contains(&name.as_str())
        })
    }) && Look::new(schemas.definitions()).types(schema) == Types::STRING;
    if !only_string && !lint::is_trivial(schema) {
        schemas.note(
            Problem::warning(
                "schema-unchecked",
                at,
                format!("the schema of `{essence}` is not checked yet: only the content type and the size are"),
            )
            .hint("check this content in the service"),
        );
    }
}
