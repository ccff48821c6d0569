//! What is wrong with an issuer's policy and keys.

use crate::identity::testing::*;
use crate::problem::Severity;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

fn p256(changes: Value) -> Value {
    changed(TestKey::p256().jwk("k1"), changes)
}

fn rsa(changes: Value) -> Value {
    changed(TestKey::rsa(Algorithm::RS256).jwk("k1"), changes)
}

fn changed(mut jwk: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            jwk.as_object_mut().unwrap().remove(name);
        } else {
            jwk[name] = value.clone();
        }
    }
    jwk
}

/// The problems of one key beside a good one.
#[track_caller]
fn key(algorithms: &[&str], jwk: Value, expected: &[&str]) {
    let good = TestKey::ed25519().jwk("good");
    let algorithms = [algorithms, &["EdDSA"]].concat();
    let found = problems(jwt_config(&algorithms, &[good, jwk.clone()], json!({})));
    let expected: Vec<String> = expected
        .iter()
        .map(|e| {
            let (code, member) = e.split_once(' ').unwrap_or((e, ""));
            let slash = if member.is_empty() { "" } else { "/" };
            format!("{code} jwt/jwks/inline/keys/1{slash}{member}")
        })
        .collect();
    assert_eq!(found, expected, "{jwk}");
}

fn policy(changes: Value) -> Vec<String> {
    problems(jwt_config(&["ES256"], &[p256(json!({}))], changes))
}

#[test]
fn a_good_policy_has_no_problem() {
    assert!(policy(json!({})).is_empty());
    assert!(
        policy(json!({"clockSkew": "5m", "types": ["at+jwt"], "maxLifetime": "1h"})).is_empty()
    );
}

#[test]
fn empty_values_are_found_all_at_once() {
    assert_eq!(
        policy(json!({
            "issuer": "", "audiences": [], "types": [], "clockSkew": "301s", "maxLifetime": "0s",
            "subjectClaim": "", "scopeClaim": ""
        })),
        [
            "empty-value jwt/issuer",
            "empty-value jwt/audiences",
            "empty-value jwt/types",
            "clock-skew jwt/clockSkew",
            "empty-value jwt/maxLifetime",
            "empty-value jwt/subjectClaim",
            "empty-value jwt/scopeClaim",
        ]
    );
    assert_eq!(
        policy(json!({"audiences": ["a", ""], "types": [""]})),
        ["empty-value jwt/audiences/1", "empty-value jwt/types/0"]
    );
    let found = policy(json!({"algorithms": []}));
    assert!(
        found.contains(&"empty-value jwt/algorithms".to_owned()),
        "{found:?}"
    );
}

#[test]
fn there_is_exactly_one_key_set() {
    let set = json!({"keys": [p256(json!({}))]});
    assert_eq!(policy(json!({"jwks": {}})), ["one-of jwt/jwks"]);
    assert_eq!(
        policy(json!({"jwks": {"inline": set, "file": "keys.json"}})),
        ["one-of jwt/jwks"]
    );
    assert_eq!(
        policy(json!({"jwks": {"file": "keys.json"}})),
        ["file-not-resolved jwt/jwks/file"]
    );
    for no_set in [json!([]), json!({}), json!({"keys": {}}), json!("x")] {
        assert_eq!(
            policy(json!({"jwks": {"inline": no_set}})),
            ["malformed-jwks jwt/jwks/inline"]
        );
    }
    assert_eq!(
        policy(json!({"jwks": {"inline": {"keys": []}}})),
        ["no-usable-key jwt/jwks/inline/keys"]
    );
}

#[test]
fn a_set_of_keys_for_other_purposes_is_unusable() {
    let found = compile(
        "p",
        jwt_config(&["ES256"], &[p256(json!({"use": "enc"}))], json!({})),
    );
    let found = found.unwrap_err();
    let codes: Vec<&str> = found.iter().map(|p| p.code).collect();
    assert_eq!(codes, ["key-ignored", "no-usable-key"]);
    assert_eq!(found[0].severity, Severity::Warning);
}

#[test]
fn keys_for_other_purposes_are_left_out_with_a_warning() {
    let rs256 = &["RS256"][..];
    key(rs256, rsa(json!({})), &[]);
    key(
        rs256,
        rsa(json!({"use": "sig", "key_ops": ["verify"], "alg": null})),
        &[],
    );
    key(rs256, rsa(json!({"use": "enc"})), &["key-ignored use"]);
    key(
        rs256,
        rsa(json!({"use": "enc", "alg": "RSA-OAEP"})),
        &["key-ignored use"],
    );
    key(
        rs256,
        rsa(json!({"key_ops": ["wrapKey"]})),
        &["key-ignored key_ops"],
    );
    key(rs256, rsa(json!({"alg": "RS512"})), &["key-ignored alg"]);
    key(&["ES256"], rsa(json!({"alg": null})), &["key-ignored kty"]);
    key(
        &["ES256"],
        json!({"kty": "OKP", "crv": "X25519", "use": "enc", "x": "AA"}),
        &["key-ignored use"],
    );
}

#[test]
fn members_have_their_types() {
    for member in ["kty", "use", "kid", "alg", "crv"] {
        key(
            &["ES256"],
            p256(json!({member: 1})),
            &[&format!("malformed-key {member}")],
        );
    }
    key(
        &["ES256"],
        p256(json!({"key_ops": "verify"})),
        &["malformed-key key_ops"],
    );
    key(
        &["ES256"],
        p256(json!({"key_ops": ["verify", 1]})),
        &["malformed-key key_ops"],
    );
    key(&["ES256"], json!("x"), &["malformed-key"]);
}

#[test]
fn what_is_not_supported_is_named() {
    let es = &["ES256", "ES384"][..];
    key(es, p256(json!({"kty": null})), &["unsupported-key kty"]);
    key(es, p256(json!({"kty": "AKP"})), &["unsupported-key kty"]);
    for curve in ["P-521", "secp256k1", "p-256", "Ed25519"] {
        key(es, p256(json!({"crv": curve})), &["unsupported-key crv"]);
    }
    key(es, p256(json!({"crv": null})), &["unsupported-key crv"]);
    key(
        es,
        json!({"kty": "OKP", "crv": "Ed448", "x": "AA"}),
        &["unsupported-key crv"],
    );
    for other in ["ES384", "RS256", "HS256", "ES512", "none", ""] {
        key(es, p256(json!({"alg": other})), &["algorithm-mismatch alg"]);
    }
}

#[test]
fn private_keys_are_refused_and_not_shown() {
    key(
        &["ES256"],
        p256(json!({"d": "c2VjcmV0LW51bWJlcg"})),
        &["private-key d"],
    );
    key(
        &["RS256"],
        rsa(json!({"d": "AA", "p": "AA", "q": "AA", "use": "enc"})),
        &["private-key d", "private-key p", "private-key q"],
    );
    key(&["RS256"], rsa(json!({"k": "AA"})), &["private-key k"]);
    let config = jwt_config(
        &["ES256"],
        &[p256(json!({"d": "c2VjcmV0LW51bWJlcg"}))],
        json!({}),
    );
    let found = format!("{:?}", compile("p", config).unwrap_err());
    assert!(!found.contains("c2VjcmV0"), "{found}");
}

#[test]
fn rsa_keys_are_strong() {
    let modulus = |bytes: usize, first: u8, last: u8| {
        let mut n = vec![0xa5; bytes];
        n[0] = first;
        n[bytes - 1] = last;
        base64(n)
    };
    let n = |n: String, expected: &[&str]| key(&["RS256"], rsa(json!({"n": n})), expected);
    n(modulus(256, 0x80, 1), &[]);
    n(modulus(256, 0x7f, 1), &["weak-key n"]);
    n(modulus(128, 0x80, 1), &["weak-key n"]);
    n(modulus(257, 0, 1), &[]);
    n(
        base64([vec![0; 200], vec![0xff; 128]].concat()),
        &["weak-key n"],
    );
    n(modulus(512, 0xff, 1), &[]);
    n(modulus(513, 1, 1), &["unsupported-key n"]);
    n(modulus(256, 0x80, 2), &["malformed-key n"]);
    n(String::new(), &["malformed-key n"]);
    n("a+b/".to_owned(), &["malformed-key n"]);
    n(format!("{}=", modulus(256, 0x80, 1)), &["malformed-key n"]);

    let e = |e: &[u8], expected: &[&str]| key(&["RS256"], rsa(json!({"e": base64(e)})), expected);
    e(&[3], &[]);
    e(&[0, 1, 0, 1], &[]);
    for weak in [&[0][..], &[1], &[2], &[1, 0, 0], &[2, 0, 0, 0, 1]] {
        e(weak, &["weak-key e"]);
    }
    key(
        &["RS256"],
        rsa(json!({"n": null, "e": null})),
        &["malformed-key n", "malformed-key e"],
    );
}

#[test]
fn points_are_on_their_curve() {
    let es = &["ES256"][..];
    key(
        es,
        p256(json!({"x": base64([1; 31])})),
        &["malformed-key x"],
    );
    key(
        es,
        p256(json!({"y": base64([1; 33])})),
        &["malformed-key y"],
    );
    key(
        es,
        p256(json!({"x": base64([1; 32])})),
        &["malformed-key x"],
    );
    key(
        es,
        p256(json!({"x": base64([0; 32]), "y": base64([0; 32])})),
        &["malformed-key x"],
    );
    key(
        es,
        p256(json!({"x": null, "y": 1})),
        &["malformed-key x", "malformed-key y"],
    );
    let ed = |x: Vec<u8>, expected: &[&str]| {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": base64(x)});
        key(&[], jwk, expected);
    };
    ed(vec![1; 31], &["malformed-key x"]);
    ed(vec![1; 33], &["malformed-key x"]);
    let y = |y: u8| [vec![y], vec![0; 31]].concat();
    ed(y(2), &["malformed-key x"]);
    ed(y(0), &["weak-key x"]);
    ed(y(1), &["weak-key x"]);
}

#[test]
fn secrets_are_long_and_wanted() {
    let secret = |length: usize| json!({"kty": "oct", "k": base64(vec![7; length])});
    key(&["HS256"], secret(32), &[]);
    key(&["HS256"], secret(31), &["weak-key k"]);
    key(&["HS256", "HS512"], secret(32), &["weak-key k"]);
    key(
        &["HS256", "HS512"],
        changed(secret(32), json!({"alg": "HS256"})),
        &[],
    );
    key(&["HS384"], secret(47), &["weak-key k"]);
    key(&["HS512"], secret(64), &[]);
    key(&["RS256"], secret(64), &["secret-key kty"]);
    key(
        &["HS512"],
        changed(secret(64), json!({"alg": "HS256"})),
        &["secret-key kty"],
    );
    key(&["HS256"], json!({"kty": "oct"}), &["malformed-key k"]);
}

#[test]
fn no_two_keys_share_a_kid() {
    let keys = [p256(json!({})), TestKey::p384().jwk("k1")];
    assert_eq!(
        problems(jwt_config(&["ES256", "ES384"], &keys, json!({}))),
        ["duplicate-kid jwt/jwks/inline/keys/1/kid"]
    );
}

#[test]
fn the_cache_fits_a_worker() {
    let with = |cache: Value| {
        let key = TestKey::p256().jwk("k1");
        problems(jwt_config(&["ES256"], &[key], json!({ "cache": cache })))
    };
    for fits in [
        json!({}),
        json!({"entries": 0}),
        json!({"entries": 100_000, "memory": "256MiB"}),
        json!({"memory": "64KiB"}),
    ] {
        assert_eq!(with(fits), [""; 0]);
    }
    assert_eq!(
        with(json!({"entries": 100_001, "memory": "1KiB"})),
        [
            "cache-too-large jwt/cache/entries",
            "cache-memory jwt/cache/memory"
        ]
    );
    assert_eq!(
        with(json!({"memory": "257MiB"})),
        ["cache-memory jwt/cache/memory"]
    );
}
