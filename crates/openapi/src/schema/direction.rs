//! `readOnly` and `writeOnly`: what is required in one direction only.
//!
//! OpenAPI: a required property that is `readOnly` need not be in a request, one that is `writeOnly` not in a response.
//! A schema that has such a property, or leads to one that has, gets a variant for that direction. A property counts as
//! marked when the mark is on itself, on what its `$ref` leads to, or in its `allOf`; it may be declared in another
//! branch of an `allOf` than the one that requires it, but not above a `$ref` that leads to the `required`.

use super::keywords::{is_only_reference, subschemas};
use crate::read::at::Key;
use crate::read::{At, Files};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Which way a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Request,
    Response,
}

impl Direction {
    /// The keyword that takes a property out of this direction.
    fn mark(self) -> &'static str {
        match self {
            Self::Request => "readOnly",
            Self::Response => "writeOnly",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// Names of properties that are not required in one direction.
pub(super) type Hidden<'a> = BTreeSet<&'a str>;

/// The properties that are not required in a schema, given those of the schema that it is a branch of.
pub(super) fn hidden<'a>(
    files: &'a Files,
    at: &At<'a>,
    direction: Direction,
    around: &Hidden<'a>,
) -> Hidden<'a> {
    let matters = ["required", "allOf", "anyOf", "oneOf"];
    if !files.uses(direction.mark()) || !matters.iter().any(|name| at.value.get(name).is_some()) {
        return around.clone();
    }
    let mut found = around.clone();
    let mut visited = HashSet::new();
    // Without recursion: a chain of references may be as long as the description.
    let mut open = vec![at.clone()];
    while let Some(at) = open.pop() {
        open.extend(target(files, &at).filter(|target| visited.insert(target.key())));
        if is_only_reference(&at) {
            continue;
        }
        for (name, property) in at.get("properties").iter().flat_map(At::members) {
            if is_marked(files, property, direction.mark()) {
                found.insert(name);
            }
        }
        open.extend(branches(&at, &["allOf", "anyOf", "oneOf"]));
    }
    found
}

fn is_marked<'a>(files: &'a Files, at: At<'a>, mark: &str) -> bool {
    let mut visited = HashSet::new();
    let mut open = vec![at];
    while let Some(at) = open.pop() {
        if at.value.get(mark).and_then(Value::as_bool) == Some(true) {
            return true;
        }
        open.extend(target(files, &at).filter(|target| visited.insert(target.key())));
        open.extend(branches(&at, &["allOf"]));
    }
    false
}

fn branches<'a>(at: &At<'a>, keywords: &[&str]) -> Vec<At<'a>> {
    let lists = keywords.iter().filter_map(|name| at.get(name));
    lists
        .flat_map(|list| list.items().collect::<Vec<_>>())
        .collect()
}

/// Where a schema's reference leads. One that leads nowhere is reported where the schema is converted.
fn target<'a>(files: &'a Files, at: &At<'a>) -> Option<At<'a>> {
    files.resolve(at, at.reference()?).ok()
}

/// Which schemas need a variant.
#[derive(Debug, Default)]
pub(super) struct Variants<'a> {
    facts: HashMap<Key, Facts<'a>>,
    /// Schemas that are known not to differ, neither themselves nor what they lead to.
    same: HashSet<(Key, Direction)>,
}

#[derive(Debug, Default)]
struct Facts<'a> {
    request: bool,
    response: bool,
    targets: Vec<At<'a>>,
}

impl<'a> Variants<'a> {
    /// Whether a schema, or one that it leads to, has a required property that is not required in a direction.
    pub(super) fn differs(&mut self, files: &'a Files, at: &At<'a>, direction: Direction) -> bool {
        if !files.uses(direction.mark()) {
            return false;
        }
        let mut visited = HashSet::from([at.key()]);
        let mut open = vec![at.clone()];
        while let Some(at) = open.pop() {
            let facts = self.facts.entry(at.key()).or_insert_with(|| {
                let mut facts = Facts::default();
                let nothing = (Hidden::new(), Hidden::new());
                look(files, &at, &nothing.0, &nothing.1, &mut facts);
                facts
            });
            let found = match direction {
                Direction::Request => facts.request,
                Direction::Response => facts.response,
            };
            if found {
                return true;
            }
            for target in &facts.targets {
                let key = target.key();
                if !self.same.contains(&(key.clone(), direction)) && visited.insert(key) {
                    open.push(target.clone());
                }
            }
        }
        let same = visited.into_iter().map(|key| (key, direction));
        self.same.extend(same);
        false
    }
}

fn look<'a>(
    files: &'a Files,
    at: &At<'a>,
    request: &Hidden<'a>,
    response: &Hidden<'a>,
    facts: &mut Facts<'a>,
) {
    facts.targets.extend(target(files, at));
    if is_only_reference(at) {
        return;
    }
    let request = hidden(files, at, Direction::Request, request);
    let response = hidden(files, at, Direction::Response, response);
    let required = at.get("required");
    let names = required.iter().flat_map(At::items);
    for name in names.filter_map(|name| name.value.as_str()) {
        facts.request |= request.contains(name);
        facts.response |= response.contains(name);
    }
    let nothing = Hidden::new();
    for (keyword, schema) in subschemas(at) {
        if is_branch(keyword) {
            look(files, &schema, &request, &response, facts);
        } else {
            look(files, &schema, &nothing, &nothing, facts);
        }
    }
}

/// Whether what is hidden around a subschema is hidden in it too.
pub(super) fn is_branch(keyword: &str) -> bool {
    matches!(keyword, "allOf" | "anyOf" | "oneOf")
}
