//! The schemas of one API, compiled once, together.
//!
//! `jsonschema` compiles everything that a schema refers to into that schema's validator. In a description whose definitions
//! refer to each other (most do), a validator per operation would hold nearly all definitions once per operation. So all
//! schemas of an API are the properties of one document, which is compiled once: [`Schemas::add`] hands out a [`Schema`],
//! which is one property, and [`Schemas::finish`] compiles. To check a value is to check an object with that one member.
//! A schema that refers to nothing is a property as well: in Wasm, `jsonschema` compiles the meta-schema again for every
//! document, which takes far longer than a small schema itself.
//!
//! INVARIANT (no schema, no pass): until `finish` has succeeded, every value breaks every schema.
//! INVARIANT (cost): validity is asked for first, which `jsonschema` answers with memory of what it has seen. Places and words
//! are collected only where [`cost`] has shown that they are few, because collecting them has no such memory.

use super::json::{Json, Node, Nodes};
use super::shape::{Shape, ShapeId, Shapes};
use super::{choice, cost, formats, lint, place};
use crate::config::Description;
use crate::problem::{Problem, pointer};
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// The largest compiled pattern, in bytes. Far below the size from which on `regex-automata` can panic (rust-lang/regex#1344).
const PATTERN_SIZE: usize = 10 << 20;
/// The most that the lazy automaton of one pattern keeps, in bytes.
const PATTERN_CACHE: usize = 512 << 10;

/// One way in which a value breaks a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// A JSON pointer into the value.
    pub(super) at: String,
    /// What was expected. Holds nothing from the value.
    pub(super) expected: String,
}

/// The compiled document.
struct Built {
    validator: Validator<Nodes>,
    document: Value,
}

/// One schema.
#[derive(Clone)]
pub(super) struct Schema {
    built: Arc<OnceLock<Built>>,
    /// The property of the common document.
    slot: Arc<str>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Schema").field(&self.slot).finish()
    }
}

impl Schema {
    /// How a value breaks the schema, at most `most` ways; empty when it fits.
    pub(super) fn violations(&self, value: &mut Json<'_>, most: usize) -> Vec<Violation> {
        let Some(built) = self.built.get() else {
            return whole("expected a schema that compiles");
        };
        if built.validator.is_valid(Node::within(&self.slot, value)) {
            return Vec::new();
        }
        value.within(&self.slot, |instance| self.tell(built, instance, most))
    }

    /// How the value that is the member of `instance` breaks the schema.
    fn tell(&self, built: &Built, instance: &Json<'_>, most: usize) -> Vec<Violation> {
        let mut found = Vec::new();
        if cost::is_bounded(&built.document, instance) {
            for error in built.validator.iter_errors(Node::of(instance)) {
                let left = most.saturating_sub(found.len());
                if left == 0 {
                    break;
                }
                let told = choice::told(&built.document, instance, &error, left);
                found.extend(told.into_iter().map(|told| self.violation(told)));
            }
        }
        if found.is_empty() {
            return whole("expected a value that fits its schema");
        }
        found
    }

    /// The schema itself, and the document in which its references lead on; `None` until it is compiled.
    pub(super) fn text(&self) -> Option<(&Value, &Value)> {
        let document = &self.built.get()?.document;
        let schema = document.get("properties")?.get(&*self.slot)?;
        Some((schema, document))
    }

    fn violation(&self, (at, expected): choice::Told) -> Violation {
        let inner = at.strip_prefix('/');
        let inner = inner.and_then(|at| at.strip_prefix(&*self.slot));
        let inner = inner.unwrap_or(&at);
        Violation {
            at: place::bounded(inner),
            expected,
        }
    }
}

fn whole(expected: &str) -> Vec<Violation> {
    vec![Violation {
        at: String::new(),
        expected: expected.to_owned(),
    }]
}

/// The schemas of one API, until they are compiled. Collects everything that is wrong with them.
#[derive(Debug)]
pub(crate) struct Schemas<'a> {
    source: &'a str,
    definitions: &'a BTreeMap<String, Value>,
    slots: Vec<(String, &'a Value)>,
    by_text: BTreeMap<String, Schema>,
    problems: Vec<Problem>,
    built: Arc<OnceLock<Built>>,
    shapes: Shapes<'a>,
    all_shapes: Arc<OnceLock<Vec<Shape>>>,
    /// By bit: the tags, and where the policy names them.
    tags: BTreeMap<u64, (String, String)>,
}

impl std::fmt::Debug for Built {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Built").finish_non_exhaustive()
    }
}

impl<'a> Schemas<'a> {
    /// The schemas of a description.
    pub(crate) fn new(description: &'a Description) -> Self {
        Self {
            source: &description.source,
            definitions: &description.schemas,
            slots: Vec::new(),
            by_text: BTreeMap::new(),
            problems: Vec::new(),
            built: Arc::new(OnceLock::new()),
            shapes: Shapes::new(&description.schemas),
            all_shapes: Arc::new(OnceLock::new()),
            tags: BTreeMap::new(),
        }
    }

    /// What schemas refer to.
    pub(super) fn definitions(&self) -> &'a BTreeMap<String, Value> {
        self.definitions
    }

    /// Adds one schema, which stands `at` a place of the file. `None`, when every value fits it.
    pub(super) fn add(&mut self, schema: &'a Value, at: &str) -> Option<Schema> {
        if lint::is_trivial(schema) {
            return None;
        }
        let built = &self.built;
        let slots = &mut self.slots;
        let handle = self.by_text.entry(schema.to_string()).or_insert_with(|| {
            let slot = Arc::from(slots.len().to_string());
            slots.push((at.to_owned(), schema));
            Schema {
                built: Arc::clone(built),
                slot,
            }
        });
        Some(handle.clone())
    }

    /// What a schema declares of the members of values.
    pub(super) fn shape(&mut self, schema: &'a Value) -> ShapeId {
        self.shapes.add(schema)
    }

    /// All shapes, when they are finished.
    pub(super) fn shapes(&self) -> Arc<OnceLock<Vec<Shape>>> {
        Arc::clone(&self.all_shapes)
    }

    /// The bit of a tag in shapes. `at` is where the policy names it.
    pub(super) fn tag(&mut self, tag: &str, at: &str) -> Option<u64> {
        let bit = self.shapes.tag(tag)?;
        self.tags
            .entry(bit)
            .or_insert_with(|| (tag.to_owned(), at.to_owned()));
        Some(bit)
    }

    /// Notes something that is wrong with the policy.
    pub(super) fn note_policy(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Notes something that is wrong with the description.
    pub(super) fn note(&mut self, problem: Problem) {
        self.problems.push(problem.file(self.source));
    }

    /// Compiles. The answer is everything that is wrong, warnings among it; contracts hold only when no error is.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        let document = self.document();
        let compiles = self.problems.iter().all(|p| !lint::is_schema_error(p));
        if compiles && !self.slots.is_empty() {
            match build(&document) {
                Ok(validator) => {
                    // A second value cannot be there: `finish` consumes the only writer.
                    let _ = self.built.set(Built {
                        validator,
                        document,
                    });
                }
                Err(error) => self.blame(&error),
            }
        }
        self.finish_shapes();
        self.problems
    }

    fn finish_shapes(&mut self) {
        let shapes = std::mem::replace(&mut self.shapes, Shapes::new(self.definitions));
        let Some(shapes) = shapes.finish() else {
            let problem = Problem::error(
                "shapes",
                "",
                "the schemas of the responses are too entangled to tell declared members from others",
            );
            return self.note(
                problem.hint("leave out `response.undeclaredFields` and `response.hide` here"),
            );
        };
        for (bit, (tag, at)) in std::mem::take(&mut self.tags) {
            if !shapes.iter().any(|shape| shape.tags & bit != 0) {
                let message = format!("no schema of a response has the tag `{tag}`");
                let problem = Problem::warning("unused-tag", at, message);
                self.note_policy(problem.hint("write the tag into the schemas of the members, such as `x-personal-data: true`"));
            }
        }
        // A second value cannot be there: `finish` consumes the only writer.
        let _ = self.all_shapes.set(shapes);
    }

    /// One document with every added schema, and the definitions that they reach.
    fn document(&mut self) -> Value {
        let mut references = BTreeSet::new();
        let mut problems = Vec::new();
        for (at, schema) in &self.slots {
            lint::check(schema, at, &mut references, &mut problems);
        }
        let mut definitions = Map::new();
        while let Some(name) = references.pop_first() {
            if definitions.contains_key(&name) {
                continue;
            }
            let at = definition(&name);
            match self.definitions.get(&name) {
                Some(schema) => {
                    lint::check(schema, &at, &mut references, &mut problems);
                    definitions.insert(name, schema.clone());
                }
                None => problems.push(lint::unknown(&at, &name)),
            }
        }
        problems.into_iter().for_each(|problem| self.note(problem));
        let slots: Map<String, Value> = self
            .slots
            .iter()
            .enumerate()
            .map(|(slot, (_, schema))| (slot.to_string(), (*schema).clone()))
            .collect();
        serde_json::json!({ "$defs": definitions, "properties": slots, "additionalProperties": false })
    }

    /// Finds which schemas do not compile, one by one.
    fn blame(&mut self, whole: &ValidationError<'_>) {
        let before = self.problems.len();
        let stubs: Map<String, Value> = self
            .definitions
            .keys()
            .map(|name| (name.clone(), Value::Bool(true)))
            .collect();
        let added = self.slots.iter().map(|(at, schema)| (at.clone(), *schema));
        let shared = self
            .definitions
            .iter()
            .map(|(name, schema)| (definition(name), schema));
        let found: Vec<Problem> = added
            .chain(shared)
            .filter_map(|(at, schema)| {
                let alone = serde_json::json!({ "$defs": stubs, "properties": { "0": schema } });
                build(&alone)
                    .err()
                    .map(|error| invalid(&at, inner(&error), &error))
            })
            .collect();
        found.into_iter().for_each(|problem| self.note(problem));
        if self.problems.len() == before {
            self.note(invalid("", "", whole));
        }
    }
}

fn definition(name: &str) -> String {
    pointer("/components/schemas", name)
}

/// Where in the one slot of a document something does not compile.
fn inner<'e>(error: &'e ValidationError<'_>) -> &'e str {
    [error.instance_path(), error.schema_path()]
        .into_iter()
        .find_map(|path| path.as_str().strip_prefix("/properties/0"))
        .unwrap_or_default()
}

fn invalid(at: &str, inner: &str, error: &ValidationError<'_>) -> Problem {
    let problem = Problem::error(
        lint::SCHEMA_INVALID,
        format!("{at}{inner}"),
        format!("the schema does not compile: {error}"),
    );
    if inner.ends_with("/pattern") || inner.contains("/patternProperties") {
        problem.hint("patterns run in linear time: write them without look-around and back-references, and with smaller repetitions")
    } else {
        problem.hint("write the schema in JSON Schema 2020-12")
    }
}

fn build(document: &Value) -> Result<Validator<Nodes>, ValidationError<'static>> {
    jsonschema::options_for::<Nodes>()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_format("byte", formats::is_base64)
        .with_format("email", formats::is_email)
        .with_pattern_options(
            PatternOptions::regex()
                .size_limit(PATTERN_SIZE)
                .dfa_size_limit(PATTERN_CACHE),
        )
        .offline()
        .build(document)
}

#[cfg(test)]
mod tests;
