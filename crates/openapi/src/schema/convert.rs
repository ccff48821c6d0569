//! One schema, keyword by keyword.

use super::direction::{Hidden, hidden, is_branch};
use super::keywords::{Keyword, is_only_reference, keyword};
use super::leaf::{Leaf, names};
use super::{Direction, Shared, bounds, old};
use crate::read::{At, Report, Version, nearest};
use serde_json::{Map, Value};

/// The dialects that mean 2020-12.
pub(crate) const DIALECTS: [&str; 3] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://spec.openapis.org/oas/3.1/dialect/base",
    "https://spec.openapis.org/oas/3.1/dialect/2024-11-10",
];

/// Siblings of a `$ref` in 3.0 whose loss changes nothing.
const HARMLESS: [&str; 8] = [
    "description",
    "title",
    "summary",
    "example",
    "default",
    "deprecated",
    "externalDocs",
    "xml",
];

pub(super) struct Converter<'s, 'a> {
    pub(super) shared: &'s mut Shared<'a>,
    pub(super) direction: Direction,
    pub(super) report: &'s mut Report,
}

impl<'a> Converter<'_, 'a> {
    /// `around`: the properties that the schema around this one hides, when it is a branch of that.
    pub(super) fn schema(&mut self, at: &At<'a>, around: &Hidden<'a>) -> Value {
        let version = at.file.version;
        match at.value {
            Value::Bool(verdict) if version >= Version::V31 => Value::Bool(*verdict),
            Value::Object(_) if is_only_reference(at) => self.only_reference(at),
            Value::Object(_) => self.members(at, around),
            Value::Bool(_) => {
                self.report.push(
                    at.error("invalid-schema", "a schema is an object in OpenAPI 3.0")
                        .hint("write `{}` for anything, `not: {}` for nothing"),
                );
                Value::Bool(false)
            }
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                self.report.push(at.wrong_type("a schema"));
                Value::Bool(false)
            }
        }
    }

    fn only_reference(&mut self, at: &At<'a>) -> Value {
        for (name, sibling) in at.members() {
            if name == "$ref" || name.starts_with("x-") || HARMLESS.contains(&name) {
                continue;
            }
            // A property's `readOnly` and `writeOnly` are honoured beside a reference too.
            if matches!(name, "readOnly" | "writeOnly") {
                continue;
            }
            self.report.push(
                sibling
                    .warning(
                        "ignored-sibling",
                        format!("`{name}` is ignored beside `$ref` in OpenAPI 3.0"),
                    )
                    .hint("put the `$ref` into an `allOf`, and this beside it"),
            );
        }
        let mut schema = Map::new();
        if let Some(reference) = self.reference(at) {
            schema.insert("$ref".to_owned(), reference);
            for (name, tag) in at.members().filter(|(name, _)| self.is_tag(name)) {
                schema.insert(name.to_owned(), tag.value.clone());
            }
            Value::Object(schema)
        } else {
            Value::Bool(false)
        }
    }

    /// Whether a policy asks for this extension.
    fn is_tag(&self, name: &str) -> bool {
        name.starts_with("x-") && self.shared.options.tags.contains(name)
    }

    fn reference(&mut self, at: &At<'a>) -> Option<Value> {
        let reference = at.reference()?;
        let name = self
            .shared
            .name(at, reference, self.direction, self.report)?;
        Some(Value::from(format!("#/$defs/{name}")))
    }

    fn members(&mut self, at: &At<'a>, around: &Hidden<'a>) -> Value {
        let hidden = hidden(self.shared.files, at, self.direction, around);
        let mut schema = Map::new();
        for (name, member) in at.members() {
            let Some(keyword) = keyword(name, at.file.version) else {
                if self.is_tag(name) {
                    schema.insert(name.to_owned(), member.value.clone());
                } else {
                    self.unknown(name, &member);
                }
                continue;
            };
            let converted = match keyword {
                Keyword::Reference => self.reference_keyword(at, &member),
                Keyword::Schema => self.single(name, &member, &hidden),
                Keyword::Schemas => self.list(name, &member, &hidden),
                Keyword::SchemaMap => self.map(&member),
                Keyword::Required => self.required(&member, &hidden),
                Keyword::Discriminator => self.discriminator(at, &member),
                Keyword::Definitions | Keyword::Annotation => None,
                Keyword::Dialect => {
                    self.dialect(&member);
                    None
                }
                // It says where the file is, and so nothing new.
                Keyword::Scope
                    if member.pointer == "/$id"
                        && member.value.as_str().is_some_and(|id| at.file.is_at(id)) =>
                {
                    None
                }
                Keyword::Scope => {
                    self.report.push(
                        member
                            .error("unsupported", format!("`{name}` is not supported"))
                            .hint("refer by JSON pointers, such as `#/components/schemas/Order`"),
                    );
                    None
                }
                Keyword::Leaf(Leaf::Pattern) => self.pattern(&member),
                Keyword::Leaf(leaf) => leaf.check(name, &member, self.report),
            };
            if let Some(converted) = converted {
                schema.insert(name.to_owned(), converted);
            }
        }
        if at.file.version == Version::V30 {
            old::modernize(at, &mut schema, self.report);
        }
        bounds::add(&mut schema);
        Value::Object(schema)
    }

    fn reference_keyword(&mut self, at: &At<'a>, member: &At<'a>) -> Option<Value> {
        if !member.value.is_string() {
            self.report.push(member.wrong_type("a string"));
        }
        self.reference(at)
    }

    fn single(&mut self, name: &str, at: &At<'a>, hidden: &Hidden<'a>) -> Option<Value> {
        // The one place where 3.0 has boolean schemas.
        if name == "additionalProperties" && at.value.is_boolean() {
            return Some(at.value.clone());
        }
        let around = if is_branch(name) {
            hidden
        } else {
            &Hidden::new()
        };
        Some(self.schema(at, around))
    }

    fn list(&mut self, name: &str, at: &At<'a>, hidden: &Hidden<'a>) -> Option<Value> {
        let items = at.list(self.report)?;
        if items.is_empty() {
            self.report
                .push(at.error("invalid-schema", format!("`{name}` is empty")));
            return None;
        }
        let nothing = Hidden::new();
        let around = if is_branch(name) { hidden } else { &nothing };
        Some(Value::Array(
            at.items().map(|item| self.schema(&item, around)).collect(),
        ))
    }

    fn map(&mut self, at: &At<'a>) -> Option<Value> {
        at.object(self.report)?;
        let nothing = Hidden::new();
        let members = at
            .members()
            .map(|(name, schema)| (name.to_owned(), self.schema(&schema, &nothing)));
        Some(Value::Object(members.collect()))
    }

    fn required(&mut self, at: &At<'a>, hidden: &Hidden<'a>) -> Option<Value> {
        if at.value.is_boolean() {
            let problem = at.error("invalid-schema", "`required` is a list of names");
            self.report
                .push(problem.hint("name the property in the `required` of the object around it"));
            return None;
        }
        let names = names(at, self.report)?;
        let names: Vec<Value> = names
            .into_iter()
            .filter(|name| !hidden.contains(name))
            .map(Value::from)
            .collect();
        (!names.is_empty()).then_some(Value::Array(names))
    }

    fn dialect(&mut self, at: &At<'a>) {
        let known = |text: &str| DIALECTS.contains(&text.trim_end_matches('#'));
        if !at.value.as_str().is_some_and(known) {
            self.report.push(
                at.error(
                    "unsupported",
                    "this dialect of JSON Schema is not supported",
                )
                .hint(format!("use `{}`", DIALECTS[0])),
            );
        }
    }

    fn unknown(&mut self, name: &str, at: &At<'a>) {
        if name.starts_with("x-") {
            return;
        }
        let version = at.file.version;
        let problem = at.warning(
            "unknown-keyword",
            format!(
                "`{name}` is no keyword of schemas in OpenAPI {}, and is ignored",
                version.text()
            ),
        );
        let candidates = [
            "type",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "items",
            "additionalProperties",
            "properties",
            "maximum",
            "minimum",
            "multipleOf",
            "exclusiveMaximum",
            "exclusiveMinimum",
            "maxLength",
            "minLength",
            "maxItems",
            "minItems",
            "maxProperties",
            "minProperties",
            "uniqueItems",
            "pattern",
            "format",
            "enum",
            "required",
            "readOnly",
            "writeOnly",
            "description",
            "default",
            "example",
            "const",
            "patternProperties",
            "nullable",
        ];
        self.report.push(if keyword(name, Version::V31).is_some() {
            problem.hint("it belongs to OpenAPI 3.1")
        } else if name == "nullable" {
            problem.hint("add `\"null\"` to `type`, which is a list then")
        } else if let Some(near) = nearest(name, candidates) {
            problem.hint(format!("did you mean `{near}`?"))
        } else {
            problem.hint("take it away, or begin its name with `x-`")
        });
    }
}
