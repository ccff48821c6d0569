//! A JSON Web Key Set (RFC 7517 §5) to keys that verify.

use super::jwk::{self, Read};
use super::keys::KeySet;
use crate::config::{Algorithm, Jwks};
use crate::problem::{Problem, pointer};
use serde_json::Value;
use std::collections::HashMap;

/// Compiles the key set at the JSON pointer `at`; adds what is wrong to `problems`.
pub(super) fn compile(
    at: &str,
    config: &Jwks,
    accepted: &[Algorithm],
    problems: &mut Vec<Problem>,
) -> Option<KeySet> {
    let Jwks { inline, file } = config;
    match (inline, file) {
        (Some(set), None) => read(&pointer(at, "inline"), set, accepted, problems),
        (None, Some(_)) => {
            problems.push(
                Problem::error(
                    "file-not-resolved",
                    pointer(at, "file"),
                    "the key set is still in a file",
                )
                .hint("run `meshward build`: it reads the file into the bundle"),
            );
            None
        }
        (None, None) => {
            problems.push(Problem::error("one-of", at, "there is no key set").hint(
                "set `inline` to the key set, or `file` to the name of a file that holds it",
            ));
            None
        }
        (Some(_), Some(_)) => {
            problems.push(
                Problem::error("one-of", at, "there are two key sets, `inline` and `file`")
                    .hint("keep one of them"),
            );
            None
        }
    }
}

fn read(
    at: &str,
    set: &Value,
    accepted: &[Algorithm],
    problems: &mut Vec<Problem>,
) -> Option<KeySet> {
    let Some(entries) = set.get("keys").and_then(Value::as_array) else {
        problems.push(
            Problem::error("malformed-jwks", at, "this is no JSON Web Key Set")
                .hint("write an object whose member `keys` is a list of keys (RFC 7517)"),
        );
        return None;
    };
    let list = pointer(at, "keys");
    let mut kids: HashMap<&str, usize> = HashMap::new();
    let mut keys = Vec::new();
    let mut wrong = false;
    for (number, entry) in entries.iter().enumerate() {
        let place = pointer(&list, number);
        if let Some(kid) = entry.get("kid").and_then(Value::as_str)
            && let Some(first) = kids.insert(kid, number)
        {
            wrong = true;
            problems.push(
                Problem::error(
                    "duplicate-kid",
                    pointer(&place, "kid"),
                    format!("`keys/{first}` has the same `kid`"),
                )
                .hint("a token names its key by `kid`: give every key one of its own"),
            );
        }
        match jwk::read(&place, entry, accepted) {
            Read::Key(key) => keys.push(key),
            Read::Ignored(problem) => problems.push(problem),
            Read::Wrong(found) => {
                wrong = true;
                problems.extend(found);
            }
        }
    }
    if wrong {
        return None;
    }
    if keys.is_empty() {
        problems.push(
            Problem::error(
                "no-usable-key",
                list,
                "no key of the set can verify a token",
            )
            .hint("add the issuer's signing key, and name its algorithm in `algorithms`"),
        );
        return None;
    }
    Some(KeySet::new(keys))
}
