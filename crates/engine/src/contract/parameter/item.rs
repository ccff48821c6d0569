//! The items of a list and the members of an object: single texts, each with a schema of its own.

use super::breaks;
use crate::contract::schema::{Schema, Schemas};
use crate::contract::value::{Look, Types, scalars};
use crate::problem::Problem;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One text within a list or an object.
#[derive(Debug)]
pub(super) struct Item {
    types: Types,
    schema: Option<Schema>,
}

impl Item {
    /// Any text.
    const ANY: Self = Self {
        types: Types::ALL,
        schema: None,
    };

    /// `at` is the place of the parameter's schema.
    pub(super) fn compile<'a>(
        schema: Option<&'a Value>,
        at: &str,
        schemas: &mut Schemas<'a>,
    ) -> Self {
        let Some(schema) = schema else {
            return Self::ANY;
        };
        let types = Look::new(schemas.definitions()).types(schema);
        if types != Types::ALL && types.has_some(Types::ARRAY.or(Types::OBJECT)) {
            schemas.note(
                Problem::warning(
                    "parameter-nested",
                    at,
                    "lists and objects within lists and objects cannot be written in a parameter",
                )
                .hint("requests that use them are refused: send the value in the body"),
            );
        }
        Self {
            types,
            schema: schemas.add(schema, at),
        }
    }

    /// The reading of the text: the first that fits, else the most specific, so that the schema around it can say what is wrong.
    pub(super) fn read(&self, text: &str) -> Option<Value> {
        let readings = scalars(text, self.types);
        let fits = |value: &&Value| {
            self.schema
                .as_ref()
                .is_none_or(|schema| breaks(schema, (*value).clone()).is_none())
        };
        readings.iter().find(fits).or(readings.first()).cloned()
    }
}

/// The members of an object.
#[derive(Debug)]
pub(super) struct Members {
    declared: BTreeMap<String, Item>,
    others: Item,
    /// Whether the schema asks for members of any name: then undeclared parameters are members of an exploded object.
    open: bool,
}

impl Members {
    pub(super) fn compile<'a>(schema: &'a Value, at: &str, schemas: &mut Schemas<'a>) -> Self {
        let found = Look::new(schemas.definitions()).members(schema);
        let declared = found
            .declared
            .into_iter()
            .map(|(name, schema)| (name.to_owned(), Item::compile(Some(schema), at, schemas)))
            .collect();
        Self {
            declared,
            others: Item::compile(found.others, at, schemas),
            open: found.open,
        }
    }

    /// Whether a parameter of this name is a member, where the object is written as parameters of their own.
    pub(super) fn has(&self, name: &str, taken: &[String]) -> bool {
        self.declared.contains_key(name) || (self.open && !taken.iter().any(|t| t == name))
    }

    /// The object; `None` when a member stands in it twice, or its text is of no allowed type.
    pub(super) fn read<'t>(
        &self,
        pairs: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Option<Value> {
        let mut object = Map::new();
        for (name, text) in pairs {
            let item = self.declared.get(name).unwrap_or(&self.others);
            if object.insert(name.to_owned(), item.read(text)?).is_some() {
                return None;
            }
        }
        Some(Value::Object(object))
    }
}
