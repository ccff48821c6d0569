//! Paths, operations and responses.

use super::body::{Part, media};
use super::parameter::{inline, is_body};
use super::{Converter, names, reference, schema, within, without};
use serde_json::{Map, Value, json};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

impl Converter<'_> {
    pub(super) fn paths(&mut self, paths: &Value) -> Value {
        let Value::Object(paths) = paths else {
            return paths.clone();
        };
        let mut found = Map::new();
        for (path, item) in paths {
            let at = within("/paths", &[path]);
            found.insert(path.clone(), self.path(item, &at));
        }
        Value::Object(found)
    }

    fn path(&mut self, item: &Value, at: &str) -> Value {
        let Value::Object(members) = item else {
            return item.clone();
        };
        let mut new = Map::new();
        let own = self.divided(item, at);
        for (name, value) in members {
            let converted = match name.as_str() {
                "parameters" => continue,
                name if METHODS.contains(&name) => {
                    self.operation(value, &within(at, &[name]), &own.1)
                }
                _ => value.clone(),
            };
            new.insert(name.clone(), converted);
        }
        if !own.0.is_empty() {
            new.insert("parameters".to_owned(), Value::Array(own.0));
        }
        Value::Object(new)
    }

    /// The parameters of a path or an operation: those that stay, and those of the body.
    fn divided<'v>(&mut self, owner: &'v Value, at: &str) -> (Vec<Value>, Vec<Part<'v>>)
    where
        Self: 'v,
    {
        let (mut stay, mut body) = (Vec::new(), Vec::new());
        let list = owner.get("parameters").and_then(Value::as_array);
        for (index, parameter) in list.into_iter().flatten().enumerate() {
            let before = within(at, &["parameters", &index.to_string()]);
            let shared = self.shared(parameter).filter(|shared| is_body(shared));
            if is_body(parameter) {
                body.push(Part {
                    value: parameter,
                    before,
                });
            } else if shared.is_some() {
                // The reference keeps its place: what it leads to is told there.
                body.push(Part {
                    value: parameter,
                    before,
                });
            } else {
                let now = within(at, &["parameters", &stay.len().to_string()]);
                self.moved.add(now.as_str(), before.as_str());
                stay.push(self.parameter(parameter, &now, &before));
            }
        }
        (stay, body)
    }

    fn operation(&mut self, operation: &Value, at: &str, inherited: &[Part<'_>]) -> Value {
        let leave = ["parameters", "consumes", "produces", "schemes", "responses"];
        let mut new = without(operation, &leave);
        let types = |field: &str, global: &[String]| match operation.get(field) {
            Some(own) => names(Some(own)),
            None => global.to_vec(),
        };
        let (consumes, produces) = (
            types("consumes", &self.consumes),
            types("produces", &self.produces),
        );
        let (stay, own) = self.divided(operation, at);
        if !stay.is_empty() {
            new.insert("parameters".to_owned(), Value::Array(stay));
        }
        let name = |part: &Part<'_>| part.value.get("name").cloned();
        let others = inherited.iter().filter(|part| {
            let overridden = own.iter().any(|own| name(own) == name(part));
            !overridden
        });
        let parts: Vec<Part<'_>> = others
            .chain(&own)
            .map(|part| Part {
                value: part.value,
                before: part.before.clone(),
            })
            .collect();
        let document = self.document;
        let resolved: Vec<Part<'_>> = parts
            .into_iter()
            .map(|part| Part {
                value: target(document, part.value),
                before: part.before,
            })
            .collect();
        if let Some(body) = self.body(&resolved, &consumes, &within(at, &["requestBody"])) {
            new.insert("requestBody".to_owned(), body);
        }
        if let Some(responses) = operation.get("responses") {
            let at = within(at, &["responses"]);
            let responses = self.responses(responses, &at, &at, &produces);
            new.insert("responses".to_owned(), responses);
        }
        Value::Object(new)
    }

    /// Responses by status or name, which are `now` at one place and were `before` at another.
    pub(super) fn responses(
        &mut self,
        responses: &Value,
        now: &str,
        before: &str,
        produces: &[String],
    ) -> Value {
        let Value::Object(members) = responses else {
            return responses.clone();
        };
        let mut found = Map::new();
        for (name, response) in members {
            let converted = if name.starts_with("x-") {
                response.clone()
            } else {
                let (now, before) = (within(now, &[name]), within(before, &[name]));
                self.response(response, &now, &before, produces)
            };
            found.insert(name.clone(), converted);
        }
        Value::Object(found)
    }

    fn response(
        &mut self,
        response: &Value,
        now: &str,
        before: &str,
        produces: &[String],
    ) -> Value {
        if let Some(old) = response.get("$ref").and_then(Value::as_str) {
            return json!({ "$ref": reference(old) });
        }
        let mut new = without(response, &["schema", "headers", "examples"]);
        if let Some(schema) = response.get("schema") {
            let none = [String::from("application/json")];
            let types = if produces.is_empty() {
                &none[..]
            } else {
                produces
            };
            let mut content = Map::new();
            for name in types {
                let at = within(now, &["content", name, "schema"]);
                self.moved.add(at, within(before, &["schema"]));
                content.insert(name.clone(), media(Some(schema::convert(schema))));
            }
            new.insert("content".to_owned(), Value::Object(content));
        }
        if let Some(Value::Object(headers)) = response.get("headers") {
            let mut found = Map::new();
            for (name, header) in headers {
                let at = within(now, &["headers", name, "schema"]);
                self.moved.add(at, within(before, &["headers", name]));
                let mut new = media(Some(inline(header)));
                if let (Some(new), Some(text)) = (new.as_object_mut(), header.get("description")) {
                    new.insert("description".to_owned(), text.clone());
                }
                found.insert(name.clone(), new);
            }
            new.insert("headers".to_owned(), Value::Object(found));
        }
        Value::Object(new)
    }
}

/// What a parameter is, where it is a reference to a shared one.
fn target<'v>(document: &'v Value, parameter: &'v Value) -> &'v Value {
    let reference = parameter.get("$ref").and_then(Value::as_str);
    reference
        .and_then(|reference| document.pointer(reference.strip_prefix('#')?))
        .unwrap_or(parameter)
}
