//! Text to typed values: how a parameter's text may be read, given its schema.
//!
//! A schema allows types; a text is read as each of them, the most specific first, and fits when one reading fits the schema.
//! Where a schema names no type, its keywords do (`minimum` means a number), so that `{minimum: 1}` refuses `0` and is not
//! satisfied by the text `"0"`.

use super::lint;
use serde_json::{Number, Value};
use std::collections::BTreeMap;

/// A set of JSON types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Types(u8);

impl Types {
    const NONE: Self = Self(0);
    const NULL: Self = Self(1);
    const BOOLEAN: Self = Self(2);
    const INTEGER: Self = Self(4);
    /// Every number: integers too.
    const NUMBER: Self = Self(4 | 8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const ALL: Self = Self(127);

    const NAMES: [(&'static str, Self); 7] = [
        ("null", Self::NULL),
        ("boolean", Self::BOOLEAN),
        ("integer", Self::INTEGER),
        ("number", Self::NUMBER),
        ("string", Self::STRING),
        ("array", Self::ARRAY),
        ("object", Self::OBJECT),
    ];

    /// Whether all of `other` are in it.
    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether some of `other` are in it.
    pub(super) const fn has_some(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn named(name: &str) -> Self {
        Self::NAMES
            .into_iter()
            .find(|(known, _)| *known == name)
            .map_or(Self::NONE, |(_, types)| types)
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.is_f64() => Self::NUMBER,
            Value::Number(_) => Self::INTEGER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// What to tell a caller who sent text of no such type.
    pub(super) fn expected(self) -> String {
        let mut names: Vec<&str> = Self::NAMES
            .into_iter()
            .filter(|(_, types)| self.has(*types))
            .map(|(name, _)| name)
            .collect();
        if names.contains(&"number") {
            names.retain(|name| *name != "integer");
        }
        match names.as_slice() {
            [one] => format!("expected type `{one}`"),
            many => format!("expected one of the types `{}`", many.join("`, `")),
        }
    }
}

/// The members of an object, as a schema and all that it leads to speak of them.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    pub(super) declared: BTreeMap<&'a str, &'a Value>,
    /// The schema of all others.
    pub(super) others: Option<&'a Value>,
    /// Whether it says that there are others.
    pub(super) open: bool,
}

/// Where the schemas are that others refer to.
#[derive(Clone, Copy)]
enum Definitions<'a> {
    /// In a description.
    Described(&'a BTreeMap<String, Value>),
    /// In `$defs` of a document that was compiled.
    Compiled(Option<&'a Value>),
}

/// Looks through references and combinations. Fuel bounds the work: what is not looked at allows every type.
pub(super) struct Look<'a> {
    definitions: Definitions<'a>,
    fuel: u32,
}

impl<'a> Look<'a> {
    /// Looks in a description.
    pub(super) const fn new(definitions: &'a BTreeMap<String, Value>) -> Self {
        Self::within(Definitions::Described(definitions))
    }

    /// Looks in a document that was compiled.
    pub(super) fn compiled(document: &'a Value) -> Self {
        Self::within(Definitions::Compiled(document.get("$defs")))
    }

    const fn within(definitions: Definitions<'a>) -> Self {
        Self {
            definitions,
            fuel: 1_000,
        }
    }

    /// The types that a schema allows.
    pub(super) fn types(mut self, schema: &'a Value) -> Types {
        let types = self.declared(schema, 0);
        if types == Types::ALL {
            implied(schema)
        } else {
            types
        }
    }

    /// The schema of an array's items.
    pub(super) fn items(mut self, schema: &'a Value) -> Option<&'a Value> {
        self.find_items(schema, 0)
    }

    /// The members that a schema speaks of.
    pub(super) fn members(mut self, schema: &'a Value) -> Members<'a> {
        let mut found = Members::default();
        self.find_members(schema, 0, &mut found);
        found
    }

    fn find_members(&mut self, schema: &'a Value, depth: u32, found: &mut Members<'a>) {
        if self.spend(depth).is_none() {
            return;
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            found.declared.entry(name).or_insert(property);
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(any)) => found.open |= any,
            Some(others) => {
                found.open = true;
                found.others = found.others.or(Some(others));
            }
            None => {}
        }
        if let Some(target) = self.target(schema) {
            self.find_members(target, depth + 1, found);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for part in branches(schema, keyword) {
                self.find_members(part, depth + 1, found);
            }
        }
    }

    fn spend(&mut self, depth: u32) -> Option<()> {
        self.fuel = self.fuel.checked_sub(1)?;
        (depth < 64).then_some(())
    }

    fn target(&self, schema: &'a Value) -> Option<&'a Value> {
        let name = lint::referenced(schema.get("$ref")?.as_str()?)?;
        match self.definitions {
            Definitions::Described(schemas) => schemas.get(&name),
            Definitions::Compiled(schemas) => schemas?.get(&name),
        }
    }

    fn declared(&mut self, schema: &'a Value, depth: u32) -> Types {
        if self.spend(depth).is_none() {
            return Types::ALL;
        }
        if schema.as_bool() == Some(false) {
            return Types::NONE;
        }
        let mut types = match schema.get("type") {
            Some(Value::String(name)) => Types::named(name),
            Some(Value::Array(names)) => {
                union(names.iter().filter_map(Value::as_str).map(Types::named))
            }
            _ => Types::ALL,
        };
        if let Some(Value::Array(values)) = schema.get("enum") {
            types = types.and(union(values.iter().map(Types::of)));
        }
        if let Some(value) = schema.get("const") {
            types = types.and(Types::of(value));
        }
        if let Some(target) = self.target(schema) {
            types = types.and(self.declared(target, depth + 1));
        }
        for part in branches(schema, "allOf") {
            types = types.and(self.declared(part, depth + 1));
        }
        for keyword in ["anyOf", "oneOf"] {
            if schema.get(keyword).is_some() {
                let any =
                    union(branches(schema, keyword).map(|part| self.declared(part, depth + 1)));
                types = types.and(any);
            }
        }
        types
    }

    fn find_items(&mut self, schema: &'a Value, depth: u32) -> Option<&'a Value> {
        self.spend(depth)?;
        if let Some(items) = schema.get("items") {
            return Some(items);
        }
        if let Some(items) = self
            .target(schema)
            .and_then(|target| self.find_items(target, depth + 1))
        {
            return Some(items);
        }
        ["allOf", "anyOf", "oneOf"]
            .into_iter()
            .flat_map(|keyword| branches(schema, keyword))
            .find_map(|part| self.find_items(part, depth + 1))
    }
}

fn branches<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    schema
        .get(keyword)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn union(types: impl Iterator<Item = Types>) -> Types {
    types.fold(Types::NONE, Types::or)
}

/// The types that keywords speak of, where no type is named.
fn implied(schema: &Value) -> Types {
    let keywords = [
        ("minimum", Types::NUMBER),
        ("maximum", Types::NUMBER),
        ("exclusiveMinimum", Types::NUMBER),
        ("exclusiveMaximum", Types::NUMBER),
        ("multipleOf", Types::NUMBER),
        ("minLength", Types::STRING),
        ("maxLength", Types::STRING),
        ("pattern", Types::STRING),
        ("format", Types::STRING),
        ("items", Types::ARRAY),
        ("minItems", Types::ARRAY),
        ("maxItems", Types::ARRAY),
        ("uniqueItems", Types::ARRAY),
        ("properties", Types::OBJECT),
    ];
    let types = union(
        keywords
            .into_iter()
            .filter(|(name, _)| schema.get(name).is_some())
            .map(|(_, types)| types),
    );
    if types == Types::NONE {
        Types::ALL
    } else {
        types
    }
}

/// Every reading of a text as one of the scalar types, the most specific first.
pub(super) fn scalars(text: &str, types: Types) -> Vec<Value> {
    let mut readings = Vec::new();
    if text.is_empty() && types.has(Types::NULL) {
        readings.push(Value::Null);
    }
    if types.has(Types::BOOLEAN)
        && let Some(value) = match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    {
        readings.push(Value::Bool(value));
    }
    if types.has(Types::INTEGER)
        && let Some(number) = number(text, types.has(Types::NUMBER))
    {
        readings.push(Value::Number(number));
    }
    if types.has(Types::STRING) {
        readings.push(Value::String(text.to_owned()));
    }
    readings
}

/// A number in JSON's grammar; where only integers are allowed, without fraction and exponent.
fn number(text: &str, fractions: bool) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // `serde_json` skips white space around a value: here it is no part of a number.
    if !digits.starts_with(|c: char| c.is_ascii_digit())
        || !text.ends_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    if !fractions && !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests;
