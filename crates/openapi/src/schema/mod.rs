//! Schemas of both versions to one dialect: JSON Schema 2020-12.
//!
//! A schema is converted where it stands; what a `$ref` leads to becomes a shared schema, converted once for each
//! direction in which it differs. INVARIANT: every `$ref` that comes out is `#/$defs/NAME` with a `NAME` in
//! [`Shared::finish`]. Cycles are fine as long as they can be decided.

mod bounds;
mod convert;
mod direction;
mod discriminator;
mod endless;
mod keywords;
mod leaf;
mod names;
mod old;
mod pattern;

pub(crate) use convert::DIALECTS;
pub(crate) use direction::Direction;

use crate::describe::Options;
use crate::read::{At, Files, Report};
use direction::{Hidden, Variants};
use names::Names;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The shared schemas of one description, as far as something leads to them.
#[derive(Debug)]
pub(crate) struct Shared<'a> {
    files: &'a Files,
    options: &'a Options,
    names: Names,
    /// References that were followed: by file, text and direction.
    known: HashMap<(usize, &'a str, Direction), String>,
    variants: Variants<'a>,
    open: VecDeque<(String, At<'a>, Direction)>,
    origins: BTreeMap<String, At<'a>>,
}

impl<'a> Shared<'a> {
    pub(crate) fn new(files: &'a Files, options: &'a Options) -> Self {
        Self {
            files,
            options,
            names: Names::default(),
            known: HashMap::new(),
            variants: Variants::default(),
            open: VecDeque::new(),
            origins: BTreeMap::new(),
        }
    }

    /// Converts a schema for one direction.
    pub(crate) fn convert(
        &mut self,
        at: &At<'a>,
        direction: Direction,
        report: &mut Report,
    ) -> Value {
        let mut reader = convert::Converter {
            shared: self,
            direction,
            report,
        };
        reader.schema(at, &Hidden::new())
    }

    /// Converts what references led to.
    pub(crate) fn finish(mut self, report: &mut Report) -> BTreeMap<String, Value> {
        let mut schemas = BTreeMap::new();
        while let Some((name, at, direction)) = self.open.pop_front() {
            let schema = self.convert(&at, direction, report);
            schemas.insert(name, schema);
        }
        for name in endless::endless(&schemas) {
            if let Some(at) = self.origins.get(name) {
                let problem = at.error(
                    "endless-schema",
                    "the schema refers to itself for the same value, so that it can never be decided",
                );
                report
                    .push(problem.hint("break the cycle of `$ref`, `allOf`, `anyOf` and `oneOf`"));
            }
        }
        schemas
    }

    /// The name of the schema that a reference leads to.
    fn name(
        &mut self,
        at: &At<'a>,
        reference: &'a str,
        direction: Direction,
        report: &mut Report,
    ) -> Option<String> {
        let key = (at.file.id, reference, direction);
        if let Some(name) = self.known.get(&key) {
            return Some(name.clone());
        }
        let target = match self.files.resolve(at, reference) {
            Ok(target) => target,
            Err(problem) => {
                report.push(*problem);
                return None;
            }
        };
        let differs = self.variants.differs(self.files, &target, direction);
        let (name, is_new) = self.names.name(&target, differs.then_some(direction));
        if is_new {
            self.origins.insert(name.clone(), target.clone());
            self.open.push_back((name.clone(), target, direction));
        }
        self.known.insert(key, name.clone());
        Some(name)
    }
}
