//! Minting tokens when a run starts, so that they are fresh, and breaking them where a case says so.

use crate::clock;
use crate::format::Token;
use crate::keys::Keys;
use crate::pki::Pki;
use crate::placeholder::{Scope, fill_value, offset_seconds};
use crate::spoil::spoil;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use meshward_engine::config::Timestamp;
use serde_json::{Map, Value, json};

/// Mints a token now.
///
/// # Errors
/// A sentence, when it names no key or algorithm, or they do not fit.
pub fn fresh(token: &Token, keys: &Keys) -> Result<String, String> {
    let scope = Scope {
        now: clock::now(),
        unique: "",
        token: None,
        proof: None,
        keys,
        pki: &Pki::new()?,
    };
    mint(&Token::default(), token, scope)
}

/// Mints the token of an exchange, laid over that of its file.
pub(crate) fn mint(base: &Token, own: &Token, scope: Scope<'_>) -> Result<String, String> {
    let Scope { keys, now, .. } = scope;
    let without = |part: &str, name: &str| {
        let whole = format!("{part}.{name}");
        own.without.contains(&whole)
    };
    let mut header = laid_over(&base.header, &own.header);
    header.retain(|name, _| !without("header", name));
    let mut claims = laid_over(&base.claims, &own.claims);
    claims.retain(|name, _| !without("claims", name));
    for name in ["exp", "nbf", "iat", "auth_time"] {
        if let Some(value) = claims.get_mut(name) {
            relative(value, now);
        }
    }
    for value in header.values_mut().chain(claims.values_mut()) {
        fill_value(value, scope)?;
    }
    let key = own.key.as_deref().or(base.key.as_deref());
    let key = key.ok_or_else(|| "the token names no `key`".to_owned())?;
    let alg = header.get("alg").and_then(Value::as_str);
    let algorithm = own.sign.as_deref().or(base.sign.as_deref()).or(alg);
    let algorithm = algorithm
        .ok_or_else(|| "the token has neither `header.alg` nor `sign`".to_owned())?
        .to_owned();
    let text = |own: &Option<String>, map: Map<String, Value>| match own {
        Some(text) => text.clone(),
        None => Value::Object(map).to_string(),
    };
    let head = BASE64.encode(text(&own.header_text, header));
    let body = BASE64.encode(text(&own.claims_text, claims));
    let signature = keys.sign(key, &algorithm, format!("{head}.{body}").as_bytes())?;
    spoil(own.spoil, &head, &body, &signature)
}

fn laid_over(base: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let mut members = base.clone();
    members.extend(own.clone());
    members
}

/// Turns `+60` into the number of a moment.
fn relative(value: &mut Value, now: Timestamp) {
    if let Some(offset) = value.as_str().and_then(offset_seconds) {
        *value = json!(now.seconds().saturating_add_signed(offset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_laid_over_the_files_and_times_are_relative() {
        let keys = crate::keys::Keys::load(&crate::load::testdata()).unwrap();
        let pki = crate::pki::Pki::new().unwrap();
        let scope = Scope {
            now: Timestamp(1_000_000_000),
            unique: "u",
            token: None,
            proof: None,
            keys: &keys,
            pki: &pki,
        };
        let base: Token = toml::from_str(
            "key = 'ec256'\nheader = { alg = 'ES256' }\nclaims = { sub = 'a', exp = '+60', iss = 'i' }",
        )
        .unwrap();
        let own: Token =
            toml::from_str("claims = { sub = 'b' }\nwithout = ['claims.iss']").unwrap();
        let token = mint(&base, &own, scope).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&BASE64.decode(claims).unwrap()).unwrap();
        assert_eq!(claims, json!({ "exp": 1060, "sub": "b" }));
    }
}
