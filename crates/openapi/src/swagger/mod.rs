//! Swagger 2.0 to OpenAPI 3.0: the same description, with everything where the newer version has it.
//!
//! What comes out is read like any other description; [`Moved`] leads from its places back to those of the file, so that every
//! problem is told where its author can mend it. What 2.0 has and 3.0 cannot say is noted, never dropped in silence.

mod body;
mod moved;
mod operation;
mod parameter;
mod schema;
mod security;

pub(crate) use moved::Moved;

use meshward_engine::{Problem, pointer};
use serde_json::{Map, Value, json};

/// A description in its new form.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) value: Value,
    pub(crate) moved: Moved,
    /// What could not be said: warnings in the file's own places.
    pub(crate) notes: Vec<Problem>,
}

/// Whether a file says that it is Swagger 2.0.
pub(crate) fn is_swagger(document: &Value) -> bool {
    document.get("swagger").and_then(Value::as_str) == Some("2.0")
}

/// Converts a description.
pub(crate) fn convert(document: &Value) -> Converted {
    let mut converter = Converter {
        document,
        consumes: names(document.get("consumes")),
        produces: names(document.get("produces")),
        moved: Moved::default(),
        notes: Vec::new(),
    };
    let value = converter.document();
    Converted {
        value,
        moved: converter.moved,
        notes: converter.notes,
    }
}

struct Converter<'a> {
    document: &'a Value,
    consumes: Vec<String>,
    produces: Vec<String>,
    moved: Moved,
    notes: Vec<Problem>,
}

impl<'a> Converter<'a> {
    fn document(&mut self) -> Value {
        let mut new = Map::new();
        new.insert("openapi".to_owned(), json!("3.0.4"));
        let mut components = Map::new();
        for (name, value) in self.document.as_object().into_iter().flatten() {
            match name.as_str() {
                "swagger" | "host" | "basePath" | "schemes" | "consumes" | "produces" => {}
                "paths" => {
                    let paths = self.paths(value);
                    new.insert("paths".to_owned(), paths);
                }
                "definitions" => {
                    self.moved.add("/components/schemas", "/definitions");
                    components.insert("schemas".to_owned(), schema::named(value));
                }
                "parameters" => {
                    let parameters = self.shared_parameters(value);
                    components.insert("parameters".to_owned(), parameters);
                }
                "responses" => {
                    self.moved.add("/components/responses", "/responses");
                    let produces = self.produces.clone();
                    let shared =
                        self.responses(value, "/components/responses", "/responses", &produces);
                    components.insert("responses".to_owned(), shared);
                }
                "securityDefinitions" => {
                    self.moved
                        .add("/components/securitySchemes", "/securityDefinitions");
                    let schemes = self.security_schemes(value);
                    components.insert("securitySchemes".to_owned(), schemes);
                }
                _ => {
                    new.insert(name.clone(), value.clone());
                }
            }
        }
        if let Some(servers) = self.servers() {
            self.moved.add("/servers", "/host");
            new.insert("servers".to_owned(), servers);
        }
        if !components.is_empty() {
            new.insert("components".to_owned(), Value::Object(components));
        }
        Value::Object(new)
    }

    /// `host`, `basePath` and `schemes`; `None` where the description names neither host nor path.
    fn servers(&self) -> Option<Value> {
        let text = |name: &str| self.document.get(name).and_then(Value::as_str);
        let path = text("basePath").unwrap_or("").trim_end_matches('/');
        let Some(host) = text("host") else {
            return (!path.is_empty()).then(|| json!([{ "url": path }]));
        };
        let mut schemes = names(self.document.get("schemes"));
        schemes.retain(|scheme| matches!(scheme.as_str(), "http" | "https"));
        if schemes.is_empty() {
            schemes.push("https".to_owned());
        }
        let servers = schemes
            .iter()
            .map(|scheme| json!({ "url": format!("{scheme}://{host}{path}") }));
        Some(servers.collect())
    }

    fn note(&mut self, at: &str, message: &str, hint: &str) {
        self.notes
            .push(Problem::warning("not-mapped", at, message).hint(hint));
    }
}

/// A list of texts; what is none has none.
fn names(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// Where a reference within the file leads now.
fn reference(old: &str) -> String {
    let homes = [
        ("#/definitions/", "#/components/schemas/"),
        ("#/parameters/", "#/components/parameters/"),
        ("#/responses/", "#/components/responses/"),
    ];
    let moved = homes
        .into_iter()
        .find_map(|(from, to)| old.strip_prefix(from).map(|rest| format!("{to}{rest}")));
    moved.unwrap_or_else(|| old.to_owned())
}

/// The same members, without those that `leave` names.
fn without(value: &Value, leave: &[&str]) -> Map<String, Value> {
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| !leave.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A place within another.
fn within(base: &str, steps: &[&str]) -> String {
    steps
        .iter()
        .fold(base.to_owned(), |base, step| pointer(&base, step))
}

#[cfg(test)]
mod tests;
