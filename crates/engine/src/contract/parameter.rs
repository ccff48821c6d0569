//! One parameter: from the places of a head to typed values, and these against the schema.

use super::place;
use super::schema::{Schema, Schemas};
use super::value::{Look, Types, scalars};
use crate::config::{self, ParameterLocation, Style};
use crate::problem::{Problem, pointer};
use crate::verdict::{Reason, Refusal};
use serde_json::Value;

/// Headers that OpenAPI says are not described as parameters.
const NOT_PARAMETERS: [&str; 3] = ["accept", "authorization", "content-type"];

/// A parameter, ready to check.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) location: ParameterLocation,
    required: bool,
    list: List,
    types: Types,
    item: Option<Item>,
    schema: Option<Schema>,
}

/// How several values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    /// They are not.
    Never,
    /// In one text, with commas.
    Commas,
    /// Each in a text of its own.
    Repeated,
}

/// The items of an array.
#[derive(Debug)]
struct Item {
    types: Types,
    schema: Option<Schema>,
}

impl Parameter {
    /// `None` for what OpenAPI says is to be ignored.
    pub(super) fn compile<'a>(
        parameter: &'a config::Parameter,
        schemas: &mut Schemas<'a>,
    ) -> Option<Self> {
        let config::Parameter {
            name,
            location,
            required,
            style,
            explode,
            schema,
            at,
        } = parameter;
        if *location == ParameterLocation::Header && NOT_PARAMETERS.contains(&name.as_str()) {
            return None;
        }
        let types = schema.as_ref().map_or(Types::ALL, |schema| {
            Look::new(schemas.definitions()).types(schema)
        });
        let named = types != Types::ALL;
        let is_list = named && types.has(Types::ARRAY);
        if named && types.has(Types::OBJECT) {
            schemas.note(objects(types, at));
        }
        let list = match (is_list, style, explode) {
            (false, _, _) => List::Never,
            (true, Style::Form, true) => List::Repeated,
            (true, Style::Form, false) | (true, Style::Simple, _) => List::Commas,
        };
        let item = is_list.then(|| Item::compile(schema.as_ref(), at, schemas));
        let place = pointer(at, "schema");
        Some(Self {
            name: name.clone(),
            location: *location,
            required: *required || *location == ParameterLocation::Path,
            list,
            types,
            item,
            schema: schema
                .as_ref()
                .and_then(|schema| schemas.add(schema, &place)),
        })
    }

    /// Checks the texts that stand in the parameter's place.
    pub(super) fn check(&self, texts: &[&str]) -> Option<Refusal> {
        let [first, more @ ..] = texts else {
            return self
                .required
                .then(|| Refusal::at(Reason::ParameterMissing, self.place()));
        };
        let may_repeat = self.list == List::Repeated
            // Fields of one name are one list (RFC 9110, section 5.3).
            || (self.list == List::Commas && self.location == ParameterLocation::Header);
        if !more.is_empty() && !may_repeat {
            return Some(Refusal::at(Reason::ParameterDuplicate, self.place()));
        }
        let schema = self.schema.as_ref()?;
        let mut expected = None;
        for reading in self.readings(first, texts) {
            match breaks(schema, reading) {
                None => return None,
                Some(words) => expected = expected.or(Some(words)),
            }
        }
        let expected = expected.unwrap_or_else(|| self.types.expected());
        Some(self.invalid().expected(expected))
    }

    /// The refusal of something that is no value at all.
    pub(super) fn invalid(&self) -> Refusal {
        Refusal::at(Reason::ParameterInvalid, self.place())
    }

    /// Where a finding says that the parameter stands.
    fn place(&self) -> String {
        place::parameter(self.location, &self.name)
    }

    /// Every reading of the texts, the most specific first.
    fn readings(&self, first: &str, texts: &[&str]) -> Vec<Value> {
        let mut readings = Vec::new();
        if let Some(item) = &self.item {
            let items: Option<Vec<Value>> = match self.list {
                List::Never => None,
                List::Repeated => texts.iter().map(|text| item.read(text)).collect(),
                List::Commas if texts.len() == 1 && first.is_empty() => Some(Vec::new()),
                List::Commas => texts
                    .iter()
                    .flat_map(|text| text.split(','))
                    .map(|text| match self.location {
                        ParameterLocation::Header => item.read(text.trim_matches([' ', '\t'])),
                        ParameterLocation::Path
                        | ParameterLocation::Query
                        | ParameterLocation::Cookie => item.read(text),
                    })
                    .collect(),
            };
            readings.extend(items.map(Value::Array));
        }
        if texts.len() == 1 {
            readings.extend(scalars(first, self.types));
        }
        readings
    }
}

impl Item {
    fn compile<'a>(schema: Option<&'a Value>, at: &str, schemas: &mut Schemas<'a>) -> Self {
        let items = schema.and_then(|schema| Look::new(schemas.definitions()).items(schema));
        let Some(items) = items else {
            return Self {
                types: Types::ALL,
                schema: None,
            };
        };
        let types = Look::new(schemas.definitions()).types(items);
        if types != Types::ALL && (types.has(Types::ARRAY) || types.has(Types::OBJECT)) {
            schemas.note(
                Problem::error(
                    "parameter-nested",
                    pointer(at, "schema"),
                    "arrays of arrays or objects cannot be written in a parameter",
                )
                .hint("declare items of a scalar type, or send the value in the body"),
            );
        }
        Self {
            types,
            schema: schemas.add(items, &pointer(at, "schema")),
        }
    }

    /// The reading of one item: the first that fits, else the most specific, so that the array's schema can say what is wrong.
    fn read(&self, text: &str) -> Option<Value> {
        let readings = scalars(text, self.types);
        let fits = |value: &&Value| {
            self.schema
                .as_ref()
                .is_none_or(|schema| breaks(schema, (*value).clone()).is_none())
        };
        readings.iter().find(fits).or(readings.first()).cloned()
    }
}

/// What a value should have been, if it breaks its schema.
fn breaks(schema: &Schema, value: Value) -> Option<String> {
    let size = value.as_str().map_or(0, str::len);
    let first = schema.violations(value, size, 1).into_iter().next();
    first.map(|violation| violation.expected)
}

fn objects(types: Types, at: &str) -> Problem {
    let at = pointer(at, "schema");
    let words = "an object in a parameter is not read";
    if types == Types::OBJECT {
        Problem::error("parameter-object", at, words)
            .hint("declare its members as parameters, or send it in the body")
    } else {
        Problem::warning("parameter-object", at, words)
            .hint("requests that use this form are refused")
    }
}
