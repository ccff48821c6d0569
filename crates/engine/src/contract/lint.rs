//! What Meshward asks of a schema before it is compiled: every reference is `#/$defs/NAME`, and nothing moves its base.
//!
//! Also where subschemas stand in a schema: a `$ref` in `enum` or `default` is data.

use crate::problem::{Problem, Severity, pointer};
use serde_json::Value;
use std::collections::BTreeSet;

/// The code of everything that keeps schemas from being compiled.
pub(super) const SCHEMA_INVALID: &str = "schema-invalid";

/// Keywords whose value is a schema.
const ONE: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas.
const MANY: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value maps names to schemas.
const NAMED: [&str; 4] = [
    "$defs",
    "dependentSchemas",
    "patternProperties",
    "properties",
];
/// Keywords that would change what a reference means.
const FOREIGN: [&str; 7] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$vocabulary",
];
/// Keywords that constrain nothing.
const WORDS: [&str; 9] = [
    "$comment",
    "default",
    "deprecated",
    "description",
    "example",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// Whether every value fits a schema, as far as a glance shows.
pub(super) fn is_trivial(schema: &Value) -> bool {
    match schema {
        Value::Bool(all) => *all,
        Value::Object(members) => members.keys().all(|name| WORDS.contains(&name.as_str())),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => false,
    }
}

/// The definition that a reference names.
pub(super) fn referenced(reference: &str) -> Option<String> {
    let name = reference.strip_prefix("#/$defs/")?;
    (!name.is_empty() && !name.contains('/')).then(|| name.replace("~1", "/").replace("~0", "~"))
}

/// Whether a problem keeps schemas from being compiled.
pub(super) fn is_schema_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error && problem.code == SCHEMA_INVALID
}

/// A reference to nothing.
pub(super) fn unknown(at: &str, name: &str) -> Problem {
    Problem::error(
        SCHEMA_INVALID,
        at,
        format!("there is no schema `{name}`, and others refer to it"),
    )
    .hint("define it, or build the bundle again from the description")
}

/// Checks one schema and all in it; gathers the definitions that it refers to.
pub(super) fn check(
    schema: &Value,
    at: &str,
    references: &mut BTreeSet<String>,
    problems: &mut Vec<Problem>,
) {
    let Value::Object(members) = schema else {
        return;
    };
    for (keyword, value) in members {
        let at = pointer(at, keyword);
        if keyword == "$ref" {
            match value.as_str().and_then(referenced) {
                Some(name) => {
                    references.insert(name);
                }
                None => problems.push(
                    Problem::error(
                        SCHEMA_INVALID,
                        at,
                        "a reference must be `#/$defs/` and the name of a schema",
                    )
                    .hint("build the bundle with `meshward build`, which resolves references"),
                ),
            }
        } else if FOREIGN.contains(&keyword.as_str()) {
            problems.push(
                Problem::error(SCHEMA_INVALID, at, format!("`{keyword}` is not supported"))
                    .hint("refer to schemas by their place in the description"),
            );
        } else if ONE.contains(&keyword.as_str()) {
            check(value, &at, references, problems);
        } else if MANY.contains(&keyword.as_str()) {
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                check(item, &pointer(&at, index), references, problems);
            }
        } else if NAMED.contains(&keyword.as_str()) {
            for (name, item) in value.as_object().into_iter().flatten() {
                check(item, &pointer(&at, name), references, problems);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{check, is_trivial, referenced};
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn knows_what_constrains_nothing() {
        for schema in [
            json!(true),
            json!({}),
            json!({"description": "x", "example": {"type": "integer"}}),
        ] {
            assert!(is_trivial(&schema), "{schema}");
        }
        for schema in [
            json!(false),
            json!({"type": "string"}),
            json!({"x": 1}),
            json!(null),
        ] {
            assert!(!is_trivial(&schema), "{schema}");
        }
    }

    #[test]
    fn reads_references() {
        assert_eq!(referenced("#/$defs/A").as_deref(), Some("A"));
        assert_eq!(referenced("#/$defs/a~1b~01").as_deref(), Some("a/b~1"));
        for other in [
            "#/$defs/",
            "#/$defs/A/properties/x",
            "#",
            "A",
            "https://example.com/a",
            "#/components/schemas/A",
        ] {
            assert_eq!(referenced(other), None, "{other}");
        }
    }

    #[test]
    fn follows_schemas_and_not_data() {
        let schema = json!({
            "properties": { "$ref": { "$ref": "#/$defs/A" }, "enum": { "items": { "$ref": "#/$defs/B" } } },
            "oneOf": [true, { "not": { "$ref": "#/$defs/C" } }],
            "enum": [{ "$ref": "data" }], "default": { "$id": "data" },
        });
        let (mut references, mut problems) = (BTreeSet::new(), Vec::new());
        check(&schema, "/s", &mut references, &mut problems);
        assert_eq!(
            references.into_iter().collect::<Vec<_>>(),
            ["A", "B", "C"],
            "{problems:?}"
        );
        assert!(problems.is_empty());
    }

    #[test]
    fn refuses_other_references_with_their_place() {
        let schema = json!({ "items": { "$ref": "https://example.com/s" }, "properties": { "a/b": { "$id": "x" } } });
        let (mut references, mut problems) = (BTreeSet::new(), Vec::new());
        check(&schema, "/s", &mut references, &mut problems);
        let places: Vec<_> = problems.iter().map(|p| p.at.as_str()).collect();
        assert_eq!(places, ["/s/items/$ref", "/s/properties/a~1b/$id"]);
    }
}
