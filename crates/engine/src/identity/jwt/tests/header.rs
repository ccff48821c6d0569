//! What a token's header may say.

use crate::identity::testing::*;
use crate::verdict::Reason;
use serde_json::{Value, json};

fn token(header: Value) -> String {
    let mut full = json!({"alg": "ES256"});
    for (name, value) in header.as_object().unwrap() {
        full[name] = value.clone();
    }
    TestKey::p256().sign(&full, &claims(json!({})))
}

#[test]
fn members_that_choose_the_key_or_the_rules_are_forbidden() {
    let provider = issuer(json!({}));
    let own = TestKey::p256().jwk("k1");
    for (name, value) in [
        ("jwk", own),
        ("jku", "https://evil.example/jwks".into()),
        ("x5u", "https://evil.example/cert".into()),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", false.into()),
        ("b64", Value::Null),
    ] {
        refused(
            &provider,
            &token(json!({name: value})),
            Reason::JwtHeaderForbidden,
            Some(&format!("jose.{name}")),
        );
    }
    assert!(present_token(&provider, &token(json!({"x5t": "a", "cty": "x"}))).is_ok());
}

#[test]
fn members_have_their_types() {
    let provider = issuer(json!({}));
    for (name, value) in [
        ("alg", Value::Null),
        ("alg", json!(["ES256"])),
        ("alg", json!({"ES256": null})),
        ("kid", json!(1)),
        ("typ", json!(["JWT"])),
    ] {
        let at = format!("jose.{name}");
        refused(
            &provider,
            &token(json!({name: value})),
            Reason::JwtMalformed,
            Some(&at),
        );
    }
    let none = TestKey::p256().sign(&json!({}), &claims(json!({})));
    refused(&provider, &none, Reason::JwtMalformed, Some("jose.alg"));
}

#[test]
fn unsigned_tokens_are_refused() {
    let provider = issuer(json!({}));
    for name in [
        "none", "None", "NONE", "nOnE", "", "es256", "ES256K", "ES512",
    ] {
        let signed = token(json!({"alg": name}));
        refused(&provider, &signed, Reason::JwtAlgorithm, Some("jose.alg"));
        let (input, _) = signed.rsplit_once('.').unwrap();
        refused(
            &provider,
            &format!("{input}."),
            Reason::JwtAlgorithm,
            Some("jose.alg"),
        );
    }
}

#[test]
fn types_without_a_list() {
    let provider = issuer(json!({}));
    for typ in [
        "JWT",
        "jwt",
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/JWT",
    ] {
        assert!(
            present_token(&provider, &token(json!({"typ": typ}))).is_ok(),
            "{typ}"
        );
    }
    for typ in [
        "",
        "logout+jwt",
        "dpop+jwt",
        "at+jwt ",
        "application/",
        "text/jwt",
    ] {
        refused(
            &provider,
            &token(json!({"typ": typ})),
            Reason::JwtType,
            Some("jose.typ"),
        );
    }
}

#[test]
fn types_with_a_list() {
    let provider = issuer(json!({"types": ["application/AT+JWT", "x"]}));
    for typ in ["at+jwt", "application/at+jwt", "X"] {
        assert!(
            present_token(&provider, &token(json!({"typ": typ}))).is_ok(),
            "{typ}"
        );
    }
    refused(
        &provider,
        &token(json!({"typ": "JWT"})),
        Reason::JwtType,
        Some("jose.typ"),
    );
    refused(
        &provider,
        &token(json!({})),
        Reason::JwtType,
        Some("jose.typ"),
    );
}
