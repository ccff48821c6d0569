use crate::config::Timestamp;
use crate::http::Target;
use crate::identity::testing::*;
use crate::identity::{Identity, Provider};
use crate::verdict::{Reason, Refusal};
use serde_json::{Value, json};

fn config(keys: Value) -> Value {
    json!({"apiKey": {"in": "header", "name": "x-api-key", "keys": keys}})
}

fn at(provider: &Provider, key: &str, micros: u64) -> Result<Identity, Refusal> {
    authenticate(
        &[provider],
        &head(&[("x-api-key", key)]),
        &Target::default(),
        Timestamp(micros),
    )
    .map(Option::unwrap)
}

#[track_caller]
fn refused(outcome: Result<Identity, Refusal>, reason: Reason) {
    let refusal = outcome.unwrap_err();
    assert_eq!(refusal.reason, reason);
    assert_eq!(refusal.at.as_deref(), Some("header.x-api-key"));
}

#[test]
fn validity_begins_with_its_first_moment_and_ends_before_its_last() {
    let provider = provider(
        "p",
        config(json!([{
            "id": "a",
            "sha256": sha256("k").to_uppercase(),
            "scopes": ["b", "a", "b"],
            "notBefore": "2026-01-01T00:00:00Z",
            "expires": "2026-02-01T00:00:00Z"
        }])),
    );
    let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap().0;
    let end = Timestamp::parse("2026-02-01T00:00:00Z").unwrap().0;
    refused(at(&provider, "k", start - 1), Reason::ApiKeyNotYetValid);
    assert_eq!(*at(&provider, "k", start).unwrap().scopes, ["a", "b"]);
    assert!(at(&provider, "k", end - 1).is_ok());
    refused(at(&provider, "k", end), Reason::ApiKeyExpired);
    refused(at(&provider, "K", start), Reason::ApiKeyUnknown);
}

#[test]
fn keys_of_one_id_overlap() {
    let provider = provider(
        "p",
        config(json!([
            {"id": "a", "sha256": sha256("old"), "expires": "2026-02-01T00:00:00Z"},
            {"id": "a", "sha256": sha256("new")},
        ])),
    );
    let before = Timestamp::parse("2026-01-31T00:00:00Z").unwrap().0;
    assert_eq!(&*at(&provider, "old", before).unwrap().subject, "a");
    assert_eq!(&*at(&provider, "new", before).unwrap().subject, "a");
    refused(
        at(&provider, "old", before + 86_400_000_000),
        Reason::ApiKeyExpired,
    );
}

#[test]
fn presented_keys_are_bounded() {
    let long = "x".repeat(512);
    let provider = provider("p", config(json!([{"id": "a", "sha256": sha256(&long)}])));
    assert!(at(&provider, &long, 0).is_ok());
    refused(
        at(&provider, &"x".repeat(513), 0),
        Reason::CredentialMalformed,
    );
    refused(at(&provider, "", 0), Reason::CredentialMalformed);
}

#[test]
fn the_right_key_is_found_among_many() {
    let names: Vec<String> = (0..1000).map(|n| format!("caller-{n}")).collect();
    let keys: Vec<Value> = names
        .iter()
        .map(|name| json!({"id": name, "sha256": sha256(&format!("key of {name}"))}))
        .collect();
    let provider = provider("p", config(keys.into()));
    for name in &names {
        let identity = at(&provider, &format!("key of {name}"), 0).unwrap();
        assert_eq!(*identity.subject, **name);
    }
}

#[test]
fn every_mistake_is_found_at_its_place() {
    let digest = sha256("k");
    let keys = json!([
        {"id": "", "sha256": digest},
        {"id": "b", "sha256": "not-a-digest"},
        {"id": "c", "sha256": digest.to_uppercase()},
        {"id": "d\n", "sha256": sha256("d"), "scopes": ["a", "b c", ""]},
        {"id": "e", "sha256": sha256("e"), "notBefore": "2026-01-01T00:00:00Z", "expires": "2026-01-01T00:00:00Z"},
        {"id": "f", "sha256": "zz".repeat(32)},
        {"id": "g", "sha256": format!("{digest}0")},
    ]);
    assert_eq!(
        problems(config(keys)),
        [
            "invalid-id apiKey/keys/0/id",
            "invalid-digest apiKey/keys/1/sha256",
            "duplicate-key apiKey/keys/2/sha256",
            "invalid-id apiKey/keys/3/id",
            "invalid-scope apiKey/keys/3/scopes/1",
            "invalid-scope apiKey/keys/3/scopes/2",
            "never-valid apiKey/keys/4/expires",
            "invalid-digest apiKey/keys/5/sha256",
            "invalid-digest apiKey/keys/6/sha256",
        ]
    );
}

#[test]
fn a_key_written_in_place_of_its_digest_is_not_shown() {
    let found = compile("p", config(json!([{"id": "a", "sha256": "live_51Hx"}]))).unwrap_err();
    assert!(!format!("{found:?}").contains("live_51Hx"));
}

#[test]
fn names_fit_their_place() {
    let place = |location: &str, name: &str| {
        problems(
            json!({"apiKey": {"in": location, "name": name, "keys": [{"id": "a", "sha256": sha256("k")}]}}),
        )
    };
    assert!(place("header", "X-Api-Key").is_empty());
    assert!(place("cookie", "sid").is_empty());
    assert_eq!(place("query", "key"), ["credential-in-query apiKey/in"]);
    for (location, name) in [
        ("header", ""),
        ("header", "x api"),
        ("header", ":path"),
        ("header", "Cookie"),
        ("cookie", "a=b"),
        ("cookie", ""),
        ("query", ""),
        ("query", "a b"),
        ("query", "schlüssel"),
    ] {
        assert_eq!(
            place(location, name).first().map(String::as_str),
            Some("invalid-name apiKey/name"),
            "{name}"
        );
    }
}

#[test]
fn a_provider_without_keys_is_doubtful() {
    assert_eq!(problems(config(json!([]))), ["no-keys apiKey/keys"]);
}
