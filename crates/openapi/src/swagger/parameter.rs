//! Parameters that stay parameters: their types become schemas, and `collectionFormat` becomes `style` and `explode`.

use super::{Converter, reference, schema, within, without};
use serde_json::{Map, Value, json};

/// What stays beside the schema. All else belongs into it.
const BESIDE: [&str; 6] = [
    "name",
    "in",
    "description",
    "required",
    "allowEmptyValue",
    "deprecated",
];

/// Whether a parameter is a part of the body in 3.0.
pub(super) fn is_body(parameter: &Value) -> bool {
    matches!(
        parameter.get("in").and_then(Value::as_str),
        Some("body" | "formData")
    )
}

/// How a list is written.
pub(super) fn style(format: &str, location: &str) -> Option<(&'static str, bool)> {
    let plain = if matches!(location, "path" | "header") {
        "simple"
    } else {
        "form"
    };
    Some(match format {
        "csv" => (plain, false),
        "ssv" => ("spaceDelimited", false),
        "pipes" => ("pipeDelimited", false),
        "multi" => ("form", true),
        _ => return None,
    })
}

/// The schema of something whose type stands beside its name.
pub(super) fn inline(value: &Value) -> Value {
    let mut members = without(value, &BESIDE);
    members.retain(|name, _| {
        name != "collectionFormat" && (name == "x-nullable" || !name.starts_with("x-"))
    });
    schema::convert(&Value::Object(members))
}

impl Converter<'_> {
    /// `parameters` at the top: those that are bodies stand where they are used.
    pub(super) fn shared_parameters(&mut self, shared: &Value) -> Value {
        self.moved.add("/components/parameters", "/parameters");
        let mut found = Map::new();
        for (name, parameter) in shared.as_object().into_iter().flatten() {
            if !is_body(parameter) {
                let now = within("/components/parameters", &[name]);
                let before = within("/parameters", &[name]);
                found.insert(name.clone(), self.parameter(parameter, &now, &before));
            }
        }
        Value::Object(found)
    }

    /// What a reference to a shared parameter leads to.
    pub(super) fn shared(&self, parameter: &Value) -> Option<&Value> {
        let name = parameter.get("$ref")?.as_str()?.strip_prefix("#/")?;
        self.document.pointer(&format!("/{name}"))
    }

    /// One parameter, which is `now` at one place and was `before` at another.
    pub(super) fn parameter(&mut self, parameter: &Value, now: &str, before: &str) -> Value {
        if let Some(old) = parameter.get("$ref").and_then(Value::as_str) {
            return json!({ "$ref": reference(old) });
        }
        let Value::Object(members) = parameter else {
            return parameter.clone();
        };
        let mut new = Map::new();
        for name in BESIDE {
            if let Some(value) = members.get(name) {
                new.insert(name.to_owned(), value.clone());
            }
        }
        self.moved.add(within(now, &["schema"]), before);
        let schema = inline(parameter);
        let is_list = schema.get("type").and_then(Value::as_str) == Some("array");
        new.insert("schema".to_owned(), schema);
        if is_list {
            let text = |name: &str| parameter.get(name).and_then(Value::as_str);
            let format = text("collectionFormat").unwrap_or("csv");
            let written = style(format, text("in").unwrap_or_default());
            if let Some((style, explode)) = written {
                new.insert("style".to_owned(), json!(style));
                new.insert("explode".to_owned(), json!(explode));
            } else {
                self.note(
                    &within(before, &["collectionFormat"]),
                    "lists with this between their items cannot be read; they are read with commas",
                    "use `csv`, `ssv`, `pipes` or `multi`",
                );
            }
        }
        Value::Object(new)
    }
}
