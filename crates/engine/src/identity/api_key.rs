//! API keys: the policy holds their SHA-256 digests, so that nobody who reads it can call with them.

mod form;

pub use form::{checksum as key_checksum, encode as key_digit};

use super::{Credential, text};
use crate::config::{self, KeyLocation, Timestamp};
use crate::problem::{Problem, pointer};
use crate::verdict::{Reason, Refusal};
use form::Form;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// The longest key that is looked at, in bytes.
const MAX_KEY: usize = 512;

type Digest = [u8; 32];

/// The keys of one provider, and where they stand in a request.
pub(super) struct KeyRing {
    place: Credential,
    form: Form,
    /// By the first eight bytes of the digest. A list each, because nothing rules out that two digests share them.
    ///
    /// INVARIANT (no timing oracle): the index is reached through SHA-256 of what the caller sent and the map's secret hash
    /// seed, and from there the whole digest is compared in constant time. All that timing can show is whether some digest
    /// begins with the same eight bytes: to get there a caller needs about 2^64 tries for each key of the policy, and then
    /// knows 64 bits of a digest, from which a random key cannot be found.
    keys: HashMap<[u8; 8], Vec<Key>>,
}

/// One key.
pub(super) struct Key {
    digest: Digest,
    /// The subject.
    pub(super) id: Arc<str>,
    /// The scopes, as in [`super::Identity::scopes`].
    pub(super) scopes: Arc<[String]>,
    /// What the policy says of its holder, in place of a token's claims.
    pub(super) claims: Arc<Map<String, Value>>,
    not_before: Option<Timestamp>,
    expires: Option<Timestamp>,
}

impl KeyRing {
    /// Compiles the provider at the JSON pointer `at`; adds what is wrong to `problems`.
    pub(super) fn compile(
        at: &str,
        config: &config::ApiKeyProvider,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let config::ApiKeyProvider {
            location,
            name,
            keys,
            prefix: begins_with,
            checksum,
            allow_in_query,
        } = config;
        let place = place(at, *location, name, problems);
        in_query(at, *location, *allow_in_query, problems);
        let form = Form::compile(at, begins_with.as_deref(), *checksum, problems);
        if keys.is_empty() {
            problems.push(
                Problem::warning(
                    "no-keys",
                    pointer(at, "keys"),
                    "there is no key, so nobody can call with one",
                )
                .hint("add a key with its `id` and `sha256`"),
            );
        }
        let mut index: HashMap<[u8; 8], Vec<Key>> = HashMap::new();
        let mut places: HashMap<Digest, usize> = HashMap::new();
        for (number, key) in keys.iter().enumerate() {
            let at = pointer(&pointer(at, "keys"), number);
            let Some(key) = Key::compile(&at, key, problems) else {
                continue;
            };
            if let Some(first) = places.insert(key.digest, number) {
                problems.push(
                    Problem::error(
                        "duplicate-key",
                        pointer(&at, "sha256"),
                        format!("this is the same key as `keys/{first}`"),
                    )
                    .hint("give every caller a key of its own, and list each key once"),
                );
            }
            index.entry(prefix(&key.digest)).or_default().push(key);
        }
        Some(Self {
            place: place?,
            form,
            keys: index,
        })
    }

    /// Where the key stands in a request.
    pub(super) fn place(&self) -> &Credential {
        &self.place
    }

    /// The key that was presented, if it is one of these and valid at `now`.
    pub(super) fn verify(&self, presented: &[u8], now: Timestamp) -> Result<&Key, Refusal> {
        if presented.is_empty() || presented.len() > MAX_KEY {
            return Err(self
                .refusal(Reason::CredentialMalformed)
                .expected(format!("a key of 1 to {MAX_KEY} bytes")));
        }
        if !self.form.fits(presented) {
            return Err(self.refusal(Reason::ApiKeyMalformed));
        }
        let digest: Digest = Sha256::digest(presented).into();
        let key = self
            .keys
            .get(&prefix(&digest))
            .into_iter()
            .flatten()
            .find(|key| bool::from(key.digest.ct_eq(&digest)))
            .ok_or_else(|| self.refusal(Reason::ApiKeyUnknown))?;
        if key.not_before.is_some_and(|from| now < from) {
            return Err(self.refusal(Reason::ApiKeyNotYetValid));
        }
        if key.expires.is_some_and(|end| now >= end) {
            return Err(self.refusal(Reason::ApiKeyExpired));
        }
        Ok(key)
    }

    fn refusal(&self, reason: Reason) -> Refusal {
        let location = match self.place.location {
            KeyLocation::Header => "header",
            KeyLocation::Query => "query",
            KeyLocation::Cookie => "cookie",
        };
        Refusal::at(reason, format!("{location}.{}", self.place.name))
    }
}

impl Key {
    fn compile(at: &str, config: &config::ApiKey, problems: &mut Vec<Problem>) -> Option<Self> {
        let config::ApiKey {
            id,
            sha256,
            scopes,
            claims,
            not_before,
            expires,
        } = config;
        if !text::is_subject(id) {
            problems.push(
                Problem::error(
                    "invalid-id",
                    pointer(at, "id"),
                    format!(
                        "an id must have 1 to {} bytes and no control character",
                        text::MAX_SUBJECT
                    ),
                )
                .hint("name the caller: the id is the subject in logs and limits"),
            );
        }
        for (number, scope) in scopes.iter().enumerate() {
            if !text::is_scope(scope) {
                problems.push(
                    Problem::error(
                        "invalid-scope",
                        pointer(&pointer(at, "scopes"), number),
                        format!("`{}` is not a scope", scope.escape_debug()),
                    )
                    .hint("write one scope per entry, without white space"),
                );
            }
        }
        if let (Some(from), Some(end)) = (not_before, expires)
            && end <= from
        {
            problems.push(
                Problem::error(
                    "never-valid",
                    pointer(at, "expires"),
                    format!(
                        "the key expires at `{end}`, which is not after its `notBefore`, `{from}`"
                    ),
                )
                .hint("put `expires` after `notBefore`, or remove the key"),
            );
        }
        let Some(digest) = hex_digest(sha256) else {
            // The text is not shown: people paste the key itself here.
            problems.push(
                Problem::error("invalid-digest", pointer(at, "sha256"), "the digest must be 64 hexadecimal digits")
                    .hint("make it with `printf %s \"$KEY\" | sha256sum`; if this is the key itself, replace it: it is known now"),
            );
            return None;
        };
        Some(Self {
            digest,
            id: id.as_str().into(),
            scopes: text::scope_set(scopes.iter().map(String::as_str)).into(),
            claims: Arc::new(claims.clone()),
            not_before: *not_before,
            expires: *expires,
        })
    }
}

/// A key in the query must be meant.
fn in_query(at: &str, location: KeyLocation, allowed: bool, problems: &mut Vec<Problem>) {
    match (location, allowed) {
        (KeyLocation::Query, false) => problems.push(
            Problem::error(
                "credential-in-query",
                pointer(at, "in"),
                "a key in the query ends up in logs, histories and referrers",
            )
            .hint("use `in: header`, or write `allowInQuery: true` beside it"),
        ),
        (KeyLocation::Header | KeyLocation::Cookie, true) => problems.push(
            Problem::error(
                "unused",
                pointer(at, "allowInQuery"),
                "the keys do not stand in the query",
            )
            .hint("take it out"),
        ),
        (KeyLocation::Query, true) | (KeyLocation::Header | KeyLocation::Cookie, false) => {}
    }
}

/// Checks the place, and gives it in the form in which requests are read.
fn place(
    at: &str,
    location: KeyLocation,
    name: &str,
    problems: &mut Vec<Problem>,
) -> Option<Credential> {
    let (valid, expected) = match location {
        KeyLocation::Header => (
            text::is_token(name) && !name.eq_ignore_ascii_case("cookie"),
            "a header name such as `x-api-key`",
        ),
        KeyLocation::Cookie => (text::is_token(name), "a cookie name such as `api_key`"),
        KeyLocation::Query => (
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()),
            "a parameter name in visible ASCII, such as `api_key`",
        ),
    };
    if !valid {
        problems.push(Problem::error(
            "invalid-name",
            pointer(at, "name"),
            format!("expected {expected}, got `{}`", name.escape_debug()),
        ).hint(match location {
            KeyLocation::Header if name.eq_ignore_ascii_case("cookie") => "use `in: cookie` and the cookie's name",
            KeyLocation::Header | KeyLocation::Cookie => "use letters, digits and `-`, `_` or `.`",
            KeyLocation::Query => "use letters, digits and `-`, `_` or `.`; the name is compared after percent-decoding",
        }));
        return None;
    }
    let name = match location {
        KeyLocation::Header => name.to_ascii_lowercase().into(),
        KeyLocation::Query | KeyLocation::Cookie => name.into(),
    };
    Some(Credential { location, name })
}

fn prefix(digest: &Digest) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *digest;
    [a, b, c, d, e, f, g, h]
}

/// Reads 32 bytes from 64 hexadecimal digits.
pub(crate) fn hex_digest(text: &str) -> Option<Digest> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = hex_digit(*high)? << 4 | hex_digit(*low)?;
    }
    Some(digest)
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
