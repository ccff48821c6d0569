//! What of the suite does not apply, and why: a group is left out for what its schema uses, never for what comes of it.

use serde_json::Value;

/// The formats of `optional/format` that Meshward asserts. `idn-email` and `idn-hostname` are not: their tables would weigh as much as all
/// other formats together. `ecmascript-regex` asks for patterns that have no linear time.
pub(super) const FORMATS: &[&str] = &[
    "date-time",
    "date",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "unknown",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Files that are left out as a whole.
const FILES: &[(&str, &str)] = &[(
    "format",
    "OpenAPI's formats are asserted here, and the suite says that they are not by default",
)];

const BY_URI: &str = "schemas are referred to by their place in the description: a name by URI or anchor is an error that says so";
const NOT_IN_3_0: &str = "OpenAPI 3.0 does not have this keyword, or not in this form";
const DIALECT: &str = "a dialect of its own is an error that says so";

/// Why a group does not apply, if it does not.
pub(super) fn why(draft_4: bool, file: &str, schema: &Value) -> Option<&'static str> {
    let by_name = FILES.iter().find(|(name, _)| !draft_4 && *name == file);
    by_name
        .map(|(_, why)| *why)
        .or_else(|| uses(draft_4, schema))
}

fn uses(draft_4: bool, schema: &Value) -> Option<&'static str> {
    match schema {
        Value::Object(members) => {
            let own = members.iter().find_map(|(name, value)| {
                let text = value.as_str();
                match name.as_str() {
                    "$id" | "$anchor" | "$dynamicRef" | "$dynamicAnchor" if text.is_some() => {
                        Some(BY_URI)
                    }
                    "id" if draft_4 && text.is_some() => Some(BY_URI),
                    "$ref" if text.is_some_and(|text| !text.starts_with("#/") && text != "#") => {
                        Some(BY_URI)
                    }
                    "$schema" if text.is_some_and(|text| !text.contains("//json-schema.org/")) => {
                        Some(DIALECT)
                    }
                    "patternProperties" | "dependencies" | "additionalItems" if draft_4 => {
                        Some(NOT_IN_3_0)
                    }
                    "items" if draft_4 && value.is_array() => Some(NOT_IN_3_0),
                    "type" if draft_4 && (value.is_array() || text == Some("null")) => {
                        Some(NOT_IN_3_0)
                    }
                    _ => None,
                }
            });
            own.or_else(|| members.values().find_map(|value| uses(draft_4, value)))
        }
        Value::Array(items) => items.iter().find_map(|item| uses(draft_4, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
