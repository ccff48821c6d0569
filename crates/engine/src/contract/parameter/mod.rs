//! One parameter: from the places of a head to typed values, and these against the schema.
//!
//! A text may have several readings (a list, an object, a number, a text); the parameter fits when one of them fits its schema.

mod form;
mod item;

use super::json::{self, Bounds};
use super::media;
use super::place;
use super::schema::{Schema, Schemas};
use super::value::{Look, Types, scalars};
use crate::config::{self, ParameterLocation, Style};
use crate::problem::{Problem, pointer};
use crate::verdict::{Reason, Refusal};
pub(super) use form::{List, Object};
use item::{Item, Members};
use serde_json::Value;

/// Headers that OpenAPI says are not described as parameters.
const NOT_PARAMETERS: [&str; 3] = ["accept", "authorization", "content-type"];

/// A parameter, ready to check.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) location: ParameterLocation,
    required: bool,
    allow_empty: bool,
    style: Style,
    explode: bool,
    types: Types,
    list: List,
    item: Option<Item>,
    object: Object,
    members: Option<Members>,
    /// The query parameters that have a declaration of their own, where this one's members are parameters too.
    taken: Vec<String>,
    /// Whether the text is JSON.
    is_json: bool,
    schema: Option<Schema>,
}

/// What a request has in the places of a parameter.
#[derive(Debug, Default)]
pub(super) struct Given<'t> {
    /// The texts under its name.
    pub(super) texts: Vec<&'t str>,
    /// Its members, where they are parameters of their own.
    pub(super) members: Vec<(&'t str, &'t str)>,
}

impl<'t> Given<'t> {
    /// Texts under the parameter's own name.
    pub(super) fn of(texts: Vec<&'t str>) -> Self {
        Self {
            texts,
            members: Vec::new(),
        }
    }
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
            allow_empty,
            content,
            schema,
            at,
        } = parameter;
        if *location == ParameterLocation::Header && NOT_PARAMETERS.contains(&name.as_str()) {
            return None;
        }
        let is_json = content.as_deref().is_some_and(media::is_json);
        let place = pointer(
            at,
            if content.is_some() {
                "content"
            } else {
                "schema"
            },
        );
        let types = match schema {
            Some(schema) if content.is_none() => Look::new(schemas.definitions()).types(schema),
            _ => Types::ALL,
        };
        let named = types != Types::ALL;
        let list = List::of(*style, *explode);
        let object = Object::of(*style, *explode);
        // Nobody could tell the members from the cookies of others.
        let is_lost = object == Object::Members && *location == ParameterLocation::Cookie;
        let object = if is_lost { Object::Never } else { object };
        let is_list = named && types.has(Types::ARRAY) && list != List::Never;
        let is_object = named && types.has(Types::OBJECT) && object != Object::Never;
        let unwritable = (named && types.has(Types::ARRAY) && !is_list)
            || (named && types.has(Types::OBJECT) && !is_object);
        if unwritable {
            schemas.note(
                Problem::warning(
                    "parameter-style",
                    place.as_str(),
                    "this style cannot write every value of the schema",
                )
                .hint(
                    "requests that would need it are refused: choose another `style` or `explode`",
                ),
            );
        }
        let item = is_list.then(|| {
            let items = schema
                .as_ref()
                .and_then(|schema| Look::new(schemas.definitions()).items(schema));
            Item::compile(items, &place, schemas)
        });
        let members = schema
            .as_ref()
            .filter(|_| is_object)
            .map(|schema| Members::compile(schema, &place, schemas));
        let checked = content.is_none() || is_json;
        if !checked && schema.is_some() {
            schemas.note(
                Problem::warning(
                    "schema-unchecked",
                    place.as_str(),
                    "only JSON is read in a parameter with `content`",
                )
                .hint("check this parameter in the service"),
            );
        }
        Some(Self {
            name: name.clone(),
            location: *location,
            required: *required || *location == ParameterLocation::Path,
            allow_empty: *allow_empty,
            style: *style,
            explode: *explode,
            types,
            list: if is_list { list } else { List::Never },
            item,
            object: if is_object { object } else { Object::Never },
            members,
            taken: Vec::new(),
            is_json,
            schema: schema
                .as_ref()
                .filter(|_| checked)
                .and_then(|schema| schemas.add(schema, &place)),
        })
    }

    /// Whether it is written with a `;` before it.
    pub(super) fn is_matrix(&self) -> bool {
        self.style == Style::Matrix
    }

    /// Says which query parameters have a declaration of their own.
    pub(super) fn leave(&mut self, taken: &[String]) {
        if self.members.is_some() && self.object == Object::Members {
            self.taken = taken.to_vec();
        }
    }

    /// The member that a query parameter or cookie of this name is; `None` where it is none.
    pub(super) fn member<'n>(&self, name: &'n str) -> Option<&'n str> {
        let members = self.members.as_ref()?;
        match self.object {
            Object::Brackets => form::member(&self.name, name),
            Object::Members => members.has(name, &self.taken).then_some(name),
            Object::Never | Object::Turns(_) | Object::Assigned(_) => None,
        }
    }

    /// Whether a query parameter of this name belongs to it.
    pub(super) fn owns(&self, name: &str) -> bool {
        self.name == name || self.member(name).is_some()
    }

    /// Checks what stands in the parameter's places.
    pub(super) fn check(&self, given: &Given<'_>) -> Option<Refusal> {
        let texts = given.texts.as_slice();
        if texts.is_empty() && given.members.is_empty() {
            return self
                .required
                .then(|| Refusal::at(Reason::ParameterMissing, self.place()));
        }
        let may_repeat = self.list == List::Repeated
            // Fields of one name are one list (RFC 9110, section 5.3).
            || (matches!(self.list, List::Divided(_)) && self.location == ParameterLocation::Header);
        if texts.len() > 1 && !may_repeat {
            return Some(Refusal::at(Reason::ParameterDuplicate, self.place()));
        }
        if self.allow_empty && texts == [""] {
            return None;
        }
        let schema = self.schema.as_ref()?;
        let mut expected = None;
        for reading in self.readings(given) {
            match breaks(schema, reading) {
                None => return None,
                Some(words) => expected = expected.or(Some(words)),
            }
        }
        let expected = expected.unwrap_or_else(|| self.expected());
        Some(self.invalid().expected(expected))
    }

    fn expected(&self) -> String {
        if self.is_json {
            "expected one JSON value".to_owned()
        } else {
            self.types.expected()
        }
    }

    /// Whether its value is a list.
    pub(super) fn is_list(&self) -> bool {
        self.item.is_some()
    }

    /// The refusal of something that is no value at all.
    pub(super) fn invalid(&self) -> Refusal {
        Refusal::at(Reason::ParameterInvalid, self.place())
    }

    /// Where a finding says that the parameter stands.
    fn place(&self) -> String {
        place::parameter(self.location, &self.name)
    }

    /// Every reading of what is there, the most specific first.
    fn readings(&self, given: &Given<'_>) -> Vec<Value> {
        let texts = given.texts.as_slice();
        let only = match texts {
            [one] => Some(*one),
            _ => None,
        };
        if self.is_json {
            let read = |text: &str| json::read(text.as_bytes(), Bounds::default()).ok();
            return only.and_then(read).into_iter().collect();
        }
        let mut readings = Vec::new();
        readings.extend(self.item.as_ref().and_then(|item| self.list(item, texts)));
        if let Some(members) = &self.members {
            let object = match self.object {
                Object::Members | Object::Brackets if texts.is_empty() => {
                    members.read(given.members.iter().copied())
                }
                Object::Turns(_) | Object::Assigned(_) => only
                    .and_then(|text| self.bare(text, true))
                    .and_then(|text| self.object.pairs(text))
                    .and_then(|pairs| members.read(pairs)),
                Object::Never | Object::Members | Object::Brackets => None,
            };
            readings.extend(object);
        }
        if let Some(text) = only.and_then(|text| self.bare(text, false)) {
            readings.extend(scalars(text, self.types));
        }
        readings
    }

    fn list(&self, item: &Item, texts: &[&str]) -> Option<Value> {
        let items: Option<Vec<Value>> = match self.list {
            List::Never => None,
            List::Repeated => texts.iter().map(|text| item.read(text)).collect(),
            List::Divided(between) => {
                let bare: Option<Vec<&str>> =
                    texts.iter().map(|text| self.bare(text, true)).collect();
                match bare?.as_slice() {
                    [""] => Some(Vec::new()),
                    bare => bare
                        .iter()
                        .flat_map(|text| text.split(between))
                        .map(|text| item.read(self.trimmed(text)))
                        .collect(),
                }
            }
            List::Named => self
                .bare(texts.first()?, true)?
                .split(';')
                .map(|part| item.read(part.strip_prefix(self.name.as_str())?.strip_prefix('=')?))
                .collect(),
        };
        items.map(Value::Array)
    }

    fn bare<'t>(&self, text: &'t str, several: bool) -> Option<&'t str> {
        form::bare(self.style, self.explode, several, &self.name, text)
    }

    /// Space around the items of a field is no part of them.
    fn trimmed<'t>(&self, text: &'t str) -> &'t str {
        match self.location {
            ParameterLocation::Header => text.trim_matches([' ', '\t']),
            ParameterLocation::Path | ParameterLocation::Query | ParameterLocation::Cookie => text,
        }
    }
}

/// What a value should have been, if it breaks its schema.
fn breaks(schema: &Schema, value: Value) -> Option<String> {
    let first = schema.violations(&mut value.into(), 1).into_iter().next();
    first.map(|violation| violation.expected)
}
