//! A value with its place.

use super::{File, Report};
use meshward_engine::{Problem, pointer};
use serde_json::{Map, Value};

/// A value in a file. Going into it keeps the place, so that every problem has one.
#[derive(Debug, Clone)]
pub(crate) struct At<'a> {
    pub(crate) file: &'a File,
    pub(crate) pointer: String,
    pub(crate) value: &'a Value,
}

/// A place as a key of maps: the number of the file and the pointer.
pub(crate) type Key = (usize, String);

impl<'a> At<'a> {
    pub(crate) fn root(file: &'a File) -> Self {
        Self {
            file,
            pointer: String::new(),
            value: file.value(),
        }
    }

    pub(crate) fn key(&self) -> Key {
        (self.file.id, self.pointer.clone())
    }

    /// A member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<At<'a>> {
        let value = self.value.as_object()?.get(name)?;
        Some(self.child(name, value))
    }

    /// The members of an object, in the order of the file; nothing when it is none.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a str, At<'a>)> + use<'a, '_> {
        let members = self.value.as_object().into_iter().flatten();
        members.map(|(name, value)| (name.as_str(), self.child(name, value)))
    }

    /// The items of a list; nothing when it is none.
    pub(crate) fn items(&self) -> impl Iterator<Item = At<'a>> + use<'a, '_> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(|(index, value)| self.child(index, value))
    }

    fn child(&self, step: impl std::fmt::Display, value: &'a Value) -> At<'a> {
        At {
            file: self.file,
            pointer: pointer(&self.pointer, step),
            value,
        }
    }

    pub(crate) fn error(&self, code: &'static str, message: impl Into<String>) -> Problem {
        Problem::error(code, &self.pointer, message).file(self.file.source.name())
    }

    pub(crate) fn warning(&self, code: &'static str, message: impl Into<String>) -> Problem {
        Problem::warning(code, &self.pointer, message).file(self.file.source.name())
    }

    pub(crate) fn wrong_type(&self, expected: &str) -> Problem {
        let found = kind(self.value);
        self.error("wrong-type", format!("expected {expected}, found {found}"))
    }

    pub(crate) fn missing(&self, field: &str) -> Problem {
        self.error("missing-field", format!("`{field}` is missing"))
    }

    /// The object that this must be.
    pub(crate) fn object(&self, report: &mut Report) -> Option<&'a Map<String, Value>> {
        self.value.as_object().or_else(|| {
            report.push(self.wrong_type("an object"));
            None
        })
    }

    /// The list that this must be.
    pub(crate) fn list(&self, report: &mut Report) -> Option<&'a Vec<Value>> {
        self.value.as_array().or_else(|| {
            report.push(self.wrong_type("a list"));
            None
        })
    }

    /// The string that this must be.
    pub(crate) fn text(&self, report: &mut Report) -> Option<&'a str> {
        self.value.as_str().or_else(|| {
            report.push(self.wrong_type("a string"));
            None
        })
    }

    /// An optional boolean member.
    pub(crate) fn flag(&self, name: &str, report: &mut Report) -> Option<bool> {
        let at = self.get(name)?;
        at.value.as_bool().or_else(|| {
            report.push(at.wrong_type("`true` or `false`"));
            None
        })
    }

    /// A member that must be there, and be a string.
    pub(crate) fn required_text(&self, name: &str, report: &mut Report) -> Option<&'a str> {
        let Some(at) = self.get(name) else {
            report.push(self.missing(name));
            return None;
        };
        at.text(report)
    }

    /// The `$ref` of a Reference Object.
    pub(crate) fn reference(&self) -> Option<&'a str> {
        self.value.as_object()?.get("$ref")?.as_str()
    }
}

/// What a value is, in words.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing (`null`)",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(items) if items.is_empty() => "an empty list",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
