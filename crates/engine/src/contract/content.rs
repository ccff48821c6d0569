//! The media types that a body may have, and their schemas: the same for requests and responses.

use super::fields::{Form, Heads, Limits};
use super::json::{self, Bounds, Fault, FaultKind, Json};
use super::lint;
use super::media::{self, ContentType, Kind, Sent};
use super::schema::{Schema, Schemas, Violation};
use super::shape::ShapeId;
use super::value::{Look, Types, scalars};
use crate::config::{Encoding, MediaType};
use crate::http::Headers;
use crate::problem::{Problem, pointer};
use serde_json::Value;
use std::collections::BTreeMap;

/// The media types of one body.
#[derive(Debug)]
pub(super) struct Contents {
    declared: Vec<Declared>,
    direction: Direction,
}

/// Which way a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Everything that has one reading is read.
    Request,
    /// Only JSON is read: what else a service sends is not held back.
    Response {
        /// Whether members are looked at one by one.
        shaped: bool,
    },
}

/// One declared media type.
#[derive(Debug)]
struct Declared {
    essence: String,
    schema: Option<Schema>,
    /// The schema of every item of a sequence.
    items: Option<Schema>,
    /// The types that a text may be read as; `None` where its schema asks for nothing.
    text: Option<Types>,
    encoding: BTreeMap<String, Encoding>,
    heads: Heads,
    shape: Option<ShapeId>,
}

/// What a head says about its content, in the light of what is declared.
#[derive(Debug)]
pub(super) enum Known<'a> {
    Missing,
    /// Not declared, unreadable, or text that is not UTF-8.
    Undeclared,
    Declared(Content<'a>),
}

/// One content.
#[derive(Debug)]
pub(super) struct Content<'a> {
    /// How it is read.
    pub(super) kind: Kind,
    sent: ContentType<'a>,
    declared: &'a Declared,
    /// What is declared of its members, where that is asked for.
    pub(super) shape: Option<ShapeId>,
}

impl Content<'_> {
    /// How a JSON value breaks the schema, if there is one.
    pub(super) fn violations(&self, value: &mut Json<'_>, most: usize) -> Vec<Violation> {
        let schema = self.declared.schema.as_ref();
        schema.map_or_else(Vec::new, |schema| schema.violations(value, most))
    }

    /// Whether it is in parts, and nothing says what stands between them.
    pub(super) fn lacks_boundary(&self) -> bool {
        self.kind == Kind::Parts && self.sent.boundary.is_none()
    }

    /// Reads a body and holds it to its schema.
    pub(super) fn judge(
        &self,
        body: &[u8],
        bounds: Bounds,
        limits: Limits,
        most: usize,
    ) -> Result<Vec<Violation>, Fault> {
        let Declared {
            schema,
            encoding,
            heads,
            ..
        } = self.declared;
        let form = Form {
            schema: schema.as_ref(),
            encoding,
            heads,
            bounds,
        };
        match self.kind {
            Kind::Json => {
                let mut value = json::parse(body, bounds)?;
                Ok(self.violations(&mut value, most))
            }
            Kind::Lines => self.lines(body, bounds, most),
            Kind::Form => form.urlencoded(body, most),
            Kind::Parts => {
                let boundary = self.sent.boundary.unwrap_or_default();
                form.multipart(body, boundary, limits, most)
            }
            Kind::Text => self.text(body, most),
            Kind::Opaque => Ok(Vec::new()),
        }
    }

    /// One value in every line. Where only the whole has a schema, it is one list.
    fn lines(&self, body: &[u8], bounds: Bounds, most: usize) -> Result<Vec<Violation>, Fault> {
        let mut left = bounds;
        let mut whole = Vec::new();
        let mut found = Vec::new();
        let lines = body
            .strip_suffix(b"\n")
            .unwrap_or(body)
            .split(|b| *b == b'\n');
        for (number, line) in lines.enumerate() {
            let step = number.to_string();
            let mut value = json::parse(line.strip_suffix(b"\r").unwrap_or(line), left)
                .map_err(|fault| fault.within(&step))?;
            left.values = left.values.saturating_sub(value.count());
            match &self.declared.items {
                Some(items) => {
                    let most = most.saturating_sub(found.len());
                    let violations = items.violations(&mut value, most.max(1));
                    found.extend(violations.into_iter().map(|violation| Violation {
                        at: super::place::bounded(&format!("/{step}{}", violation.at)),
                        ..violation
                    }));
                    if found.len() >= most.max(1) {
                        return Ok(found);
                    }
                }
                None if self.declared.schema.is_some() => whole.push(value),
                None => {}
            }
        }
        if self.declared.items.is_none() {
            let mut whole = Json::list(whole);
            found.extend(self.violations(&mut whole, most));
        }
        Ok(found)
    }

    fn text(&self, body: &[u8], most: usize) -> Result<Vec<Violation>, Fault> {
        let text = std::str::from_utf8(body)
            .map_err(|_| Fault::whole(FaultKind::Malformed, "expected UTF-8".to_owned()))?;
        let mut found = Vec::new();
        for reading in scalars(text, self.declared.text.unwrap_or(Types::STRING)) {
            found = self.violations(&mut reading.into(), most);
            if found.is_empty() {
                return Ok(found);
            }
        }
        if found.is_empty() {
            found = self.violations(&mut Value::from(text).into(), most);
        }
        Ok(found)
    }
}

impl Contents {
    /// `at` is the place of `content` in the file.
    pub(super) fn compile<'a>(
        content: &'a BTreeMap<String, MediaType>,
        at: &str,
        direction: Direction,
        schemas: &mut Schemas<'a>,
    ) -> Self {
        let mut contents: Vec<Declared> = Vec::with_capacity(content.len());
        for (declared, media) in content {
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
            contents.push(Declared::compile(essence, media, &at, direction, schemas));
        }
        Self {
            declared: contents,
            direction,
        }
    }

    /// Whether one of them is read.
    pub(super) fn may_be_read(&self) -> bool {
        let mut types = self.declared.iter();
        types.any(|one| one.essence.ends_with("/*") || self.is_read(one, Kind::of(&one.essence)))
    }

    /// Whether none is declared.
    pub(super) fn is_empty(&self) -> bool {
        self.declared.is_empty()
    }

    /// The declared media types.
    pub(super) fn essences(&self) -> impl Iterator<Item = &str> {
        self.declared.iter().map(|one| one.essence.as_str())
    }

    fn is_read(&self, declared: &Declared, kind: Kind) -> bool {
        match (self.direction, kind) {
            (_, Kind::Json) => true,
            (_, Kind::Opaque) | (Direction::Response { .. }, _) => false,
            (Direction::Request, Kind::Lines | Kind::Form | Kind::Parts) => true,
            (Direction::Request, Kind::Text) => declared.text.is_some(),
        }
    }

    /// What a head says.
    pub(super) fn of<'a>(&'a self, headers: &'a Headers) -> Known<'a> {
        let sent = match media::sent(headers) {
            Sent::Missing => return Known::Missing,
            Sent::Unreadable => return Known::Undeclared,
            Sent::Type(sent) => sent,
        };
        let best = self
            .declared
            .iter()
            .filter_map(|one| media::fit(&one.essence, &sent).map(|fit| (fit, one)))
            .max_by_key(|(fit, _)| *fit);
        let Some((_, declared)) = best else {
            return Known::Undeclared;
        };
        let kind = if self.is_read(declared, sent.kind()) {
            sent.kind()
        } else {
            Kind::Opaque
        };
        // In a request no other character set passes: what is text to the service must be text to every control.
        let open = kind != Kind::Opaque || self.direction == Direction::Request;
        if open && !sent.is_utf8() {
            return Known::Undeclared;
        }
        Known::Declared(Content {
            kind,
            sent,
            declared,
            shape: declared.shape,
        })
    }

    /// What to tell a caller who sent something else.
    pub(super) fn expected(&self) -> String {
        let names: Vec<&str> = self.essences().take(10).collect();
        match names.as_slice() {
            [] => "expected no body".to_owned(),
            names => format!(
                "expected `{}`, in UTF-8 where it is text",
                names.join("`, `")
            ),
        }
    }
}

impl Declared {
    fn compile<'a>(
        essence: String,
        media: &'a MediaType,
        at: &str,
        direction: Direction,
        schemas: &mut Schemas<'a>,
    ) -> Self {
        let MediaType {
            schema,
            items,
            encoding,
            heads,
        } = media;
        let place = pointer(at, "schema");
        let kind = Kind::of(&essence);
        let wild = essence.ends_with("/*");
        let json = kind == Kind::Json || wild;
        let request = direction == Direction::Request;
        let text = schema
            .as_ref()
            .filter(|schema| {
                request && (kind == Kind::Text || wild) && !is_any_text(schema, schemas)
            })
            .map(|schema| Look::new(schemas.definitions()).types(schema));
        let is_read =
            json || (request && !matches!(kind, Kind::Text | Kind::Opaque)) || text.is_some();
        // A sequence has a schema for its items; one that is no list can be nothing else.
        let list = |schema: &'a Value, schemas: &Schemas<'a>| {
            Look::new(schemas.definitions()).types(schema) == Types::ARRAY
        };
        let (schema, items) = match (schema, items) {
            (_, Some(items)) => (None, Some((items, pointer(at, "itemSchema")))),
            (Some(schema), None) if kind == Kind::Lines && !list(schema, schemas) => {
                (None, Some((schema, place.clone())))
            }
            (schema, None) => (schema.as_ref(), None),
        };
        let shape = schema.filter(|_| direction == Direction::Response { shaped: true } && json);
        let shape = shape.map(|schema| schemas.shape(schema));
        let schema = match schema {
            Some(schema) if is_read => schemas.add(schema, &place),
            Some(schema) => {
                warn_unchecked(schema, &essence, &place, schemas);
                None
            }
            None => None,
        };
        let items = items
            .filter(|_| is_read)
            .and_then(|(items, at)| schemas.add(items, &at));
        Self {
            essence,
            schema,
            items,
            text,
            heads: Heads::compile(heads, schemas),
            encoding: encoding.clone(),
            shape,
        }
    }
}

/// Whether a schema takes every text and nothing else.
fn is_any_text<'a>(schema: &'a Value, schemas: &Schemas<'a>) -> bool {
    let only_string = schema.as_object().is_some_and(|keywords| {
        keywords.keys().all(|name| {
            ["type", "format", "contentMediaType", "contentEncoding"].contains(&name.as_str())
        })
    }) && schema.get("format").is_none_or(|format| format == "binary")
        && Look::new(schemas.definitions()).types(schema) == Types::STRING;
    only_string || lint::is_trivial(schema)
}

/// A schema that constrains content that Meshward does not read must not look as if it were enforced.
fn warn_unchecked<'a>(schema: &'a Value, essence: &str, at: &str, schemas: &mut Schemas<'a>) {
    if !is_any_text(schema, schemas) {
        schemas.note(
            Problem::warning(
                "schema-unchecked",
                at,
                format!("the schema of `{essence}` is not checked here: only the content type and the size are"),
            )
            .hint("check this content in the service"),
        );
    }
}
