//! Placeholders in the corpus' texts: what can only be known when a run starts, or would be too long to write out.

use crate::keys::Keys;
use crate::pki::Pki;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use meshward_engine::config::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// When the run started.
    pub(crate) now: Timestamp,
    /// A word that no other case of any run has.
    pub(crate) unique: &'a str,
    /// The minted token.
    pub(crate) token: Option<&'a str>,
    /// The minted proof of possession.
    pub(crate) proof: Option<&'a str>,
    /// The keys.
    pub(crate) keys: &'a Keys,
    /// The certificates.
    pub(crate) pki: &'a Pki,
}

/// Fills every `{{…}}` of a text.
pub(crate) fn fill(text: &str, scope: Scope<'_>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inner, after) = after
            .split_once("}}")
            .ok_or_else(|| "a placeholder `{{` is not closed".to_owned())?;
        filled.push_str(before);
        filled.push_str(&one(inner, scope)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Fills every text in a JSON value. A text that is nothing but `{{jwk:NAME}}` becomes the key itself.
pub(crate) fn fill_value(value: &mut Value, scope: Scope<'_>) -> Result<(), String> {
    match value {
        Value::String(text) if text.starts_with("{{jwk:") => {
            let key = fill(text, scope)?;
            *value = serde_json::from_str(&key).map_err(|e| format!("`{{{{jwk}}}}`: {e}"))?;
        }
        Value::String(text) => *text = fill(text, scope)?,
        Value::Array(items) => {
            for item in items {
                fill_value(item, scope)?;
            }
        }
        Value::Object(members) => {
            for (_, member) in members.iter_mut() {
                fill_value(member, scope)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

fn one(inner: &str, scope: Scope<'_>) -> Result<String, String> {
    let (name, argument) = inner.split_once(':').unwrap_or((inner, ""));
    match name {
        "token" => scope
            .token
            .map(str::to_owned)
            .ok_or_else(|| "`{{token}}` needs a `token`".to_owned()),
        "proof" => scope
            .proof
            .map(str::to_owned)
            .ok_or_else(|| "`{{proof}}` needs a `proof`".to_owned()),
        "ath" => scope
            .token
            .map(|token| BASE64.encode(Sha256::digest(token)))
            .ok_or_else(|| "`{{ath}}` needs a `token`".to_owned()),
        "jwk" => Ok(scope.keys.public(argument)?.to_string()),
        "thumbprint" => scope.keys.thumbprint(argument),
        "certificate" => Ok(BASE64.encode(scope.pki.workload(argument)?.digest())),
        "unique" => Ok(scope.unique.to_owned()),
        "sha256" => Ok(hex(&Sha256::digest(argument))),
        "time" => Ok(time(scope.now, argument)?.to_string()),
        "seconds" => Ok(time(scope.now, argument)?.seconds().to_string()),
        "repeat" => repeat(argument),
        "jwks" => Ok(scope.keys.jwks(argument)?.to_string()),
        _ => Err(format!("there is no placeholder `{{{{{name}}}}}`")),
    }
}

/// `N:TEXT`: the text, N times.
fn repeat(argument: &str) -> Result<String, String> {
    let wrong = || format!("expected `{{{{repeat:N:TEXT}}}}`, got `{argument}`");
    let (count, text) = argument.split_once(':').ok_or_else(wrong)?;
    let count: usize = count.parse().map_err(|_| wrong())?;
    Ok(text.repeat(count))
}

fn time(now: Timestamp, offset: &str) -> Result<Timestamp, String> {
    let seconds = offset_seconds(offset)
        .ok_or_else(|| format!("expected seconds such as `+60`, got `{offset}`"))?;
    Ok(Timestamp(
        now.0
            .saturating_add_signed(seconds.saturating_mul(1_000_000)),
    ))
}

/// Reads `+60` or `-60`; the sign is needed.
pub(crate) fn offset_seconds(text: &str) -> Option<i64> {
    text.starts_with(['+', '-'])
        .then(|| text.parse().ok())
        .flatten()
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_unknown_ones_refused() {
        let keys = Keys::load(&crate::load::testdata()).unwrap();
        let pki = Pki::new().unwrap();
        let scope = Scope {
            now: Timestamp(1_000_000_000_000_000),
            unique: "u1",
            token: None,
            proof: None,
            keys: &keys,
            pki: &pki,
        };
        let filled = |text| fill(text, scope);
        assert_eq!(filled("a{{unique}}b{{repeat:3:xy}}").unwrap(), "au1bxyxyxy");
        assert_eq!(
            filled("{{time:+60}}").unwrap(),
            "2001-09-09T01:47:40.000000Z"
        );
        assert_eq!(filled("{\"a\":{\"b\":1}}").unwrap(), "{\"a\":{\"b\":1}}");
        assert!(filled("{{token}}").is_err());
        assert!(filled("{{tokn}}").is_err());
        assert!(filled("{{unique").is_err());
    }
}
