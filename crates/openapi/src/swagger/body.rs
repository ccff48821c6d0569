//! Parameters that become the request's body: one in `body`, or fields in `formData`.

use super::parameter::{inline, style};
use super::{Converter, schema, within};
use crate::describe::{FORM, PARTS};
use serde_json::{Map, Value, json};

/// A parameter of the body, and where it was.
pub(super) struct Part<'v> {
    pub(super) value: &'v Value,
    pub(super) before: String,
}

impl Converter<'_> {
    /// The body that some parameters are, at `now`.
    pub(super) fn body(
        &mut self,
        parts: &[Part<'_>],
        consumes: &[String],
        now: &str,
    ) -> Option<Value> {
        let whole = |part: &&Part<'_>| part.value.get("in").and_then(Value::as_str) == Some("body");
        let Some(body) = parts.iter().find(whole) else {
            return (!parts.is_empty()).then(|| self.form(parts, consumes, now));
        };
        self.moved.add(now, body.before.as_str());
        let none = [String::from("application/json")];
        let types = if consumes.is_empty() {
            &none[..]
        } else {
            consumes
        };
        let mut content = Map::new();
        for name in types {
            let at = within(now, &["content", name, "schema"]);
            self.moved.add(at, within(&body.before, &["schema"]));
            let schema = body.value.get("schema").map(schema::convert);
            content.insert(name.clone(), media(schema));
        }
        let mut new = Map::new();
        if let Some(description) = body.value.get("description") {
            new.insert("description".to_owned(), description.clone());
        }
        let required = body.value.get("required").cloned();
        new.insert("required".to_owned(), required.unwrap_or(json!(false)));
        new.insert("content".to_owned(), Value::Object(content));
        Some(Value::Object(new))
    }

    fn form(&mut self, parts: &[Part<'_>], consumes: &[String], now: &str) -> Value {
        let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
        let has_file = parts
            .iter()
            .any(|part| text(part.value, "type").as_deref() == Some("file"));
        let named = |essence: &str| consumes.iter().any(|name| name.starts_with(essence));
        let types: Vec<&str> = match (has_file || named(PARTS), named(FORM)) {
            (true, true) if !has_file => vec![PARTS, FORM],
            (true, _) => vec![PARTS],
            (false, _) => vec![FORM],
        };
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut encoding = Map::new();
        for part in parts {
            let Some(name) = text(part.value, "name") else {
                self.note(&part.before, "a field without a name", "give it a `name`");
                continue;
            };
            for essence in &types {
                let at = within(now, &["content", essence, "schema", "properties", &name]);
                self.moved.add(at, part.before.as_str());
            }
            if part.value.get("required").and_then(Value::as_bool) == Some(true) {
                required.push(name.clone());
            }
            let property = inline(part.value);
            if property.get("type").and_then(Value::as_str) == Some("array") {
                let format = text(part.value, "collectionFormat");
                match style(format.as_deref().unwrap_or("csv"), "formData") {
                    // That is how lists are written where nothing is said.
                    Some((_, true)) => {}
                    Some((style, explode)) => {
                        let written = json!({ "style": style, "explode": explode });
                        encoding.insert(name.clone(), written);
                    }
                    None => self.note(
                        &within(&part.before, &["collectionFormat"]),
                        "lists with this between their items cannot be read; each item is a field",
                        "use `csv`, `ssv`, `pipes` or `multi`",
                    ),
                }
            }
            properties.insert(name, property);
        }
        let is_required = !required.is_empty();
        let mut schema = json!({ "type": "object", "properties": properties });
        if let Some(schema) = schema.as_object_mut().filter(|_| is_required) {
            schema.insert("required".to_owned(), json!(required));
        }
        let mut one = json!({ "schema": schema });
        if let Some(one) = one.as_object_mut().filter(|_| !encoding.is_empty()) {
            one.insert("encoding".to_owned(), Value::Object(encoding));
        }
        let content: Map<String, Value> = types
            .into_iter()
            .map(|name| (name.to_owned(), one.clone()))
            .collect();
        json!({ "required": is_required, "content": content })
    }
}

/// A media type with a schema, if there is one.
pub(super) fn media(schema: Option<Value>) -> Value {
    schema.map_or_else(|| json!({}), |schema| json!({ "schema": schema }))
}
