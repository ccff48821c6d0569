//! `meshward key`: API keys that scanners can find, and the entries of a policy that stand for them.
//!
//! A key is shown once and kept nowhere. `hash` and `rotate` take keys from standard input, never from arguments, which every process on
//! the machine can read.

use crate::failure::Failure;
use crate::{clock, output};
use clap::{Args, Subcommand};
use meshward_engine::config::{Span, Timestamp};
use meshward_engine::{key_checksum, key_digit};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;

/// The random digits of a key: 190 bits.
const DIGITS: usize = 32;
/// The longest key that a filter looks at.
const MAX_KEY: usize = 512;

/// Make API keys, and the policy entries that hold their digests
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward key new --id acme --scope orders:read --expires 90d    a key, once, and its entry
  printf %s \"$KEY\" | meshward key hash                            the digest of a key that you have
  meshward key rotate --id acme --overlap 7d < policy-entry.yaml   the next key of the same caller

Keys look like mwk_ + 32 letters and digits + _ + 6 of a checksum. For secret scanners:
  mwk_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key: it is shown once, and the entry for the policy's `keys` holds its digest
    New(New),
    /// Read a key from standard input and print its SHA-256 digest
    Hash,
    /// Make the next key of a caller: read its entry from standard input, print it with an end, and the new one
    Rotate(Rotate),
}

#[derive(Debug, Args)]
struct New {
    /// Whose key it is: the subject in logs and limits.
    #[arg(long)]
    id: String,
    /// A scope that the key grants; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// When it ends: a time such as `2027-01-01T00:00:00Z`, or a length such as `90d`.
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    expires: Option<When>,
    /// What the key begins with.
    #[arg(long, default_value = "mwk_")]
    prefix: String,
}

#[derive(Debug, Args)]
struct Rotate {
    /// Whose key it is.
    #[arg(long)]
    id: String,
    /// How long the old key stays good beside the new one.
    #[arg(long, default_value = "7d", value_name = "SPAN", value_parser = When::parse)]
    overlap: When,
    /// When the new key ends.
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    expires: Option<When>,
    /// What the new key begins with.
    #[arg(long, default_value = "mwk_")]
    prefix: String,
}

/// A moment, or a time from now.
#[derive(Debug, Clone, Copy)]
enum When {
    At(Timestamp),
    In(Span),
}

impl When {
    fn parse(text: &str) -> Result<Self, String> {
        let span = serde_json::from_value::<Span>(serde_json::Value::from(text));
        match (Timestamp::parse(text), span) {
            (Ok(at), _) => Ok(Self::At(at)),
            (_, Ok(span)) => Ok(Self::In(span)),
            (Err(_), Err(_)) => Err(
                "expected a time such as `2027-01-01T00:00:00Z`, or a length such as `90d`"
                    .to_owned(),
            ),
        }
    }

    fn from(self, Timestamp(now): Timestamp) -> Timestamp {
        let Timestamp(micros) = match self {
            Self::At(at) => at,
            Self::In(Span(micros)) => Timestamp(now.saturating_add(micros)),
        };
        // Whole seconds: nobody wants to read more of a key's end.
        Timestamp(micros / 1_000_000 * 1_000_000)
    }
}

impl Arguments {
    /// Does what was asked.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::New(new) => new.run(),
            Action::Hash => output::print(&digest(read_key()?.as_bytes())),
            Action::Rotate(rotate) => rotate.run(),
        }
    }
}

impl New {
    fn run(self) -> Result<(), Failure> {
        let key = make(&self.prefix)?;
        let expires = self.expires.map(|when| when.from(clock::now()));
        let entry = entry(&self.id, &key, &self.scopes, None, expires);
        show(&key, &[entry])
    }
}

impl Rotate {
    fn run(self) -> Result<(), Failure> {
        let now = clock::now();
        let old = old_entry(&self.id)?;
        let key = make(&self.prefix)?;
        let scopes = old.scopes.clone();
        let end = self.overlap.from(now);
        // A key that ends sooner by itself is not given more time.
        let end = old.expires.map_or(end, |own| own.min(end));
        let before = line(&self.id, &old.sha256, &scopes, old.not_before, Some(end));
        let expires = self.expires.map(|when| when.from(now));
        let next = entry(
            &self.id,
            &key,
            &scopes,
            Some(When::In(Span(0)).from(now)),
            expires,
        );
        show(&key, &[before, next])
    }
}

/// What the command reads of an entry: the form that it prints, as YAML or JSON.
fn old_entry(id: &str) -> Result<meshward_engine::config::ApiKey, Failure> {
    let text = read(64 * 1024)?;
    let what = "expected the caller's entry of `keys` on standard input, such as `- { id: acme, sha256: … }`";
    let source = meshward_openapi::source::Source::parse("standard input", &text)
        .map_err(|_| Failure::usage(what))?;
    let value = source.into_value();
    let entries = match value.as_array() {
        Some(entries) => entries.clone(),
        None => vec![value],
    };
    let keys = entries
        .into_iter()
        .map(serde_json::from_value::<meshward_engine::config::ApiKey>)
        .collect::<Result<Vec<_>, _>>()
        // The error could hold what was written there.
        .map_err(|_| Failure::usage(what))?;
    let mut own = keys.into_iter().filter(|key| key.id == id);
    match (own.next(), own.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(Failure::usage(format!(
            "there is no entry with the id `{id}`"
        ))),
        (Some(_), Some(_)) => Err(Failure::usage(format!(
            "there are several entries with the id `{id}`: give only the one that shall end"
        ))),
    }
}

/// A new key.
fn make(prefix: &str) -> Result<String, Failure> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !(1..=32).contains(&prefix.len()) || !prefix.bytes().all(plain) {
        return Err(Failure::usage(
            "a prefix has 1 to 32 letters, digits, `_` and `-`",
        ));
    }
    let mut body = prefix.to_owned();
    let mut random = [0; 64];
    let mut count = 0;
    while count < DIGITS {
        getrandom::fill(&mut random)
            .map_err(|e| Failure::usage(format!("the system gives no random bytes: {e}")))?;
        for digit in random
            .iter()
            .filter_map(|b| key_digit(*b))
            .take(DIGITS - count)
        {
            body.push(digit);
            count += 1;
        }
    }
    let checksum = key_checksum(body.as_bytes());
    Ok(format!("{body}_{checksum}"))
}

fn entry(
    id: &str,
    key: &str,
    scopes: &[String],
    from: Option<Timestamp>,
    end: Option<Timestamp>,
) -> String {
    line(id, &digest(key.as_bytes()), scopes, from, end)
}

/// An entry in one line of YAML that is JSON inside, so that no id can break it.
fn line(
    id: &str,
    sha256: &str,
    scopes: &[String],
    from: Option<Timestamp>,
    end: Option<Timestamp>,
) -> String {
    use serde_json::json;
    let mut parts = vec![
        format!("id: {}", json!(id)),
        format!("sha256: {}", json!(sha256)),
    ];
    if !scopes.is_empty() {
        parts.push(format!("scopes: {}", json!(scopes)));
    }
    parts.extend(from.map(|t| format!("notBefore: {}", json!(t))));
    parts.extend(end.map(|t| format!("expires: {}", json!(t))));
    format!("- {{ {} }}", parts.join(", "))
}

/// The key on standard error's side of things would be lost in a pipe: it goes to standard output, before its entries.
fn show(key: &str, entries: &[String]) -> Result<(), Failure> {
    let entries: Vec<String> = entries.iter().map(|e| format!("  {e}")).collect();
    output::print(&format!(
        "# The key: hand it over now, it is shown only once.\n{key}\n# For `keys` of the provider:\n{}",
        entries.join("\n")
    ))
}

fn digest(key: &[u8]) -> String {
    Sha256::digest(key)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// The key on standard input, without the line end that `echo` adds.
fn read_key() -> Result<String, Failure> {
    let text = read(MAX_KEY + 2)?;
    let key = text.trim_end_matches(['\r', '\n']);
    if (1..=MAX_KEY).contains(&key.len()) {
        Ok(key.to_owned())
    } else {
        Err(Failure::usage(format!(
            "expected a key of 1 to {MAX_KEY} bytes on standard input, such as from `printf %s \"$KEY\"`"
        )))
    }
}

fn read(most: usize) -> Result<String, Failure> {
    let mut text = String::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_string(&mut text)
        .map_err(|e| Failure::usage(format!("cannot read standard input: {e}")))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_documented_form_and_differ() {
        let (one, two) = (make("mwk_").unwrap(), make("mwk_").unwrap());
        assert_ne!(one, two);
        let parts: Vec<&str> = one.split('_').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!((parts[1].len(), parts[2].len()), (DIGITS, 6));
        let body = one.rsplit_once('_').unwrap().0;
        assert_eq!(parts[2], key_checksum(body.as_bytes()));
        assert!(make("").is_err() && make("a b").is_err());
    }

    #[test]
    fn an_entry_is_one_line_of_yaml() {
        let text = line(
            "a\"}\n- x",
            &"0".repeat(64),
            &["s".to_owned()],
            None,
            Some(Timestamp(0)),
        );
        assert!(!text.contains('\n'), "{text}");
        let source = meshward_openapi::source::Source::parse("t", &text).unwrap();
        let keys: Vec<meshward_engine::config::ApiKey> =
            serde_json::from_value(source.into_value()).unwrap();
        assert_eq!(keys[0].id, "a\"}\n- x");
        assert_eq!(keys[0].expires, Some(Timestamp(0)));
    }
}
