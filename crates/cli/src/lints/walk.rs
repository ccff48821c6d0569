//! Every schema that requests lead to, once.

use super::Kind;
use meshward_engine::pointer;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Formats that bound a text by what they are.
const BOUNDED: [&str; 12] = [
    "date",
    "date-time",
    "time",
    "duration",
    "uuid",
    "ipv4",
    "ipv6",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "binary",
];

pub(super) struct Walk<'a> {
    schemas: &'a BTreeMap<String, Value>,
    seen: BTreeSet<&'a str>,
    open: Vec<(&'a Value, String, bool)>,
    found: BTreeSet<(Kind, String)>,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(schemas: &'a BTreeMap<String, Value>) -> Self {
        Self {
            schemas,
            seen: BTreeSet::new(),
            open: Vec::new(),
            found: BTreeSet::new(),
        }
    }

    pub(super) fn note(&mut self, kind: Kind, at: String) {
        self.found.insert((kind, at));
    }

    /// Looks at a schema of a request, and at all that it leads to.
    pub(super) fn request(&mut self, schema: &'a Value, at: String) {
        self.open.push((schema, at, false));
        while let Some((schema, at, is_part)) = self.open.pop() {
            if let Value::Object(members) = schema {
                self.one(members, &at, is_part);
            }
        }
    }

    pub(super) fn finish(self) -> BTreeSet<(Kind, String)> {
        self.found
    }

    /// `is_part`: whether other schemas judge the same value, so that its bounds may stand there.
    fn one(&mut self, schema: &'a Map<String, Value>, at: &str, is_part: bool) {
        let has = |names: &[&str]| names.iter().any(|name| schema.contains_key(*name));
        let composed = has(&[
            "allOf", "anyOf", "oneOf", "$ref", "enum", "const", "not", "if",
        ]);
        if !is_part && !composed {
            for kind in kinds(schema) {
                self.note(kind, at.to_owned());
            }
        }
        for (keyword, value) in schema {
            let at = pointer(at, keyword);
            match (keyword.as_str(), value) {
                ("$ref", Value::String(reference)) => self.follow(reference, is_part),
                ("items" | "additionalProperties" | "contains", value) => {
                    self.open.push((value, at, false));
                }
                ("allOf", Value::Array(parts)) => {
                    let parts = parts.iter().enumerate();
                    self.open
                        .extend(parts.map(|(i, part)| (part, pointer(&at, i), true)));
                }
                ("anyOf" | "oneOf" | "prefixItems", Value::Array(parts)) => {
                    let parts = parts.iter().enumerate();
                    self.open
                        .extend(parts.map(|(i, part)| (part, pointer(&at, i), is_part)));
                }
                ("properties" | "patternProperties", Value::Object(members)) => {
                    let members = members.iter();
                    self.open
                        .extend(members.map(|(name, part)| (part, pointer(&at, name), false)));
                }
                _ => {}
            }
        }
    }

    fn follow(&mut self, reference: &'a str, is_part: bool) {
        let Some(name) = reference.strip_prefix("#/$defs/") else {
            return;
        };
        let Some((name, schema)) = self.schemas.get_key_value(name) else {
            return;
        };
        if self.seen.insert(name) {
            let name = name.strip_suffix(".request").unwrap_or(name);
            self.open
                .push((schema, pointer("/components/schemas", name), is_part));
        }
    }
}

/// What a schema leaves open by itself.
fn kinds(schema: &Map<String, Value>) -> Vec<Kind> {
    let is = |name: &str| match schema.get("type") {
        Some(Value::String(kind)) => kind == name,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
        _ => false,
    };
    let lacks = |names: &[&str]| names.iter().all(|name| !schema.contains_key(*name));
    let format = schema.get("format").and_then(Value::as_str);
    let mut found = Vec::new();
    if is("string")
        && lacks(&["maxLength", "pattern"])
        && !format.is_some_and(|format| BOUNDED.contains(&format))
    {
        found.push(Kind::UnboundedString);
    }
    if is("array") && lacks(&["maxItems"]) {
        found.push(Kind::UnboundedList);
    }
    if is("integer")
        && (lacks(&["minimum", "exclusiveMinimum"]) || lacks(&["maximum", "exclusiveMaximum"]))
    {
        found.push(Kind::UnboundedInteger);
    }
    if is("object") && lacks(&["additionalProperties", "unevaluatedProperties"]) {
        found.push(Kind::OpenObject);
    }
    found
}
