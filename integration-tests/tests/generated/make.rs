//! Values that fit a schema, made from the schema itself.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Deeper than this nothing is made.
const DEEPEST: usize = 10;
/// Texts that are tried where a pattern must be met.
const TEXTS: [&str; 16] = [
    "a",
    "A",
    "0",
    "1",
    "abc",
    "ABC",
    "1.0.0",
    "a-b",
    "a_b",
    "2026-01-01",
    "file.txt",
    "https://a.example/",
    "00000000-0000-4000-8000-000000000000",
    "0x0",
    "a@b.example",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
];

/// Makes values for one description.
pub(crate) struct Maker<'a> {
    pub(crate) schemas: &'a BTreeMap<String, Value>,
    /// Whether members that need not be there are made too.
    pub(crate) full: bool,
}

impl Maker<'_> {
    /// A value that should fit; `None` where the maker knows of none.
    pub(crate) fn make(&self, schema: &Value) -> Option<Value> {
        self.value(schema, 0)
    }

    fn value(&self, schema: &Value, depth: usize) -> Option<Value> {
        let Value::Object(keywords) = schema else {
            return (schema != &Value::Bool(false)).then(|| json!("x"));
        };
        if depth > DEEPEST {
            return None;
        }
        if let Some(value) = keywords.get("const") {
            return Some(value.clone());
        }
        if let Some(values) = keywords.get("enum").and_then(Value::as_array) {
            return values.first().cloned();
        }
        let mut whole: Option<Value> = None;
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/$defs/")?;
            whole = Some(self.value(self.schemas.get(name)?, depth + 1)?);
        }
        for part in list(keywords, "allOf") {
            whole = merge(whole, self.value(part, depth + 1)?);
        }
        for union in ["oneOf", "anyOf"] {
            if keywords.contains_key(union) {
                let mut branches = list(keywords, union);
                let made = branches.find_map(|branch| self.value(branch, depth + 1));
                whole = merge(whole, made?);
            }
        }
        let kind = match keywords.get("type") {
            Some(Value::String(kind)) => Some(kind.as_str()),
            Some(Value::Array(kinds)) => kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|k| *k != "null"),
            _ if keywords.contains_key("properties") => Some("object"),
            _ => None,
        };
        let Some(kind) = kind else {
            return whole.or_else(|| Some(json!("x")));
        };
        let own = match kind {
            "object" => self.object(keywords, depth)?,
            "array" => self.list(keywords, depth)?,
            "string" => text(keywords)?,
            "integer" | "number" => number(keywords, kind == "integer"),
            "boolean" => json!(true),
            _ => Value::Null,
        };
        match (whole, own) {
            (Some(Value::Object(whole)), Value::Object(own)) => {
                merge(Some(Value::Object(own)), Value::Object(whole))
            }
            (Some(whole), _) => Some(whole),
            (None, own) => Some(own),
        }
    }

    fn object(&self, keywords: &Map<String, Value>, depth: usize) -> Option<Value> {
        let nothing = Map::new();
        let properties = keywords.get("properties").and_then(Value::as_object);
        let properties = properties.unwrap_or(&nothing);
        let mut made = Map::new();
        for name in list(keywords, "required").filter_map(Value::as_str) {
            let schema = properties.get(name).unwrap_or(&Value::Bool(true));
            made.insert(name.to_owned(), self.value(schema, depth + 1)?);
        }
        let least = keywords
            .get("minProperties")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        let most = keywords
            .get("maxProperties")
            .and_then(Value::as_u64)
            .unwrap_or(u64::MAX);
        for (name, schema) in properties {
            let wanted = (self.full && depth < 4) || (made.len() as u64) < least;
            if !wanted || made.contains_key(name) || made.len() as u64 >= most {
                continue;
            }
            if let Some(value) = self.value(schema, depth + 1) {
                made.insert(name.clone(), value);
            }
        }
        Some(Value::Object(made))
    }

    fn list(&self, keywords: &Map<String, Value>, depth: usize) -> Option<Value> {
        let least = keywords
            .get("minItems")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        let wanted = if self.full && depth < 4 {
            least.max(1)
        } else {
            least
        };
        let most = keywords
            .get("maxItems")
            .and_then(Value::as_u64)
            .unwrap_or(wanted);
        let any = Value::Bool(true);
        let item = keywords.get("items").unwrap_or(&any);
        let mut items = Vec::new();
        for _ in 0..wanted.min(most) {
            match self.value(item, depth + 1) {
                Some(value) => items.push(value),
                None if least == 0 => break,
                None => return None,
            }
        }
        Some(Value::Array(items))
    }
}

fn list<'v>(
    keywords: &'v Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'v Value> + use<'v> {
    keywords
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Both objects in one; else the first.
fn merge(one: Option<Value>, other: Value) -> Option<Value> {
    Some(match (one, other) {
        (Some(Value::Object(mut one)), Value::Object(other)) => {
            one.extend(other);
            Value::Object(one)
        }
        (Some(one), _) => one,
        (None, other) => other,
    })
}

fn text(keywords: &Map<String, Value>) -> Option<Value> {
    let format = keywords.get("format").and_then(Value::as_str);
    let known = match format {
        Some("date") => Some("2026-01-01"),
        Some("date-time") => Some("2026-01-01T00:00:00Z"),
        Some("time") => Some("00:00:00Z"),
        Some("duration") => Some("P1D"),
        Some("uuid") => Some("00000000-0000-4000-8000-000000000000"),
        Some("uri" | "url" | "iri" | "uri-reference") => Some("https://a.example/"),
        Some("email" | "idn-email") => Some("a@b.example"),
        Some("hostname") => Some("a.example"),
        Some("ipv4") => Some("127.0.0.1"),
        Some("ipv6") => Some("::1"),
        Some("byte") => Some("YQ=="),
        _ => None,
    };
    if let Some(known) = known {
        return Some(json!(known));
    }
    let bound = |name: &str| keywords.get(name).and_then(Value::as_u64);
    let least = usize::try_from(bound("minLength").unwrap_or(0)).ok()?;
    let most = usize::try_from(bound("maxLength").unwrap_or(u64::from(u32::MAX))).ok()?;
    if let Some(pattern) = keywords.get("pattern") {
        let schema = json!({ "pattern": pattern });
        let validator = jsonschema::validator_for(&schema).ok()?;
        let own = ["x".repeat(least), "0".repeat(least), "a".repeat(least)];
        let candidates = own.iter().map(String::as_str).chain(TEXTS);
        let fits =
            |text: &&str| (least..=most).contains(&text.len()) && validator.is_valid(&json!(text));
        return candidates.into_iter().find(fits).map(|text| json!(text));
    }
    Some(json!("x".repeat(least.max(1).min(most))))
}

fn number(keywords: &Map<String, Value>, whole: bool) -> Value {
    let bound = |name: &str| keywords.get(name).and_then(Value::as_f64);
    let low = bound("minimum").or(bound("exclusiveMinimum").map(|n| n + 1.0));
    let high = bound("maximum").or(bound("exclusiveMaximum").map(|n| n - 1.0));
    let value = match (low, high) {
        (Some(low), _) if low > 1.0 => low.ceil(),
        (_, Some(high)) if high < 1.0 => high.floor(),
        _ => 1.0,
    };
    let value = bound("multipleOf").map_or(value, |step| (value / step).ceil() * step);
    // What is written without a fraction is a whole number for every schema.
    if whole {
        serde_json::from_str(&format!("{value:.0}")).unwrap_or_default()
    } else {
        json!(value)
    }
}
