//! Policies and the files that they name.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data fails")]

use meshward_engine::config::{Document, IdentityProvider, Kind};
use meshward_openapi::bundle;
use serde_json::{Value, json};
use std::io;

const ORDERS: &str = "openapi: 3.1.0\ninfo: {}\npaths:\n  /a: {get: {responses: {}}}\n";

/// A policy with one JWT provider and one API.
fn policy(jwks: Value, api: Value) -> Document {
    serde_json::from_value(json!({
        "apiVersion": "meshward.dev/v1",
        "kind": "Policy",
        "metadata": { "name": "orders" },
        "identityProviders": {
            "a/b": { "jwt": { "issuer": "i", "audiences": ["a"], "algorithms": ["RS256"], "jwks": jwks } }
        },
        "apis": [api]
    }))
    .unwrap()
}

fn load(path: &str) -> io::Result<String> {
    Ok(match path {
        "orders.yaml" => ORDERS,
        "broken.yaml" => "openapi: [",
        "keys.jwks" => "{\"keys\": [{\"kty\": \"RSA\"}]}",
        "empty.json" => "{}",
        "list.json" => "{\"keys\": {}}",
        "twice.json" => "{\"keys\": [], \"keys\": []}",
        _ => return Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
    }
    .to_owned())
}

#[test]
fn files_are_read_into_the_bundle() {
    let policy = policy(
        json!({ "file": "keys.jwks" }),
        json!({ "name": "orders", "openapi": "orders.yaml" }),
    );
    let (bundle, warnings) = bundle(&policy, &mut load).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(bundle.kind, Kind::Bundle);
    assert!(bundle.apis[0].openapi.is_none());
    let description = bundle.apis[0].description.as_ref().unwrap();
    assert_eq!(description.source, "orders.yaml");
    assert_eq!(description.operations[0].at, "/paths/~1a/get");
    let IdentityProvider::Jwt(provider) = &bundle.identity_providers["a/b"] else {
        panic!("not a JWT provider");
    };
    assert!(provider.jwks.file.is_none());
    assert_eq!(
        provider.jwks.inline,
        Some(json!({ "keys": [{ "kty": "RSA" }] }))
    );
}

#[test]
fn what_is_wrong_names_its_place() {
    let cases = [
        (
            json!({ "file": "gone.json" }),
            "orders.yaml",
            "- /identityProviders/a~1b/jwt/jwks/file no-file",
        ),
        (
            json!({ "file": "keys.jwks", "inline": {} }),
            "orders.yaml",
            "- /identityProviders/a~1b/jwt/jwks two-key-sets",
        ),
        (
            json!({ "file": "empty.json" }),
            "orders.yaml",
            "empty.json  bad-key-set",
        ),
        (
            json!({ "file": "list.json" }),
            "orders.yaml",
            "list.json  bad-key-set",
        ),
        (
            json!({ "file": "twice.json" }),
            "orders.yaml",
            "twice.json  duplicate-key",
        ),
        (
            json!({ "inline": {} }),
            "gone.yaml",
            "- /apis/0/openapi no-file",
        ),
        (
            json!({ "inline": {} }),
            "broken.yaml",
            "broken.yaml  syntax",
        ),
    ];
    for (jwks, openapi, expected) in cases {
        let policy = policy(jwks, json!({ "name": "orders", "openapi": openapi }));
        let problems = bundle(&policy, &mut load).unwrap_err();
        let found: Vec<String> = problems
            .iter()
            .map(|p| format!("{} {} {}", p.file.as_deref().unwrap_or("-"), p.at, p.code))
            .collect();
        assert_eq!(found, [expected]);
    }
}
