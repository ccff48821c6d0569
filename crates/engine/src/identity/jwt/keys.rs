//! The keys of an issuer, and the one place where a signature is verified.

use super::algorithm::scheme;
use super::token::Token;
use crate::config::Algorithm;
use crate::verdict::{Reason, Refusal};
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

/// The most keys that are tried for a token that names none.
const MAX_TRIES: usize = 8;

/// A key, bound to the algorithms that it may be used with.
pub(super) struct Key {
    /// Its `kid`.
    pub(super) kid: Option<String>,
    /// The provider's algorithms that fit it. Never empty.
    pub(super) algorithms: Vec<Algorithm>,
    /// The key itself.
    pub(super) material: DecodingKey,
}

/// The keys of one issuer.
pub(super) struct KeySet(pub(super) Vec<Key>);

/// Claims whose signature was verified: [`KeySet::verify`] is the only source.
pub(super) struct Verified<'a>(&'a Map<String, Value>);

impl<'a> Verified<'a> {
    /// The claims.
    pub(super) fn claims(&self) -> &'a Map<String, Value> {
        self.0
    }
}

impl KeySet {
    /// Verifies a token's signature with the key that its `kid` names; without a `kid`, with those that fit its algorithm.
    pub(super) fn verify<'a>(&self, token: &'a Token<'_>) -> Result<Verified<'a>, Refusal> {
        let algorithm = token
            .header
            .algorithm
            .ok_or_else(|| Refusal::at(Reason::JwtAlgorithm, "jose.alg"))?;
        let valid = self
            .candidates(algorithm, token.header.kid.as_deref())?
            .into_iter()
            .any(|key| key.signed(token.signing_input, token.signature, algorithm));
        if valid {
            Ok(Verified(&token.unverified))
        } else {
            Err(Refusal::new(Reason::JwtSignature))
        }
    }

    fn candidates(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<Vec<&Key>, Refusal> {
        let unknown = || Refusal::at(Reason::JwtKeyUnknown, "jose.kid");
        let Some(kid) = kid else {
            let fitting: Vec<&Key> = self
                .0
                .iter()
                .filter(|key| key.algorithms.contains(&algorithm))
                .take(MAX_TRIES)
                .collect();
            return if fitting.is_empty() {
                Err(unknown())
            } else {
                Ok(fitting)
            };
        };
        let key = self
            .0
            .iter()
            .find(|key| key.kid.as_deref() == Some(kid))
            .ok_or_else(unknown)?;
        if key.algorithms.contains(&algorithm) {
            Ok(vec![key])
        } else {
            Err(Refusal::at(Reason::JwtAlgorithm, "jose.alg")
                .expected("the algorithm of the key that `kid` names"))
        }
    }
}

impl Key {
    /// Whether this key made a signature. An error of the library is a signature that was not proven.
    pub(super) fn signed(&self, input: &str, signature: &str, algorithm: Algorithm) -> bool {
        jsonwebtoken::crypto::verify(
            signature,
            input.as_bytes(),
            &self.material,
            scheme(algorithm).native,
        )
        .unwrap_or(false)
    }
}
