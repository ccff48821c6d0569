//! Schemas that can never be decided: judging a value needs the verdict of the same schema on the same value.
//!
//! A schema may contain itself below a property or an item, because values end. A cycle through `$ref`, `allOf` and
//! their like alone has no end, and would take a validator's stack with it.

use super::keywords::is_in_place;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};

/// The schemas at which a cycle without an end was met.
pub(super) fn endless(schemas: &BTreeMap<String, Value>) -> Vec<&str> {
    let mut found = Vec::new();
    let mut done: HashSet<&str> = HashSet::new();
    for start in schemas.keys() {
        let mut on_path = HashSet::from([start.as_str()]);
        let mut path: Vec<(&str, Vec<&str>)> = vec![(start, steps(schemas, start))];
        while let Some((name, open)) = path.last_mut() {
            let name = *name;
            let Some(next) = open.pop() else {
                done.insert(name);
                on_path.remove(name);
                path.pop();
                continue;
            };
            if done.contains(next) {
                continue;
            }
            if on_path.insert(next) {
                path.push((next, steps(schemas, next)));
            } else if !found.contains(&next) {
                found.push(next);
            }
        }
    }
    found
}

fn steps<'a>(schemas: &'a BTreeMap<String, Value>, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    if let Some(schema) = schemas.get(name) {
        collect(schema, &mut found);
    }
    found.retain(|next| schemas.contains_key(*next));
    found
}

fn collect<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    let Some(members) = schema.as_object() else {
        return;
    };
    for (keyword, value) in members {
        if keyword == "$ref" {
            let reference = value.as_str().unwrap_or_default();
            found.extend(reference.strip_prefix("#/$defs/"));
        } else if is_in_place(keyword) {
            let lists = value.as_array().into_iter().flatten();
            if keyword == "dependentSchemas" {
                let by_name = value.as_object().into_iter().flat_map(Map::values);
                by_name.for_each(|branch| collect(branch, found));
            } else {
                lists.for_each(|branch| collect(branch, found));
                collect(value, found);
            }
        }
    }
}
