//! Names for shared schemas: readable, unique, and safe in a JSON pointer and in a URI.

use super::Direction;
use crate::read::At;
use crate::read::at::Key;
use std::collections::{HashMap, HashSet};

#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashMap<(Key, Option<Direction>), String>,
    taken: HashSet<String>,
}

impl Names {
    /// The name of a schema, and whether it is new. `variant` is for a schema that differs by direction.
    pub(super) fn name(&mut self, at: &At<'_>, variant: Option<Direction>) -> (String, bool) {
        let key = (at.key(), variant);
        if let Some(name) = self.known.get(&key) {
            return (name.clone(), false);
        }
        let mut base = readable(at);
        if let Some(direction) = variant {
            base = format!("{base}.{}", direction.name());
        }
        let mut name = base.clone();
        let mut number = 1;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{base}.{number}");
        }
        self.known.insert(key, name.clone());
        (name, true)
    }
}

/// `Order` in the description itself, `common.Order` in another file, `common` for a whole file.
fn readable(at: &At<'_>) -> String {
    let mut parts = Vec::new();
    if at.file.id != 0 {
        let name = at.file.source.name();
        let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
        parts.push(
            name.rsplit_once('.')
                .map_or(name, |(stem, _)| stem)
                .to_owned(),
        );
    }
    let inside = ["/components/schemas/", "/components/", "/"]
        .iter()
        .find_map(|prefix| at.pointer.strip_prefix(prefix));
    for step in inside.into_iter().flat_map(|inside| inside.split('/')) {
        if !matches!(step, "$defs" | "definitions") {
            parts.push(step.replace("~1", "/").replace("~0", "~"));
        }
    }
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = parts.join(".").chars().map(safe).collect();
    if name.is_empty() {
        "root".to_owned()
    } else {
        name
    }
}
