//! JSON with places.
//!
//! `serde_json` finds where a value begins and ends ([`RawValue`] borrows from the text), and this module opens one
//! level after another. Every level is scanned again for the one below it, which costs little because descriptions are
//! wide, not deep; nothing here knows the grammar of JSON.

use super::{Fault, MAX_DEPTH, MAX_NODES, Node, narrow};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

pub(super) fn read(text: &str) -> Result<(Value, Node), Fault> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|e| fault(text, 0, &e))?;
    Reader { text, nodes: 0 }.value(raw, 0)
}

struct Reader<'a> {
    text: &'a str,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, raw: &'a RawValue, depth: usize) -> Result<(Value, Node), Fault> {
        let place = self.range(raw);
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Fault::too_many());
        }
        if depth > MAX_DEPTH {
            return Err(Fault::too_deep(place.start));
        }
        let (value, children) = match raw.get().as_bytes().first() {
            Some(b'{') => self.object(raw, depth)?,
            Some(b'[') => self.array(raw, depth)?,
            _ => (self.open(raw)?, Vec::new()),
        };
        let node = Node {
            key: None,
            value: narrow(place),
            children,
        };
        Ok((value, node))
    }

    fn array(&mut self, raw: &'a RawValue, depth: usize) -> Result<(Value, Vec<Node>), Fault> {
        let items: Vec<&RawValue> = self.open(raw)?;
        let mut values = Vec::with_capacity(items.len());
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            let (value, node) = self.value(item, depth + 1)?;
            values.push(value);
            nodes.push(node);
        }
        Ok((Value::Array(values), nodes))
    }

    fn object(&mut self, raw: &'a RawValue, depth: usize) -> Result<(Value, Vec<Node>), Fault> {
        let Members(members) = self.open(raw)?;
        let mut values = Map::with_capacity(members.len());
        let mut nodes = Vec::with_capacity(members.len());
        let mut seen = HashMap::with_capacity(members.len());
        for (key, member) in members {
            let place = self.range(key);
            let key: String = self.open(key)?;
            if let Some(first) = seen.insert(key.clone(), place.start) {
                return Err(Fault::duplicate(self.text, first, place.start, &key));
            }
            let (value, mut node) = self.value(member, depth + 1)?;
            node.key = Some(narrow(place));
            values.insert(key, value);
            nodes.push(node);
        }
        Ok((Value::Object(values), nodes))
    }

    fn open<T: serde::Deserialize<'a>>(&self, raw: &'a RawValue) -> Result<T, Fault> {
        serde_json::from_str(raw.get()).map_err(|e| fault(self.text, self.range(raw).start, &e))
    }

    /// `raw` is a part of `text`, so that the distance between them is its offset.
    fn range(&self, raw: &RawValue) -> Range<usize> {
        let start = raw
            .get()
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr());
        start..start + raw.get().len()
    }
}

/// `serde_json` counts lines and columns from the start of the part that it was given.
fn fault(text: &str, start: usize, error: &serde_json::Error) -> Fault {
    let part = text.get(start..).unwrap_or_default();
    let line: usize = part
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let offset = (start + line + error.column().saturating_sub(1)).min(text.len());
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    Fault::new(offset, "syntax", format!("this is not JSON: {message}"))
}

/// The members of an object, in order, keys as written.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
