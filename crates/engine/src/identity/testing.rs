//! Keys, tokens and requests for tests. The keys under `jwt/testdata` were made for tests and protect nothing.

use super::{Asked, Failure, Identity, Provider};
use crate::config::{IdentityProvider, Timestamp};
use crate::http::{Headers, RequestHead, Target};
use crate::problem::Problem;
use crate::verdict::{Reason, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// 2026-11-22T10:00:00Z, in seconds.
pub(super) const NOW: u64 = 1_795_341_600;

pub(super) const ISSUER: &str = "https://idp.example/realms/shop";

pub(super) fn now() -> Timestamp {
    Timestamp(NOW * 1_000_000)
}

/// A key that signs.
pub(super) struct TestKey {
    pub(super) algorithm: Algorithm,
    encoding: EncodingKey,
}

impl TestKey {
    pub(super) fn rsa(algorithm: Algorithm) -> Self {
        let der = include_bytes!("jwt/testdata/test-rsa2048-pkcs1.der");
        Self {
            algorithm,
            encoding: EncodingKey::from_rsa_der(der),
        }
    }

    pub(super) fn p256() -> Self {
        let der = include_bytes!("jwt/testdata/test-p256-pkcs8.der");
        Self {
            algorithm: Algorithm::ES256,
            encoding: EncodingKey::from_ec_der(der),
        }
    }

    pub(super) fn p384() -> Self {
        let der = include_bytes!("jwt/testdata/test-p384-pkcs8.der");
        Self {
            algorithm: Algorithm::ES384,
            encoding: EncodingKey::from_ec_der(der),
        }
    }

    pub(super) fn ed25519() -> Self {
        let der = include_bytes!("jwt/testdata/test-ed25519-pkcs8.der");
        Self {
            algorithm: Algorithm::EdDSA,
            encoding: EncodingKey::from_ed_der(der),
        }
    }

    pub(super) fn secret(algorithm: Algorithm, secret: &[u8]) -> Self {
        Self {
            algorithm,
            encoding: EncodingKey::from_secret(secret),
        }
    }

    /// The key as a JSON Web Key, with its `alg` and a `kid`.
    pub(super) fn jwk(&self, kid: &str) -> Value {
        let key = Jwk::from_encoding_key(&self.encoding, self.algorithm).unwrap();
        let mut jwk = serde_json::to_value(key).unwrap();
        jwk["kid"] = kid.into();
        jwk
    }

    pub(super) fn name(&self) -> String {
        format!("{:?}", self.algorithm)
    }

    /// Signs whatever the header says.
    pub(super) fn sign_raw(&self, header: &[u8], claims: &[u8]) -> String {
        let input = format!("{}.{}", base64(header), base64(claims));
        let signature =
            jsonwebtoken::crypto::sign(input.as_bytes(), &self.encoding, self.algorithm).unwrap();
        format!("{input}.{signature}")
    }

    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_raw(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    /// Signs with the key's own algorithm and no `kid`.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.sign(&json!({"alg": self.name()}), claims)
    }
}

pub(super) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Claims that hold, with some replaced; `null` removes one.
pub(super) fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER,
        "aud": "orders",
        "sub": "alice",
        "exp": NOW + 60,
        "iat": NOW - 60,
        "scope": "orders:write orders:read"
    });
    merge(&mut claims, changes);
    claims
}

fn merge(into: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(&name);
        } else {
            into[name] = value;
        }
    }
}

/// The policy of a token issuer with these keys, with some fields replaced; `null` removes one.
pub(super) fn jwt_config(algorithms: &[&str], keys: &[Value], changes: Value) -> Value {
    let mut jwt = json!({
        "issuer": ISSUER,
        "audiences": ["orders"],
        "algorithms": algorithms,
        "jwks": {"inline": {"keys": keys}}
    });
    merge(&mut jwt, changes);
    json!({ "jwt": jwt })
}

/// An issuer that has the P-256 key, named `k1`.
pub(super) fn issuer(changes: Value) -> Provider {
    provider(
        "corp",
        jwt_config(&["ES256"], &[TestKey::p256().jwk("k1")], changes),
    )
}

/// A provider of API keys, each given as `id` and key.
pub(super) fn key_ring(name: &str, location: &str, field: &str, keys: &[(&str, &str)]) -> Provider {
    let keys: Vec<Value> = keys
        .iter()
        .map(|(id, key)| json!({"id": id, "sha256": sha256(key)}))
        .collect();
    provider(
        name,
        json!({"apiKey": {
            "in": location, "name": field, "keys": keys, "allowInQuery": location == "query",
        }}),
    )
}

pub(super) fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(super) fn provider(name: &str, config: Value) -> Provider {
    match compile(name, config) {
        Ok((provider, _)) => provider,
        Err(problems) => panic!("{problems:?}"),
    }
}

pub(super) fn compile(name: &str, config: Value) -> Result<(Provider, Vec<Problem>), Vec<Problem>> {
    let config: IdentityProvider = serde_json::from_value(config).unwrap();
    Provider::compile(name, &format!("/identityProviders/{name}"), &config)
}

/// The code and place of every problem or warning, below the provider.
pub(super) fn problems(config: Value) -> Vec<String> {
    let found = match compile("p", config) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    for problem in &found {
        assert!(problem.hint.is_some(), "{problem:?} has no hint");
        assert!(!problem.message.ends_with('.'), "{problem:?}");
    }
    found
        .iter()
        .map(|p| {
            let place = p.at.strip_prefix("/identityProviders/p/").unwrap();
            format!("{} {place}", p.code)
        })
        .collect()
}

pub(super) fn head(fields: &[(&str, &str)]) -> RequestHead {
    RequestHead {
        headers: Headers::new(
            fields
                .iter()
                .map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec()))
                .collect(),
        ),
        ..RequestHead::default()
    }
}

pub(super) fn query(pairs: &[(&str, &str)]) -> Target {
    Target {
        query: pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        ..Target::default()
    }
}

/// Authenticates where no server must be asked.
pub(super) fn authenticate(
    accepted: &[&Provider],
    head: &RequestHead,
    target: &Target,
    now: Timestamp,
) -> Result<Option<Identity>, Refusal> {
    super::authenticate(accepted, head, target, &Asked::default(), now).map_err(|failure| {
        match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Pending(_) | Failure::Unavailable(_) => panic!("{failure:?}"),
        }
    })
}

/// Presents header fields to some providers.
pub(super) fn present(
    accepted: &[&Provider],
    fields: &[(&str, &str)],
) -> Result<Option<Identity>, Refusal> {
    authenticate(accepted, &head(fields), &Target::default(), now())
}

/// Presents a token at a moment, in microseconds.
pub(super) fn present_at(
    provider: &Provider,
    token: &str,
    micros: u64,
) -> Result<Identity, Refusal> {
    authenticate(
        &[provider],
        &head(&[("authorization", &format!("Bearer {token}"))]),
        &Target::default(),
        Timestamp(micros),
    )
    .map(Option::unwrap)
}

/// Presents a token.
pub(super) fn present_token(provider: &Provider, token: &str) -> Result<Identity, Refusal> {
    present_at(provider, token, NOW * 1_000_000)
}

/// Asserts that a token is refused for a reason at a place.
#[track_caller]
pub(super) fn refused(provider: &Provider, token: &str, reason: Reason, at: Option<&str>) {
    let refusal = present_token(provider, token).unwrap_err();
    assert_eq!(
        (refusal.reason, refusal.at.as_deref()),
        (reason, at),
        "{token}"
    );
}
