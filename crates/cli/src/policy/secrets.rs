//! Blanks out what may be a credential before any line of a file is shown.
//!
//! A policy holds digests and public keys only. But somebody may write a key where its digest belongs, or a private key
//! into a key set, and the message about that mistake must not spread it.

use meshward_engine::pointer;
use meshward_openapi::source::Source;
use meshward_openapi::vendor::without_credentials;
use serde_json::Value;

/// The fields of an API key that are no secret.
const KEY_FIELDS: [&str; 4] = ["id", "scopes", "notBefore", "expires"];

/// The members of a JSON Web Key that are public (RFC 7517, RFC 7518).
const JWK_FIELDS: [&str; 13] = [
    "kty", "use", "key_ops", "alg", "kid", "x5u", "x5c", "x5t", "crv", "x", "y", "n", "e",
];

/// Names of fields that no policy has, and under which people write credentials.
const TELLING: [&str; 7] = [
    "key",
    "secret",
    "password",
    "token",
    "apiKey",
    "privateKey",
    "clientSecret",
];

/// The text of a file with `*` in place of what may be a credential; every offset stays as it is.
pub(crate) fn blank(source: &Source) -> String {
    let mut secret = Vec::new();
    collect(source.value(), "", &mut secret);
    let mut bytes = source.text().as_bytes().to_vec();
    for at in secret {
        let span = source.place(&at).value;
        for byte in bytes.get_mut(span).into_iter().flatten() {
            if *byte != b'\n' && *byte != b'\r' {
                *byte = b'*';
            }
        }
    }
    // Whole characters were replaced, so this is UTF-8; if it were not, nothing of it would be shown.
    String::from_utf8(bytes).unwrap_or_default()
}

fn collect(value: &Value, at: &str, secret: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                let here = pointer(at, name);
                match (name.as_str(), inner) {
                    ("keys", Value::Array(keys)) => {
                        let jwks = object.contains_key("kty")
                            || at.ends_with("/inline")
                            || keys.iter().any(|key| key.get("kty").is_some());
                        let public: &[&str] = if jwks { &JWK_FIELDS } else { &KEY_FIELDS };
                        for (index, key) in keys.iter().enumerate() {
                            fields(key, &pointer(&here, index), public, secret);
                        }
                    }
                    ("clientSecret", Value::Object(_)) => {
                        fields(inner, &here, &["file", "env"], secret);
                    }
                    (name, Value::String(_)) if TELLING.contains(&name) => secret.push(here),
                    ("$ref" | "openapi", Value::String(url))
                        if without_credentials(url) != *url =>
                    {
                        secret.push(here);
                    }
                    _ => collect(inner, &here, secret),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &pointer(at, index), secret);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn fields(key: &Value, at: &str, public: &[&str], secret: &mut Vec<String>) {
    match key {
        Value::Object(object) => secret.extend(
            object
                .keys()
                .filter(|name| !public.contains(&name.as_str()))
                .map(|name| pointer(at, name)),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            secret.push(at.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_credential_is_blanked_and_offsets_stay() {
        let text = "keys: [{ id: acme, key: p4ss, sha256: 'geheüim' }]\njwks: { inline: { keys: [{ kty: EC, d: abc }] } }\npassword: x\nclientSecret: { value: hush, env: NAME }\nschemas: [{ $ref: 'https://me:pass@a.example/b' }, { $ref: 'https://a.example/c' }]\n";
        let source = Source::parse("policy.yaml", text).unwrap();
        let shown = blank(&source);
        assert_eq!(shown.len(), text.len());
        for secret in ["p4ss", "gehe", "abc", "password: x", "hush", "pass@"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        for public in ["acme", "EC", "NAME", "a.example/c"] {
            assert!(shown.contains(public), "{shown}");
        }
    }
}
