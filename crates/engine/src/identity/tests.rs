use super::testing::authenticate;
use super::testing::*;
use super::*;
use crate::http::Target;
use crate::verdict::{Reason, Refusal};
use serde_json::json;

fn corp() -> Provider {
    issuer(json!({}))
}

fn partners() -> Provider {
    key_ring("partners", "header", "X-Api-Key", &[("acme", "secret-1")])
}

fn bearer() -> String {
    format!("Bearer {}", TestKey::p256().token(&claims(json!({}))))
}

fn reason(outcome: Result<Option<Identity>, Refusal>) -> Reason {
    outcome.unwrap_err().reason
}

#[test]
fn without_a_credential_nobody_calls() {
    let (corp, partners) = (corp(), partners());
    assert_eq!(present(&[], &[("authorization", "Basic dTpw")]), Ok(None));
    assert_eq!(present(&[&corp, &partners], &[("accept", "*/*")]), Ok(None));
}

#[test]
fn a_token_gives_an_identity() {
    let (corp, partners) = (corp(), partners());
    let identity = present(&[&partners, &corp], &[("Authorization", &bearer())])
        .unwrap()
        .unwrap();
    assert_eq!(&*identity.provider, "corp");
    assert_eq!(&*identity.subject, "alice");
    assert_eq!(*identity.scopes, ["orders:read", "orders:write"]);
    assert!(identity.scopes.iter().any(|s| s == "orders:read"));
    assert_eq!(
        serde_json::Value::Object((*identity.claims).clone()),
        claims(json!({}))
    );
    assert_eq!(
        credential_changes(&identity),
        [Strip::Header("authorization".to_owned())]
    );
}

#[test]
fn a_key_gives_an_identity() {
    let (corp, partners) = (corp(), partners());
    let identity = present(&[&corp, &partners], &[("X-API-KEY", " secret-1\t")])
        .unwrap()
        .unwrap();
    assert_eq!(
        (&*identity.provider, &*identity.subject),
        ("partners", "acme")
    );
    assert!(identity.claims.is_empty() && identity.scopes.is_empty());
    assert_eq!(
        credential_changes(&identity),
        [Strip::Header("x-api-key".to_owned())]
    );
}

#[test]
fn keys_are_found_in_query_and_cookie() {
    let inquery = key_ring("q", "query", "Key", &[("a", "k1")]);
    let incookie = key_ring("c", "cookie", "sid", &[("b", "k2")]);
    let both = [&inquery, &incookie];
    let identity = authenticate(
        &both,
        &head(&[]),
        &query(&[("Key", "k1"), ("key", "x")]),
        now(),
    )
    .unwrap()
    .unwrap();
    assert_eq!(&*identity.subject, "a");
    assert_eq!(
        credential_changes(&identity),
        [Strip::Query("Key".to_owned())]
    );

    let identity = present(&both, &[("cookie", "a=b; sid=k2"), ("cookie", "c=d")])
        .unwrap()
        .unwrap();
    assert_eq!(&*identity.subject, "b");
    assert_eq!(
        credential_changes(&identity),
        [Strip::Cookie("sid".to_owned())]
    );
    assert_eq!(
        crate::http::cookie::without(b"a=b; sid=k2", "sid"),
        Some(b"a=b".to_vec())
    );
}

#[test]
fn two_credentials_are_a_conflict_even_when_both_are_right() {
    let (corp, partners) = (corp(), partners());
    let all = [&corp, &partners];
    let bearer = bearer();
    for fields in [
        vec![
            ("authorization", bearer.as_str()),
            ("x-api-key", "secret-1"),
        ],
        vec![("authorization", "Basic dTpw"), ("x-api-key", "secret-1")],
        vec![("authorization", &bearer), ("authorization", &bearer)],
        vec![("x-api-key", "secret-1"), ("x-api-key", "secret-1")],
        vec![("x-api-key", "secret-1"), ("x-api-key", "")],
    ] {
        assert_eq!(reason(present(&all, &fields)), Reason::CredentialConflict);
    }
    let inquery = key_ring("q", "query", "key", &[("a", "k1")]);
    let target = query(&[("key", "k1"), ("key", "k1")]);
    assert_eq!(
        reason(authenticate(&[&inquery], &head(&[]), &target, now())),
        Reason::CredentialConflict
    );
    let incookie = key_ring("c", "cookie", "key", &[("a", "k1")]);
    for fields in [
        vec![("cookie", "key=k1; key=k1")],
        vec![("cookie", "key=k1"), ("cookie", "key=k1")],
    ] {
        assert_eq!(
            reason(present(&[&incookie], &fields)),
            Reason::CredentialConflict
        );
    }
}

#[test]
fn what_no_accepted_provider_reads_is_ignored() {
    let (corp, partners) = (corp(), partners());
    let fields = [("authorization", "Basic dTpw"), ("x-api-key", "secret-1")];
    assert!(present(&[&partners], &fields).unwrap().is_some());
    let bearer = bearer();
    let fields = [("authorization", bearer.as_str()), ("x-api-key", "wrong")];
    assert!(present(&[&corp], &fields).unwrap().is_some());
}

#[test]
fn another_scheme_is_no_token() {
    let corp = corp();
    for value in ["Digest dTpw", "", "Bearer", "Bearer a b"] {
        let outcome = present(&[&corp], &[("authorization", value)]);
        assert_eq!(reason(outcome), Reason::CredentialMalformed, "{value}");
    }
}

#[test]
fn the_authorization_header_can_carry_keys_as_well() {
    let corp = corp();
    let keys = key_ring("k", "header", "Authorization", &[("a", "ApiKey abc")]);
    let both = [&corp, &keys];
    let subject = |value: &str| {
        let identity = present(&both, &[("authorization", value)]);
        identity.map(|i| i.unwrap().subject)
    };
    assert_eq!(&*subject("ApiKey abc").unwrap(), "a");
    assert_eq!(&*subject(&bearer()).unwrap(), "alice");
    assert_eq!(
        subject("ApiKey abd").unwrap_err().reason,
        Reason::ApiKeyUnknown
    );
    assert_eq!(
        subject("bearer x").unwrap_err().reason,
        Reason::JwtMalformed
    );
}

#[test]
fn the_issuer_picks_the_provider_and_the_provider_verifies() {
    let rsa = TestKey::rsa(jsonwebtoken::Algorithm::RS256);
    let other = provider(
        "other",
        jwt_config(
            &["RS256"],
            &[rsa.jwk("k1")],
            json!({"issuer": "https://other.example"}),
        ),
    );
    let corp = corp();
    let both = [&corp, &other];
    let outcome = |token: String| present(&both, &[("authorization", &format!("Bearer {token}"))]);

    let theirs = claims(json!({"iss": "https://other.example"}));
    assert_eq!(
        &*outcome(rsa.token(&theirs)).unwrap().unwrap().provider,
        "other"
    );
    // Signed by one, claiming to be from the other.
    assert_eq!(
        reason(outcome(rsa.token(&claims(json!({}))))),
        Reason::JwtAlgorithm
    );
    assert_eq!(
        reason(outcome(TestKey::p256().token(&theirs))),
        Reason::JwtAlgorithm
    );
    let nobodys = claims(json!({"iss": "https://idp.example/realms/shop/"}));
    assert_eq!(
        reason(outcome(TestKey::p256().token(&nobodys))),
        Reason::JwtIssuer
    );
}

#[test]
fn providers_of_one_issuer_are_tried_in_turn() {
    let orders = issuer(json!({}));
    let invoices = issuer(json!({"audiences": ["invoices"]}));
    let fields = [("authorization", bearer())];
    let fields = [(fields[0].0, fields[0].1.as_str())];
    assert!(present(&[&invoices, &orders], &fields).unwrap().is_some());
    // The refusal is that of the provider that came furthest.
    let short = issuer(json!({"maxLifetime": "1s"}));
    assert_eq!(
        reason(present(&[&short, &invoices], &fields)),
        Reason::JwtLifetime
    );
    assert_eq!(
        reason(present(&[&invoices, &short], &fields)),
        Reason::JwtLifetime
    );
}

#[test]
fn every_provider_of_a_place_is_looked_at() {
    let one = key_ring("one", "header", "x-api-key", &[("a", "k1")]);
    let two = key_ring("two", "header", "X-Api-Key", &[("b", "k2")]);
    let outcome = |key: &str| present(&[&one, &two], &[("x-api-key", key)]);
    assert_eq!(&*outcome("k1").unwrap().unwrap().provider, "one");
    assert_eq!(&*outcome("k2").unwrap().unwrap().provider, "two");
    assert_eq!(reason(outcome("k3")), Reason::ApiKeyUnknown);
}

#[test]
fn challenges_say_what_could_be_sent() {
    let (corp, partners) = (corp(), partners());
    let again = issuer(json!({"issuer": "https://other.example"}));
    let all = [&corp, &partners, &again];
    let key = "ApiKey realm=\"api\", in=\"header\", name=\"x-api-key\"";
    let missing = Refusal::new(Reason::CredentialMissing);
    for refusal in [None, Some(&missing)] {
        assert_eq!(challenges(&all, refusal), ["Bearer realm=\"api\"", key]);
    }
    let expired = Refusal::new(Reason::JwtExpired);
    assert_eq!(
        challenges(&all, Some(&expired)),
        ["Bearer realm=\"api\", error=\"invalid_token\"", key]
    );
    let scope = Refusal::new(Reason::ScopeMissing);
    assert_eq!(
        challenges(&[&corp], Some(&scope)),
        ["Bearer realm=\"api\", error=\"insufficient_scope\""]
    );
    let quoted = key_ring("q", "query", "a\"b\\c", &[]);
    assert_eq!(
        challenges(&[&quoted], None),
        [r#"ApiKey realm="api", in="query", name="a\"b\\c""#]
    );
    assert!(challenges(&[], None).is_empty());
}

#[test]
fn debug_prints_hold_no_secret() {
    let secret = "0123456789abcdef0123456789abcdef";
    let hmac = TestKey::secret(jsonwebtoken::Algorithm::HS256, secret.as_bytes());
    let tokens = provider("t", jwt_config(&["HS256"], &[hmac.jwk("k1")], json!({})));
    let partners = partners();
    let identity = present_token(
        &tokens,
        &hmac.token(&claims(json!({"email": "alice@example.com"}))),
    )
    .unwrap();
    let printed = format!("{tokens:?} {partners:?} {identity:?}");
    let digest = sha256("secret-1");
    for hidden in [
        secret,
        &base64(secret),
        "secret-1",
        &digest,
        "alice@example.com",
    ] {
        assert!(!printed.contains(hidden), "{printed}");
    }
    assert!(printed.contains("alice") && printed.contains("partners"));
}

#[test]
fn targets_without_query_have_no_keys() {
    let inquery = key_ring("q", "query", "key", &[("a", "k1")]);
    let fields = head(&[("key", "k1"), ("cookie", "key=k1")]);
    assert_eq!(
        authenticate(&[&inquery], &fields, &Target::default(), now()),
        Ok(None)
    );
}
