//! What claims must say, and when.

use crate::identity::Provider;
use crate::identity::testing::*;
use crate::verdict::Reason;
use serde_json::{Value, json};

const MICROS: u64 = 1_000_000;

/// An issuer whose clock may be off by ten seconds.
fn provider() -> Provider {
    issuer(json!({"clockSkew": "10s"}))
}

fn token(changes: Value) -> String {
    TestKey::p256().token(&claims(changes))
}

#[track_caller]
fn wrong(changes: Value, reason: Reason, claim: &str) {
    refused(
        &provider(),
        &token(changes),
        reason,
        Some(&format!("claims.{claim}")),
    );
}

#[track_caller]
fn reason_at(provider: &Provider, changes: Value, micros: u64) -> Option<Reason> {
    present_at(provider, &token(changes), micros)
        .err()
        .map(|refusal| refusal.reason)
}

#[test]
fn required_claims_are_required() {
    for claim in ["iss", "aud", "exp", "sub"] {
        wrong(json!({claim: null}), Reason::JwtClaimMissing, claim);
    }
    assert_eq!(
        reason_at(
            &provider(),
            json!({"iat": null, "scope": null}),
            NOW * MICROS
        ),
        None
    );
}

#[test]
fn the_issuer_is_exact() {
    for other in [
        "",
        "https://IDP.example/realms/shop",
        "https://idp.example/realms/shop/",
        "x",
    ] {
        wrong(json!({"iss": other}), Reason::JwtIssuer, "iss");
    }
    for other in [json!(1), json!([ISSUER]), json!({})] {
        wrong(json!({"iss": other}), Reason::JwtMalformed, "iss");
    }
}

#[test]
fn one_audience_must_be_ours() {
    for ours in [json!("orders"), json!(["orders"]), json!(["x", "orders"])] {
        assert_eq!(
            reason_at(&provider(), json!({"aud": ours}), NOW * MICROS),
            None
        );
    }
    for other in [
        json!(""),
        json!("Orders"),
        json!("orders invoices"),
        json!([]),
        json!(["x"]),
    ] {
        wrong(json!({"aud": other}), Reason::JwtAudience, "aud");
    }
    for no_audience in [
        json!(1),
        json!({"orders": 1}),
        json!(["orders", 1]),
        json!([["orders"]]),
    ] {
        wrong(json!({"aud": no_audience}), Reason::JwtMalformed, "aud");
    }
}

#[test]
fn a_token_ends_exactly_at_exp_and_skew() {
    let provider = provider();
    let at = |exp: Value, micros: u64| reason_at(&provider, json!({"exp": exp}), micros);
    let end = (NOW + 10) * MICROS;
    assert_eq!(at(NOW.into(), end - 1), None);
    assert_eq!(at(NOW.into(), end), Some(Reason::JwtExpired));
    #[expect(clippy::cast_precision_loss, reason = "the number is small enough")]
    let half = NOW as f64 + 0.5;
    assert_eq!(at(half.into(), end + 499_999), None);
    assert_eq!(at(half.into(), end + 500_000), Some(Reason::JwtExpired));
    assert_eq!(at(0.into(), 10 * MICROS), Some(Reason::JwtExpired));
}

#[test]
fn a_token_begins_exactly_at_nbf_and_iat_less_skew() {
    let provider = provider();
    for claim in ["nbf", "iat"] {
        let changes = json!({claim: NOW + 20});
        let start = (NOW + 10) * MICROS;
        assert_eq!(reason_at(&provider, changes.clone(), start), None);
        assert_eq!(
            reason_at(&provider, changes.clone(), start - 1),
            Some(Reason::JwtNotYetValid)
        );
        let refusal = present_at(&provider, &token(changes), 0).unwrap_err();
        assert_eq!(refusal.at, Some(format!("claims.{claim}")));
    }
}

#[test]
fn without_a_setting_clocks_may_be_off_by_half_a_minute() {
    let provider = issuer(json!({}));
    let at = |micros| reason_at(&provider, json!({"exp": NOW}), micros);
    assert_eq!(at((NOW + 30) * MICROS - 1), None);
    assert_eq!(at((NOW + 30) * MICROS), Some(Reason::JwtExpired));
    let none = issuer(json!({"clockSkew": "0s"}));
    assert_eq!(
        reason_at(&none, json!({"exp": NOW}), NOW * MICROS - 1),
        None
    );
    assert_eq!(
        reason_at(&none, json!({"exp": NOW}), NOW * MICROS),
        Some(Reason::JwtExpired)
    );
}

#[test]
fn times_are_numbers_in_range() {
    for claim in ["exp", "nbf", "iat"] {
        for no_time in [
            json!("1795341600"),
            json!(-1),
            json!(-0.5),
            json!(true),
            json!([NOW]),
            json!(253_402_300_800_u64),
            json!(253_402_300_800.0),
            json!(1e300),
            json!(u64::MAX),
        ] {
            wrong(json!({claim: no_time}), Reason::JwtMalformed, claim);
        }
    }
    assert_eq!(
        reason_at(
            &provider(),
            json!({"exp": 253_402_300_799_u64}),
            NOW * MICROS
        ),
        None
    );
    // `null` is no number either, and is not the same as absent.
    let null = claims(json!({}))
        .to_string()
        .replacen('{', "{\"nbf\":null,", 1);
    let token = TestKey::p256().sign_raw(br#"{"alg":"ES256"}"#, null.as_bytes());
    refused(
        &provider(),
        &token,
        Reason::JwtMalformed,
        Some("claims.nbf"),
    );
}

#[test]
fn lifetimes_are_bounded_where_the_policy_says_so() {
    let provider = issuer(json!({"maxLifetime": "120s"}));
    let check = |changes: Value| {
        let refusal = present_token(&provider, &token(changes)).err();
        refusal.map(|r| (r.reason, r.at.unwrap()))
    };
    assert_eq!(check(json!({"iat": NOW - 60, "exp": NOW + 60})), None);
    assert_eq!(
        check(json!({"iat": NOW - 60, "exp": NOW + 61})),
        Some((Reason::JwtLifetime, "claims.exp".to_owned()))
    );
    assert_eq!(
        check(json!({"iat": null})),
        Some((Reason::JwtClaimMissing, "claims.iat".to_owned()))
    );
}

#[test]
fn subjects_are_strings_that_can_be_logged() {
    let long = "a".repeat(256);
    assert_eq!(
        reason_at(&provider(), json!({"sub": long}), NOW * MICROS),
        None
    );
    wrong(json!({"sub": ""}), Reason::JwtClaimMissing, "sub");
    for no_subject in [
        json!(1),
        json!(["a"]),
        json!("a".repeat(257)),
        json!("a\r\nb"),
        json!("a\u{0}"),
    ] {
        wrong(json!({"sub": no_subject}), Reason::JwtMalformed, "sub");
    }
}

#[test]
fn the_policy_names_the_subject_claim() {
    let provider = issuer(json!({"subjectClaim": "client_id"}));
    let identity = present_token(&provider, &token(json!({"client_id": "batch"}))).unwrap();
    assert_eq!(&*identity.subject, "batch");
    refused(
        &provider,
        &token(json!({})),
        Reason::JwtClaimMissing,
        Some("claims.client_id"),
    );
}

#[test]
fn scopes_come_as_a_line_or_a_list() {
    let provider = provider();
    let scopes = |changes: Value| present_token(&provider, &token(changes)).unwrap().scopes;
    assert_eq!(*scopes(json!({"scope": " b  a b "})), ["a", "b"]);
    assert_eq!(*scopes(json!({"scope": ["b", "a", "b"]})), ["a", "b"]);
    assert_eq!(*scopes(json!({"scope": "", "scp": "c"})), [""; 0]);
    assert_eq!(*scopes(json!({"scope": null, "scp": ["c"]})), ["c"]);
    assert_eq!(*scopes(json!({"scope": null})), [""; 0]);
    for no_scopes in [
        json!(1),
        json!({"a": 1}),
        json!(["a", 1]),
        json!(["a b"]),
        json!([""]),
        json!("a\tb"),
    ] {
        wrong(json!({"scope": no_scopes}), Reason::JwtMalformed, "scope");
    }
}

#[test]
fn the_policy_names_the_scope_claim() {
    let provider = issuer(json!({"scopeClaim": "roles"}));
    let identity = present_token(&provider, &token(json!({"roles": ["x"]}))).unwrap();
    assert_eq!(*identity.scopes, ["x"]);
    assert!(
        present_token(&provider, &token(json!({})))
            .unwrap()
            .scopes
            .is_empty()
    );
}
