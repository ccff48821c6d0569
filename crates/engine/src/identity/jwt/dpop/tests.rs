use super::*;
use crate::http::Headers;
use crate::identity::testing::authenticate;
use crate::identity::testing::{NOW, TestKey, claims, issuer, now};
use crate::identity::{Identity, Provider, Unproven};
use serde_json::json;

const URI: &str = "https://api.test/orders/7";

fn jkt(key: &TestKey, family: Family) -> String {
    let jwk = key.jwk("k");
    URL_SAFE_NO_PAD.encode(thumbprint(jwk.as_object().unwrap(), family).unwrap())
}

/// The access token: signed by the issuer's key, bound to the Ed25519 key.
fn token() -> String {
    let cnf = json!({ "jkt": jkt(&TestKey::ed25519(), Family::Ed25519) });
    TestKey::p256().token(&claims(json!({ "cnf": cnf })))
}

fn public(key: &TestKey) -> Value {
    let mut jwk = key.jwk("k");
    jwk.as_object_mut()
        .unwrap()
        .retain(|name, _| ["kty", "crv", "x", "y", "n", "e"].contains(&name.as_str()));
    jwk
}

fn members(token: &str) -> (Value, Value) {
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": public(&TestKey::ed25519()) });
    let claims = json!({
        "jti": "one", "htm": "GET", "htu": URI, "iat": NOW,
        "ath": URL_SAFE_NO_PAD.encode(Sha256::digest(token)),
    });
    (header, claims)
}

fn send(provider: &Provider, fields: &[(&str, &str)]) -> Result<Identity, Refusal> {
    let head = RequestHead {
        method: b"GET".to_vec(),
        authority: b"API.test:443".to_vec(),
        target: b"/orders/7?x=1".to_vec(),
        headers: Headers::new(
            fields
                .iter()
                .map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec()))
                .collect(),
        ),
        ..RequestHead::default()
    };
    authenticate(&[provider], &head, &Target::default(), now()).map(Option::unwrap)
}

fn with_proof(
    provider: &Provider,
    change: impl FnOnce(&mut Value, &mut Value),
) -> Result<Identity, Refusal> {
    let token = token();
    let (mut header, mut claims) = members(&token);
    change(&mut header, &mut claims);
    let proof = TestKey::ed25519().sign(&header, &claims);
    send(
        provider,
        &[
            ("authorization", &format!("DPoP {token}")),
            ("dpop", &proof),
        ],
    )
}

#[test]
fn thumbprints_are_those_of_the_standards() {
    // RFC 9449 §6.1, RFC 7638 §3.1.
    let ec = json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    });
    let rsa = json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    });
    for (jwk, family, expected) in [
        (
            ec,
            Family::P256,
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
        ),
        (
            rsa,
            Family::Rsa,
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        ),
    ] {
        let own = thumbprint(jwk.as_object().unwrap(), family).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(own), expected);
    }
}

#[test]
fn a_proof_of_this_request_proves_the_token() {
    let corp = issuer(json!({}));
    let identity = with_proof(&corp, |_, _| ()).unwrap();
    assert_eq!(&*identity.subject, "alice");
    let usage = identity.unproven.replay.unwrap();
    assert_eq!(usage.until, Timestamp((NOW + 60 + 30) * 1_000_000));
    for uri in [
        "https://api.test/orders/7",
        "https://api.test:443/orders/7",
        "HTTPS://API.TEST/orders/7?y=2#z",
        "http://api.test:443/orders/7",
    ] {
        let outcome = with_proof(&corp, |_, claims| claims["htu"] = uri.into());
        assert!(outcome.is_ok(), "{uri}");
    }
}

#[test]
fn a_proof_of_anything_else_is_refused() {
    let corp = issuer(json!({}));
    type Change = fn(&mut Value, &mut Value);
    let cases: [(&str, Change); 22] = [
        ("dpop.typ", |h, _| h["typ"] = "JWT".into()),
        ("dpop.typ", |h, _| h["typ"] = Value::Null),
        ("dpop.alg", |h, _| h["alg"] = "none".into()),
        ("dpop.alg", |h, _| h["alg"] = "HS256".into()),
        ("dpop.alg", |h, _| h["alg"] = "RS256".into()),
        ("dpop.alg", |h, _| h["alg"] = json!(["EdDSA"])),
        ("dpop.jwk", |h, _| h["jwk"] = Value::Null),
        ("dpop.jwk", |h, _| h["jwk"] = public(&TestKey::p256())),
        ("dpop.jwk", |h, _| h["jwk"]["d"] = "AA".into()),
        ("dpop.jwk", |h, _| h["jwk"]["use"] = "enc".into()),
        ("dpop.crit", |h, _| h["crit"] = json!(["b64"])),
        ("dpop.jku", |h, _| h["jku"] = "https://evil.test".into()),
        ("dpop.htm", |_, c| c["htm"] = "POST".into()),
        ("dpop.htm", |_, c| c["htm"] = "get".into()),
        ("dpop.htu", |_, c| {
            c["htu"] = "https://api.test/orders/8".into()
        }),
        ("dpop.htu", |_, c| {
            c["htu"] = "https://api.test:8443/orders/7".into()
        }),
        ("dpop.htu", |_, c| {
            c["htu"] = "https://evil.test/orders/7".into()
        }),
        ("dpop.htu", |_, c| c["htu"] = "/orders/7".into()),
        ("dpop.ath", |_, c| c["ath"] = "x".into()),
        ("dpop.iat", |_, c| c["iat"] = (NOW - 91).into()),
        ("dpop.iat", |_, c| c["iat"] = (NOW + 31).into()),
        ("dpop.jti", |_, c| c["jti"] = "".into()),
    ];
    for (place, change) in cases {
        let refusal = with_proof(&corp, change).unwrap_err();
        assert_eq!(refusal.at.as_deref(), Some(place));
        let reason = if matches!(refusal.reason, Reason::TokenBinding) {
            "dpop.jwk"
        } else {
            assert_eq!(refusal.reason, Reason::DpopInvalid, "{place}");
            place
        };
        assert_eq!(reason, place, "another key is not the token's");
    }
}

#[test]
fn another_key_with_a_right_signature_is_not_the_tokens() {
    let token = token();
    let (mut header, claims) = members(&token);
    header["jwk"] = public(&TestKey::p256());
    header["alg"] = "ES256".into();
    let proof = TestKey::p256().sign(&header, &claims);
    let refusal = send(
        &issuer(json!({})),
        &[
            ("authorization", &format!("DPoP {token}")),
            ("dpop", &proof),
        ],
    )
    .unwrap_err();
    assert_eq!(refusal.reason, Reason::TokenBinding);
}

#[test]
fn forms_that_are_no_proof_are_refused() {
    let corp = issuer(json!({}));
    let token = token();
    let bound = format!("DPoP {token}");
    let (header, claims) = members(&token);
    let right = TestKey::ed25519().sign(&header, &claims);
    let spoiled = format!("{}A", right.strip_suffix(|_: char| true).unwrap());
    let long = "a".repeat(MAX_PROOF + 1);
    for proof in [
        "",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        &long,
        &spoiled,
        &format!("{right},{right}"),
    ] {
        let refusal = send(&corp, &[("authorization", &bound), ("dpop", proof)]).unwrap_err();
        assert_eq!(refusal.reason, Reason::DpopInvalid);
    }
    let twice = [
        ("authorization", &*bound),
        ("dpop", &right),
        ("dpop", &right),
    ];
    assert_eq!(send(&corp, &twice).unwrap_err().reason, Reason::DpopInvalid);
    let none = [("authorization", &*bound)];
    assert_eq!(send(&corp, &none).unwrap_err().reason, Reason::DpopMissing);
}

#[test]
fn a_binding_is_proven_or_the_token_is_refused() {
    let digest = URL_SAFE_NO_PAD.encode([7; 32]);
    let by_certificate = json!({ "x5t#S256": digest });
    let by_key = json!({ "jkt": digest });
    for (mode, cnf, scheme, expected) in [
        ("ifBound", Value::Null, "Bearer", None),
        ("ifBound", by_certificate.clone(), "Bearer", None),
        ("required", by_certificate.clone(), "Bearer", None),
        (
            "required",
            Value::Null,
            "Bearer",
            Some(Reason::TokenBinding),
        ),
        (
            "ifBound",
            by_key.clone(),
            "Bearer",
            Some(Reason::DpopMissing),
        ),
        ("ifBound", Value::Null, "DPoP", Some(Reason::TokenBinding)),
        (
            "ifBound",
            by_certificate.clone(),
            "DPoP",
            Some(Reason::TokenBinding),
        ),
        ("ifBound", json!({}), "Bearer", Some(Reason::TokenBinding)),
        ("ifBound", json!("x"), "Bearer", Some(Reason::TokenBinding)),
        (
            "ifBound",
            json!({ "kid": "a" }),
            "Bearer",
            Some(Reason::TokenBinding),
        ),
        (
            "ifBound",
            json!({ "x5t#S256": digest, "kid": "a" }),
            "Bearer",
            Some(Reason::TokenBinding),
        ),
        (
            "ifBound",
            json!({ "x5t#S256": "short" }),
            "Bearer",
            Some(Reason::TokenBinding),
        ),
        (
            "ifBound",
            json!({ "x5t#S256": 7 }),
            "Bearer",
            Some(Reason::TokenBinding),
        ),
        ("off", by_key, "Bearer", None),
        (
            "off",
            Value::Null,
            "DPoP",
            Some(Reason::CredentialMalformed),
        ),
    ] {
        let corp = issuer(json!({ "senderConstrained": mode }));
        let token = TestKey::p256().token(&claims(json!({ "cnf": cnf })));
        let outcome = send(&corp, &[("authorization", &format!("{scheme} {token}"))]);
        let wanted = (cnf == by_certificate && mode != "off").then_some([7; 32]);
        match outcome {
            Ok(identity) => {
                assert_eq!(expected, None, "{mode} {scheme} {cnf}");
                let pending = Unproven {
                    certificate: wanted,
                    replay: None,
                };
                assert_eq!(identity.unproven, pending, "{mode} {cnf}");
            }
            Err(refusal) => assert_eq!(Some(refusal.reason), expected, "{mode} {scheme} {cnf}"),
        }
    }
}

#[test]
fn settings_that_cannot_work_are_found() {
    use crate::identity::testing::{jwt_config, problems};
    let found = |changes: Value| {
        problems(jwt_config(
            &["ES256"],
            &[TestKey::p256().jwk("k1")],
            changes,
        ))
    };
    assert_eq!(
        found(json!({ "dpop": { "algorithms": ["ES256", "HS256"] } })),
        ["dpop-algorithm jwt/dpop/algorithms/1"]
    );
    assert_eq!(
        found(json!({ "dpop": { "maxAge": "11m" } })),
        ["dpop-age jwt/dpop/maxAge"]
    );
    assert_eq!(
        found(json!({ "dpop": { "replayTable": 5 } })),
        ["replay-table jwt/dpop/replayTable"]
    );
    assert_eq!(
        found(json!({ "senderConstrained": "off", "dpop": { "maxAge": "1m" } })),
        ["unused jwt/dpop"]
    );
}
