//! The compact form.

use crate::identity::testing::*;
use crate::verdict::Reason;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn three_parts_of_strict_base64url() {
    let provider = issuer(json!({}));
    let token = TestKey::p256().token(&claims(json!({})));
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("three parts");
    };
    assert!(present_token(&provider, &token).is_ok());
    for wrong in [
        "a".to_owned(),
        "...".to_owned(),
        "..".to_owned(),
        format!("{header}.{claims}"),
        format!("{token}.{signature}"),
        format!(".{token}"),
        format!("{token}="),
        format!("{header}.{claims}/.{signature}"),
        format!("{header}.{claims}.{signature}+"),
        format!("{header}..{signature}"),
        // Five parts: an encrypted token.
        format!("{token}.a.b"),
    ] {
        refused(&provider, &wrong, Reason::JwtMalformed, None);
    }
}

#[test]
fn padding_within_a_token_is_not_even_one_token() {
    let provider = issuer(json!({}));
    let token = TestKey::p256().token(&claims(json!({})));
    let padded = token.replacen('.', "=.", 1);
    let refusal = present_token(&provider, &padded).unwrap_err();
    assert_eq!(refusal.reason, Reason::CredentialMalformed);
}

#[test]
fn stray_bits_at_the_end_of_a_part_are_refused() {
    let provider = issuer(json!({}));
    let key = TestKey::p256();
    // 64 bytes leave two stray bits in the last of 86 characters: four spellings, of which one is canonical.
    let token = key.token(&claims(json!({})));
    let (body, last) = token.split_at(token.len() - 1);
    assert!("AQgw".contains(last));
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet
        .iter()
        .position(|c| last.as_bytes() == [*c])
        .unwrap();
    for stray in 1..4 {
        let other = char::from(alphabet[place + stray]);
        refused(
            &provider,
            &format!("{body}{other}"),
            Reason::JwtMalformed,
            None,
        );
    }
}

#[test]
fn both_objects_are_strict() {
    let provider = issuer(json!({}));
    let key = TestKey::p256();
    let good = claims(json!({})).to_string();
    let header = br#"{"alg":"ES256"}"#;
    assert!(present_token(&provider, &key.sign_raw(header, good.as_bytes())).is_ok());
    for wrong in [
        &br#"{"alg":"ES256","alg":"ES256"}"#[..],
        b"[]",
        b"",
        b"\"ES256\"",
    ] {
        refused(
            &provider,
            &key.sign_raw(wrong, good.as_bytes()),
            Reason::JwtMalformed,
            None,
        );
    }
    let twice = good.replacen('{', r#"{"sub":"mallory","#, 1);
    let deep = good.replacen(
        '{',
        &format!("{{\"x\":{}{},", "[".repeat(99), "]".repeat(99)),
        1,
    );
    for wrong in [twice.as_str(), &deep, "[]", "", "null"] {
        refused(
            &provider,
            &key.sign_raw(header, wrong.as_bytes()),
            Reason::JwtMalformed,
            None,
        );
    }
}

#[test]
fn length_is_bounded() {
    let provider = issuer(json!({}));
    let key = TestKey::p256();
    let token = |filling: usize| key.token(&claims(json!({"x": "x".repeat(filling)})));
    let overhead = token(0).len();
    let fitting = (16 * 1024 - overhead) / 4 * 3;
    assert!(present_token(&provider, &token(fitting)).is_ok());
    refused(&provider, &token(fitting + 6), Reason::JwtMalformed, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_changed_character_goes_unseen(place in any::<prop::sample::Index>(), other in "[A-Za-z0-9._-]") {
        let provider = issuer(json!({}));
        let token = TestKey::p256().token(&claims(json!({})));
        let place = place.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(place..=place, &other);
        prop_assume!(changed != token);
        prop_assert!(present_token(&provider, &changed).is_err());
    }

    #[test]
    fn no_text_passes_and_none_panics(header in any::<String>(), claims in any::<String>(), signature in any::<Vec<u8>>()) {
        let provider = issuer(json!({}));
        let token = format!("{}.{}.{}", base64(&header), base64(&claims), base64(&signature));
        prop_assert!(present_token(&provider, &token).is_err());
        prop_assert!(present_token(&provider, &header).is_err());
    }
}
