//! What an entry takes of the memory, from above: claims are small in a token and large in the memory.

use crate::identity::jwt::claims::Caller;
use serde_json::{Map, Value};

/// What belongs to an entry besides its caller: its slot, its places in the indexes, and what the allocator adds.
const ENTRY: usize = 512;
/// What the allocator adds to a block.
const BLOCK: usize = 16;
/// Places in a node of the library's map, and how many of them are in use at least, when there is more than one node.
const NODE: usize = 11;
const NODE_MIN: usize = 5;

/// In bytes.
pub(super) fn of(caller: &Caller) -> usize {
    let Caller {
        subject,
        scopes,
        claims,
    } = caller;
    let scopes: usize = scopes.iter().map(text).sum();
    ENTRY + subject.len() + scopes + map(claims)
}

fn text(text: &String) -> usize {
    size_of::<String>() + text.capacity() + BLOCK
}

fn map(members: &Map<String, Value>) -> usize {
    let nodes = members.len() / NODE_MIN + 1;
    let node =
        NODE * (size_of::<String>() + size_of::<Value>()) + 2 * BLOCK + NODE * size_of::<usize>();
    let content: usize = members
        .iter()
        .map(|(name, value)| name.capacity() + BLOCK + content(value))
        .sum();
    nodes * node + content
}

/// What a value takes beyond its own place.
fn content(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.capacity() + BLOCK,
        Value::Array(items) => {
            let inner: usize = items.iter().map(content).sum();
            items.capacity() * size_of::<Value>() + BLOCK + inner
        }
        Value::Object(members) => map(members),
    }
}
