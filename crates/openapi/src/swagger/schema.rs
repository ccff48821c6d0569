//! Schemas: those of 2.0 are those of 3.0, but for references, files, `discriminator` and what extensions stood in for.

use super::reference;
use serde_json::{Map, Value, json};

/// Keywords whose members are schemas by name.
const NAMED: [&str; 1] = ["properties"];
/// Keywords whose value holds data, which may look like a schema.
const DATA: [&str; 4] = ["default", "example", "enum", "x-example"];

/// Schemas by name.
pub(super) fn named(schemas: &Value) -> Value {
    let Value::Object(members) = schemas else {
        return schemas.clone();
    };
    let converted = members
        .iter()
        .map(|(name, schema)| (name.clone(), convert(schema)));
    Value::Object(converted.collect())
}

/// One schema, and all in it.
pub(super) fn convert(schema: &Value) -> Value {
    let members = match schema {
        Value::Object(members) => members,
        Value::Array(schemas) => return schemas.iter().map(convert).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return schema.clone();
        }
    };
    let mut new = Map::new();
    for (name, value) in members {
        let converted = match (name.as_str(), value) {
            ("$ref", Value::String(old)) => Value::from(reference(old)),
            ("discriminator", Value::String(name)) => json!({ "propertyName": name }),
            ("type", Value::String(kind)) if kind == "file" => {
                new.insert("format".to_owned(), json!("binary"));
                json!("string")
            }
            ("x-nullable", Value::Bool(nullable)) => {
                new.insert("nullable".to_owned(), Value::Bool(*nullable));
                continue;
            }
            (keyword, value) if DATA.contains(&keyword) => value.clone(),
            (keyword, value) if NAMED.contains(&keyword) => named(value),
            (_, Value::Object(_) | Value::Array(_)) if !name.starts_with("x-") => convert(value),
            (_, value) => value.clone(),
        };
        new.insert(name.clone(), converted);
    }
    Value::Object(new)
}
