//! A JSON Web Key Set (RFC 7517 §5) to keys that verify.

use super::json;
use super::jwk::{self, Read};
use super::keys::{Key, KeySet};
use crate::config::{Algorithm, Jwks};
use crate::problem::{Problem, pointer};
use crate::remote::Fault;
use serde_json::Value;
use std::collections::HashMap;

/// Compiles the key set at the JSON pointer `at`; adds what is wrong to `problems`.
pub(super) fn compile(
    at: &str,
    config: &Jwks,
    accepted: &[Algorithm],
    problems: &mut Vec<Problem>,
) -> Option<KeySet> {
    let Jwks {
        inline,
        file,
        uri: _,
        cluster,
        refresh,
        max_stale,
        timeout,
        cooldown,
        on_failure,
    } = config;
    let remote_only = [
        ("cluster", cluster.is_some()),
        ("refresh", refresh.is_some()),
        ("maxStale", max_stale.is_some()),
        ("timeout", timeout.is_some()),
        ("cooldown", cooldown.is_some()),
        ("onFailure", on_failure.is_some()),
    ];
    for (name, _) in remote_only.into_iter().filter(|(_, there)| *there) {
        problems.push(
            Problem::error(
                "without-uri",
                pointer(at, name),
                format!("`{name}` belongs to `uri`, and there is none"),
            )
            .hint("set `uri` to where the issuer publishes its keys, or take this away"),
        );
    }
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
                "set `inline` to the key set, `file` to the name of a file that holds it, or `uri` and `cluster` to where it is published",
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

/// The most keys of a published set. Issuers have a handful; every one of them costs time to check when the set is read.
const MAX_PUBLISHED: usize = 100;

/// Reads a key set as an issuer publishes it: what is not for verifying tokens, or should not be there, is left out.
///
/// # Errors
/// Why it is no key set, or has no key that the accepted algorithms could use.
pub(in crate::identity) fn published(body: &[u8], accepted: &[Algorithm]) -> Result<KeySet, Fault> {
    let members = json::object(body).ok_or(Fault::Malformed("the key set is no JSON object"))?;
    let entries = members
        .get("keys")
        .and_then(Value::as_array)
        .ok_or(Fault::Malformed("the key set has no list `keys`"))?;
    if entries.len() > MAX_PUBLISHED {
        return Err(Fault::Malformed("the key set has more than 100 keys"));
    }
    let mut keys: Vec<Key> = Vec::new();
    for entry in entries {
        if let Read::Key(key) = jwk::read("", entry, accepted) {
            // Of two keys of one name, the first is the one that the name means.
            let taken = key.kid.is_some() && keys.iter().any(|other| other.kid == key.kid);
            if !taken {
                keys.push(key);
            }
        }
    }
    if keys.is_empty() {
        return Err(Fault::Malformed(
            "the key set has no key that the provider's `algorithms` could use",
        ));
    }
    Ok(KeySet::new(keys))
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
