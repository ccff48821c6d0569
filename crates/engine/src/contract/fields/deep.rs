//! `deepObject`: members and items by brackets, such as `a[b][c]=1`, `a[]=1` and `a[0][b]=1`.
//!
//! OpenAPI defines one level; servers and real descriptions go deeper. Servers disagree on lists of objects without numbers
//! (`a[][b]`) and on numbers that are left out, so both are refused.

use super::written::{Field, Read};
use crate::contract::json::{Fault, FaultKind};
use crate::contract::value::Types;
use serde_json::{Map, Value};

/// The deepest nesting.
const DEEPEST: usize = 16;

/// What brackets build.
#[derive(Debug, Default)]
pub(super) struct Tree<'t> {
    text: Option<&'t str>,
    /// In the order in which they came.
    inner: Vec<(&'t str, Tree<'t>)>,
}

/// The steps below a field that a name is written with; `None` where it is another field's.
pub(super) fn path<'n>(field: &str, name: &'n str) -> Option<Vec<&'n str>> {
    let mut rest = name.strip_prefix(field)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = rest.strip_prefix('[')?.split_once(']')?;
        if step.contains('[') {
            return None;
        }
        steps.push(step);
        rest = after;
    }
    Some(steps)
}

impl<'t> Tree<'t> {
    /// Adds one text.
    pub(super) fn add(&mut self, path: &[&'t str], text: &'t str) -> Result<(), Fault> {
        let Some((step, rest)) = path.split_first() else {
            let free = self.text.is_none() && self.inner.is_empty();
            self.text = Some(text);
            return if free { Ok(()) } else { Err(twice()) };
        };
        if self.text.is_some() {
            return Err(twice());
        }
        if path.len() > DEEPEST {
            let expected = format!("expected at most {DEEPEST} levels of brackets");
            return Err(Fault::whole(FaultKind::Deep, expected));
        }
        if step.is_empty() {
            if !rest.is_empty() {
                let expected = "expected numbers in the brackets of lists of objects";
                return Err(Fault::whole(FaultKind::Malformed, expected.to_owned()));
            }
            let inner = Self {
                text: Some(text),
                inner: Vec::new(),
            };
            self.inner.push((step, inner));
            return Ok(());
        }
        let known = self.inner.iter().position(|(name, _)| name == step);
        let index = known.unwrap_or_else(|| {
            self.inner.push((step, Self::default()));
            self.inner.len() - 1
        });
        match self.inner.get_mut(index) {
            Some((_, inner)) => inner.add(rest, text).map_err(|fault| fault.within(step)),
            None => Ok(()),
        }
    }

    /// The value.
    pub(super) fn read(&self, field: &Field<'_>) -> Result<Read, Fault> {
        let types = field.types();
        if let Some(text) = self.text {
            return Ok(field.scalar(text, types));
        }
        let mut is_ambiguous = false;
        let appended = self.inner.iter().all(|(step, _)| step.is_empty());
        let numbered = (0..).zip(&self.inner).all(|(index, (step, _))| {
            let written: Result<usize, _> = step.parse();
            written == Ok(index) && (*step == "0" || !step.starts_with(['0', '+']))
        });
        if appended || (numbered && types != Types::ALL && types.has(Types::ARRAY)) {
            let item = field.item();
            let mut list = Vec::with_capacity(self.inner.len());
            for (step, inner) in &self.inner {
                let read = inner.read(&item).map_err(|fault| fault.within(step))?;
                is_ambiguous |= read.is_ambiguous;
                list.push(read.value);
            }
            let value = Value::Array(list);
            return Ok(Read {
                value,
                is_ambiguous,
            });
        }
        let mut object = Map::new();
        for (step, inner) in &self.inner {
            if step.is_empty() {
                return Err(Fault::whole(
                    FaultKind::Malformed,
                    "expected a list or an object, not both".to_owned(),
                ));
            }
            let member = field.member(step);
            let read = inner.read(&member).map_err(|fault| fault.within(step))?;
            is_ambiguous |= read.is_ambiguous;
            object.insert((*step).to_owned(), read.value);
        }
        let value = Value::Object(object);
        Ok(Read {
            value,
            is_ambiguous,
        })
    }
}

fn twice() -> Fault {
    Fault::whole(
        FaultKind::Duplicate,
        "expected every member once, as a text or with brackets".to_owned(),
    )
}
