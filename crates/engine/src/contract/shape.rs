//! What a description declares of values, without regard to whether they are valid: which members objects have, and how they are tagged.
//!
//! A value may be under several schemas at once (`allOf`, `$ref`, every branch of a union): one shape is what they say together. A
//! member that any of them declares is declared; which branch of a union a value fits is for validation to say.
//!
//! Shapes are made when a policy is loaded. INVARIANT (bounded): at most [`MOST`] for an API.

use super::lint;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The most shapes of an API.
const MOST: usize = 100_000;

/// The number of a shape.
pub(super) type ShapeId = usize;

/// What is declared of a value.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) members: BTreeMap<Box<str>, ShapeId>,
    pub(super) others: Others,
    pub(super) items: Option<ShapeId>,
    /// Which tags its schemas have, as bits in the order of the tags.
    pub(super) tags: u64,
}

/// What is said of members that have no name in the schema.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// Nothing is declared at all, or any are.
    #[default]
    Any,
    /// There are none.
    Undeclared,
    /// They are declared, with this shape.
    Of(ShapeId),
}

/// Makes the shapes of an API.
#[derive(Debug)]
pub(super) struct Shapes<'a> {
    definitions: &'a BTreeMap<String, Value>,
    shapes: Vec<Shape>,
    known: HashMap<Vec<usize>, ShapeId>,
    open: VecDeque<(ShapeId, Vec<&'a Value>)>,
    tags: Vec<String>,
}

impl<'a> Shapes<'a> {
    pub(super) fn new(definitions: &'a BTreeMap<String, Value>) -> Self {
        Self {
            definitions,
            shapes: Vec::new(),
            known: HashMap::new(),
            open: VecDeque::new(),
            tags: Vec::new(),
        }
    }

    /// The bit of a tag; `None` when there are too many.
    pub(super) fn tag(&mut self, tag: &str) -> Option<u64> {
        let found = self.tags.iter().position(|known| known == tag);
        let position = found.unwrap_or_else(|| {
            self.tags.push(tag.to_owned());
            self.tags.len() - 1
        });
        1_u64.checked_shl(u32::try_from(position).ok()?)
    }

    /// The shape of values under a schema. All tags must be known by the time of [`Self::finish`].
    pub(super) fn add(&mut self, schema: &'a Value) -> ShapeId {
        self.of(vec![schema])
    }

    /// All shapes; `None` when there are too many.
    pub(super) fn finish(mut self) -> Option<Vec<Shape>> {
        while let Some((id, schemas)) = self.open.pop_front() {
            if self.shapes.len() > MOST {
                return None;
            }
            let shape = self.shape(&schemas);
            if let Some(place) = self.shapes.get_mut(id) {
                *place = shape;
            }
        }
        Some(self.shapes)
    }

    fn of(&mut self, schemas: Vec<&'a Value>) -> ShapeId {
        let schemas = self.together(schemas);
        let mut key: Vec<usize> = schemas.iter().map(|schema| address(schema)).collect();
        key.sort_unstable();
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = self.shapes.len();
        self.shapes.push(Shape::default());
        self.known.insert(key, id);
        self.open.push_back((id, schemas));
        id
    }

    /// Every schema that judges the same value as these.
    fn together(&self, mut open: Vec<&'a Value>) -> Vec<&'a Value> {
        let mut found: Vec<&'a Value> = Vec::new();
        while let Some(schema) = open.pop() {
            if !schema.is_object() || found.iter().any(|other| std::ptr::eq(*other, schema)) {
                continue;
            }
            found.push(schema);
            let reference = schema.get("$ref").and_then(Value::as_str);
            let target = reference.and_then(lint::referenced);
            open.extend(target.and_then(|name| self.definitions.get(&name)));
            for keyword in ["allOf", "anyOf", "oneOf"] {
                open.extend(
                    schema
                        .get(keyword)
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten(),
                );
            }
            for keyword in ["if", "then", "else"] {
                open.extend(schema.get(keyword));
            }
            let dependent = schema.get("dependentSchemas").and_then(Value::as_object);
            open.extend(dependent.into_iter().flat_map(|map| map.values()));
        }
        found
    }

    fn shape(&mut self, schemas: &[&'a Value]) -> Shape {
        let mut declared: BTreeMap<&'a str, Vec<&'a Value>> = BTreeMap::new();
        let mut others: Vec<&'a Value> = Vec::new();
        let mut items: Vec<&'a Value> = Vec::new();
        let (mut closed, mut any) = (false, false);
        let mut tags = 0;
        for schema in schemas {
            if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                closed = true;
                for (name, property) in properties {
                    declared.entry(name).or_default().push(property);
                }
            }
            for keyword in ["additionalProperties", "unevaluatedProperties"] {
                match schema.get(keyword) {
                    Some(Value::Bool(true)) => any = true,
                    Some(Value::Bool(false)) => closed = true,
                    Some(other) => others.push(other),
                    None => {}
                }
            }
            // Which names fit a pattern is for validation to say.
            if let Some(by_pattern) = schema.get("patternProperties").and_then(Value::as_object) {
                others.extend(by_pattern.values());
            }
            items.extend(schema.get("items"));
            items.extend(
                schema
                    .get("prefixItems")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten(),
            );
            for (bit, tag) in self.tags.iter().enumerate() {
                let set = schema
                    .get(tag)
                    .is_some_and(|v| !matches!(v, Value::Null | Value::Bool(false)));
                tags |= u64::from(set) << bit.min(63);
            }
        }
        let members = declared
            .into_iter()
            .map(|(name, schemas)| (name.into(), self.of(schemas)))
            .collect();
        let others = if !others.is_empty() {
            Others::Of(self.of(others))
        } else if any || !closed {
            Others::Any
        } else {
            Others::Undeclared
        };
        let items = (!items.is_empty()).then(|| self.of(items));
        Shape {
            members,
            others,
            items,
            tags,
        }
    }
}

fn address(schema: &Value) -> usize {
    std::ptr::from_ref(schema).addr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn schemas_of_one_value_speak_together() {
        let definitions: BTreeMap<String, Value> = serde_json::from_value(json!({
            "Base": { "properties": { "id": {}, "self": { "$ref": "#/$defs/Node" } } },
            "Node": { "allOf": [{ "$ref": "#/$defs/Base" }, { "properties": { "name": { "x-secret": true } } }] },
        }))
        .expect("definitions");
        let root = json!({ "$ref": "#/$defs/Node" });
        let free = json!({ "type": "object" });
        let map = json!({ "additionalProperties": { "x-secret": false } });
        let mut shapes = Shapes::new(&definitions);
        let secret = shapes.tag("x-secret").expect("a tag");
        let [root, free, map] = [&root, &free, &map].map(|schema| shapes.add(schema));
        let all = shapes.finish().expect("few shapes");
        let names: Vec<&str> = all[root].members.keys().map(|name| &**name).collect();
        assert_eq!(names, ["id", "name", "self"]);
        assert_eq!(all[root].others, Others::Undeclared);
        assert_eq!(all[all[root].members["name"]].tags, secret);
        let again = &all[all[root].members["self"]];
        assert_eq!(
            again.members.keys().map(|name| &**name).collect::<Vec<_>>(),
            names
        );
        assert_eq!(all[free].others, Others::Any);
        assert!(matches!(all[map].others, Others::Of(id) if all[id].tags == 0));
    }
}
