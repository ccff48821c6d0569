//! The demo's issuer of tokens, with the key in `envoy-config/demo-issuer`, and a forger who lacks it.

use crate::{clock, paths};
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.shop.example";
const KEY_ID: &str = "demo-1";

/// Signs tokens.
pub(super) struct Issuer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

/// What a token says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) subject: &'a str,
    pub(super) audience: &'a str,
    pub(super) scope: &'a str,
    /// Seconds from its issue to now; it lives half an hour.
    pub(super) age: u64,
}

/// How long tokens live, in seconds: the policies accept an hour at most.
const LIFETIME: u64 = 1800;

impl Issuer {
    /// Reads the demo's private key.
    pub(super) fn open() -> Result<Self> {
        let file = paths::root().join("envoy-config/demo-issuer/demo-only-private.pem");
        let pem = std::fs::read_to_string(&file)
            .with_context(|| format!("`{}` cannot be read", file.display()))?;
        Self::new(&pem).with_context(|| format!("`{}` is no P-256 key in PKCS #8", file.display()))
    }

    fn new(pem: &str) -> Result<Self> {
        let text: String = pem
            .lines()
            .skip_while(|line| !line.starts_with("-----BEGIN"))
            .skip(1)
            .take_while(|line| !line.starts_with("-----END"))
            .collect();
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &STANDARD.decode(text)?,
            &random,
        )
        .map_err(anyhow::Error::msg)?;
        Ok(Self { key, random })
    }

    /// A signed token.
    pub(super) fn sign(&self, token: Token<'_>) -> Result<String> {
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": KEY_ID });
        let text = format!("{}.{}", part(&head), part(&token.claims()));
        let signature = self
            .key
            .sign(&self.random, text.as_bytes())
            .map_err(|_| anyhow::anyhow!("a token cannot be signed"))?;
        Ok(format!(
            "{text}.{}",
            URL_SAFE_NO_PAD.encode(signature.as_ref())
        ))
    }
}

/// A token that says it needs no signature.
pub(super) fn unsigned(token: Token<'_>) -> String {
    let head = json!({ "alg": "none", "typ": "JWT" });
    format!("{}.{}.", part(&head), part(&token.claims()))
}

/// A signed token with other claims put into it.
pub(super) fn tampered(signed: &str, token: Token<'_>) -> String {
    let mut parts = signed.split('.');
    let (head, signature) = (
        parts.next().unwrap_or_default(),
        parts.next_back().unwrap_or_default(),
    );
    format!("{head}.{}.{signature}", part(&token.claims()))
}

impl Token<'_> {
    fn claims(self) -> Value {
        let issued = clock::unix_seconds().saturating_sub(self.age);
        json!({
            "iss": ISSUER,
            "sub": self.subject,
            "aud": self.audience,
            "scope": self.scope,
            "iat": issued,
            "exp": issued.saturating_add(LIFETIME),
        })
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, UnparsedPublicKey};

    const TOKEN: Token<'static> = Token {
        subject: "anna",
        audience: "orders",
        scope: "orders:read",
        age: 0,
    };

    #[test]
    fn the_key_set_of_the_policies_belongs_to_the_key() {
        let issuer = Issuer::open().unwrap();
        let file = paths::root().join("envoy-config/demo-issuer/jwks.json");
        let set: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let jwk = &set["keys"][0];
        let mut point = vec![4];
        for name in ["x", "y"] {
            point.extend(URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap());
        }
        assert_eq!(jwk["kid"], KEY_ID);
        assert_eq!(issuer.key.public_key().as_ref(), point);
    }

    #[test]
    fn signed_verifies_and_tampered_does_not() {
        let issuer = Issuer::open().unwrap();
        let verifies = |token: &str| {
            let (text, signature) = token.rsplit_once('.').unwrap();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, issuer.key.public_key().as_ref())
                .verify(text.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
                .is_ok()
        };
        let signed = issuer.sign(TOKEN).unwrap();
        let raised = Token {
            scope: "orders:admin",
            ..TOKEN
        };
        assert!(verifies(&signed));
        assert!(!verifies(&tampered(&signed, raised)));
        assert!(unsigned(TOKEN).ends_with('.'));
    }
}
