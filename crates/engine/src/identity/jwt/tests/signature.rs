//! Which key verifies which signature.

use crate::identity::Provider;
use crate::identity::testing::*;
use crate::verdict::Reason;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

fn provider_of(algorithms: &[&str], keys: &[Value]) -> Provider {
    provider("corp", jwt_config(algorithms, keys, json!({})))
}

fn hmac() -> TestKey {
    TestKey::secret(Algorithm::HS256, &[7; 64])
}

fn without(mut jwk: Value, member: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(member);
    jwk
}

#[test]
fn every_algorithm_verifies_its_own_signature_and_no_other() {
    let keys: Vec<TestKey> = [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ]
    .into_iter()
    .map(TestKey::rsa)
    .chain([TestKey::p256(), TestKey::p384(), TestKey::ed25519()])
    .chain(
        [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512]
            .into_iter()
            .map(|algorithm| TestKey::secret(algorithm, &[7; 64])),
    )
    .collect();
    let set: Vec<Value> = keys.iter().map(|key| key.jwk(&key.name())).collect();
    let names: Vec<String> = keys.iter().map(TestKey::name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let provider = provider_of(&names, &set);
    for (number, key) in keys.iter().enumerate() {
        let name = key.name();
        let good = key.token(&claims(json!({})));
        assert!(present_token(&provider, &good).is_ok(), "{name}");
        let (input, signature) = good.rsplit_once('.').unwrap();
        let (cut, _) = signature.split_at(signature.len() / 8 * 4);
        for wrong in [format!("{input}."), format!("{input}.{cut}")] {
            refused(&provider, &wrong, Reason::JwtSignature, None);
        }
        // Every second one of the others: of the same family, and of all others.
        for other in names.iter().cycle().skip(number + 1).step_by(2).take(5) {
            // The header claims another algorithm than the one that signed: with no kid, its own, and the other key's.
            let claims = claims(json!({}));
            let lying = key.sign(&json!({"alg": other}), &claims);
            refused(&provider, &lying, Reason::JwtSignature, None);
            let mixed = key.sign(&json!({"alg": other, "kid": name}), &claims);
            refused(&provider, &mixed, Reason::JwtAlgorithm, Some("jose.alg"));
            let posing = key.sign(&json!({"alg": other, "kid": other}), &claims);
            refused(&provider, &posing, Reason::JwtSignature, None);
        }
    }
}

#[test]
fn a_public_key_is_never_a_secret() {
    let rsa = TestKey::rsa(Algorithm::RS256);
    let jwk = without(rsa.jwk("k1"), "alg");
    let modulus = jwk["n"].as_str().unwrap().to_owned();
    let der = include_bytes!("../testdata/test-rsa2048-pkcs1.der");
    let forgers = [
        TestKey::secret(Algorithm::HS256, modulus.as_bytes()),
        TestKey::secret(Algorithm::HS256, jwk.to_string().as_bytes()),
        TestKey::secret(Algorithm::HS256, der),
        TestKey::secret(Algorithm::HS256, b""),
    ];
    let strict = provider_of(&["RS256"], std::slice::from_ref(&jwk));
    // Even where secrets are accepted, the RSA key is none.
    let mixed = provider_of(&["RS256", "HS256"], &[jwk, hmac().jwk("k2")]);
    for forger in forgers {
        let claims = claims(json!({}));
        let bare = forger.token(&claims);
        let named = forger.sign(&json!({"alg": "HS256", "kid": "k1"}), &claims);
        refused(&strict, &bare, Reason::JwtAlgorithm, Some("jose.alg"));
        refused(&strict, &named, Reason::JwtAlgorithm, Some("jose.alg"));
        refused(&mixed, &bare, Reason::JwtSignature, None);
        refused(&mixed, &named, Reason::JwtAlgorithm, Some("jose.alg"));
    }
}

#[test]
fn an_algorithm_that_the_policy_does_not_name_is_refused() {
    let rsa = TestKey::rsa(Algorithm::PS256);
    let provider = provider_of(&["RS256"], &[without(rsa.jwk("k1"), "alg")]);
    let token = rsa.token(&claims(json!({})));
    refused(&provider, &token, Reason::JwtAlgorithm, Some("jose.alg"));
}

#[test]
fn a_kid_names_exactly_one_key() {
    let key = TestKey::p256();
    let provider = provider_of(
        &["ES256", "ES384"],
        &[key.jwk("k1"), TestKey::p384().jwk("k2")],
    );
    let token = |kid: &str| key.sign(&json!({"alg": "ES256", "kid": kid}), &claims(json!({})));
    assert!(present_token(&provider, &token("k1")).is_ok());
    for kid in ["", "K1", "k1 ", "k", "../k1", "k3", "k1\u{0}"] {
        refused(
            &provider,
            &token(kid),
            Reason::JwtKeyUnknown,
            Some("jose.kid"),
        );
    }
    refused(
        &provider,
        &token("k2"),
        Reason::JwtAlgorithm,
        Some("jose.alg"),
    );
}

#[test]
fn a_key_without_kid_is_not_chosen_by_kid() {
    let key = TestKey::p256();
    let provider = provider_of(&["ES256"], &[without(key.jwk(""), "kid")]);
    let named = key.sign(&json!({"alg": "ES256", "kid": "k1"}), &claims(json!({})));
    refused(&provider, &named, Reason::JwtKeyUnknown, Some("jose.kid"));
    assert!(present_token(&provider, &key.token(&claims(json!({})))).is_ok());
}

#[test]
fn without_kid_the_fitting_keys_are_tried_up_to_a_bound() {
    let secret = |n: u8| TestKey::secret(Algorithm::HS256, &[n; 32]);
    let set: Vec<Value> = (0..9).map(|n| secret(n).jwk(&n.to_string())).collect();
    let provider = provider_of(&["HS256"], &set);
    for n in 0..8 {
        let token = secret(n).token(&claims(json!({})));
        assert!(present_token(&provider, &token).is_ok(), "{n}");
    }
    let claims = claims(json!({}));
    refused(
        &provider,
        &secret(8).token(&claims),
        Reason::JwtSignature,
        None,
    );
    let named = secret(8).sign(&json!({"alg": "HS256", "kid": "8"}), &claims);
    assert!(present_token(&provider, &named).is_ok());
}

#[test]
fn no_key_of_the_set_fits_the_algorithm() {
    let provider = provider_of(&["ES256", "ES384"], &[TestKey::p256().jwk("k1")]);
    let token = TestKey::p384().token(&claims(json!({})));
    refused(&provider, &token, Reason::JwtKeyUnknown, Some("jose.kid"));
}

#[test]
fn a_der_signature_is_no_jose_signature() {
    let provider = issuer(json!({}));
    let token = TestKey::p256().token(&claims(json!({})));
    let (input, _) = token.rsplit_once('.').unwrap();
    // r = s = 0, then a DER sequence, then one byte too many.
    for bytes in [
        vec![0; 64],
        [&[0x30, 0x44, 2, 32][..], &[1; 32], &[2, 32], &[1; 32]].concat(),
        vec![1; 65],
    ] {
        let forged = format!("{input}.{}", base64(bytes));
        refused(&provider, &forged, Reason::JwtSignature, None);
    }
}

#[test]
fn a_wrong_signature_is_told_before_any_claim() {
    let provider = issuer(json!({}));
    let token = TestKey::p256().token(&claims(json!({"aud": 1, "exp": 0, "sub": null})));
    let (input, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{input}.{}", base64([1; 64]));
    refused(&provider, &forged, Reason::JwtSignature, None);
}
