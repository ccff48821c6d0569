//! The keys of an issuer, and the one place where a signature is verified.

use super::algorithm::scheme;
use super::token::Token;
use crate::config::{Algorithm, Timestamp};
use crate::identity::remote::RemoteKeys;
use crate::verdict::{Reason, Refusal};
use jsonwebtoken::{DecodingKey, DecodingKeyKind};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::Arc;

/// The most keys that are tried for a token that names none.
const MAX_TRIES: usize = 8;

/// Which key it is, or which set of keys: a digest of everything that decides what it verifies. Two that are equal verify the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KeyId([u8; 32]);

/// A key, bound to the algorithms that it may be used with.
pub(super) struct Key {
    pub(super) id: KeyId,
    /// Its `kid`.
    pub(super) kid: Option<String>,
    /// The provider's algorithms that fit it. Never empty.
    algorithms: Vec<Algorithm>,
    /// The key itself.
    material: DecodingKey,
}

/// The keys of one issuer.
pub(crate) struct KeySet {
    pub(super) keys: Vec<Key>,
    stamp: KeyId,
}

/// Where an issuer's keys come from.
pub(in crate::identity) enum Keys {
    /// They stand in the policy.
    Fixed(Arc<KeySet>),
    /// They are fetched.
    Remote(Arc<RemoteKeys>),
}

impl Keys {
    /// The keys that serve now. What was verified with another set is void where [`KeySet::stamp`] or [`KeySet::has`] says so.
    pub(in crate::identity) fn current(&self, now: Timestamp) -> Option<Arc<KeySet>> {
        match self {
            Self::Fixed(keys) => Some(Arc::clone(keys)),
            Self::Remote(keys) => keys.current(now),
        }
    }
}

/// Claims whose signature was verified: [`KeySet::verify`] is the only source.
pub(super) struct Verified<'a> {
    claims: &'a Arc<Map<String, Value>>,
    key: KeyId,
}

impl<'a> Verified<'a> {
    /// The claims.
    pub(super) fn claims(&self) -> &'a Arc<Map<String, Value>> {
        self.claims
    }

    /// The key that made the signature.
    pub(super) fn key(&self) -> KeyId {
        self.key
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeySet").field(&self.keys.len()).finish()
    }
}

impl KeySet {
    /// These keys.
    pub(super) fn new(keys: Vec<Key>) -> Self {
        let mut all = Sha256::new();
        for key in &keys {
            all.update(key.id.0);
        }
        let stamp = KeyId(all.finalize().into());
        Self { keys, stamp }
    }

    /// Tells this set of keys from others.
    pub(super) fn stamp(&self) -> KeyId {
        self.stamp
    }

    /// Whether a key belongs to the set.
    pub(super) fn has(&self, key: KeyId) -> bool {
        self.keys.iter().any(|own| own.id == key)
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is a key of this name.
    pub(crate) fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// Verifies a token's signature with the key that its `kid` names; without a `kid`, with those that fit its algorithm.
    pub(super) fn verify<'a>(&self, token: &'a Token<'_>) -> Result<Verified<'a>, Refusal> {
        let algorithm = token
            .header
            .algorithm
            .ok_or_else(|| Refusal::at(Reason::JwtAlgorithm, "jose.alg"))?;
        let signer = self
            .candidates(algorithm, token.header.kid.as_deref())?
            .into_iter()
            .find(|key| key.signed(token.signing_input, token.signature, algorithm))
            .ok_or_else(|| Refusal::new(Reason::JwtSignature))?;
        Ok(Verified {
            claims: &token.unverified,
            key: signer.id,
        })
    }

    fn candidates(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<Vec<&Key>, Refusal> {
        let unknown = || Refusal::at(Reason::JwtKeyUnknown, "jose.kid");
        let Some(kid) = kid else {
            let fitting: Vec<&Key> = self
                .keys
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
            .keys
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
    /// A key for at least one algorithm.
    pub(super) fn new(
        kid: Option<String>,
        algorithms: Vec<Algorithm>,
        material: DecodingKey,
    ) -> Self {
        let mut all = Sha256::new();
        let mut add = |part: &[u8]| {
            all.update(part.len().to_le_bytes());
            all.update(part);
        };
        add(&[u8::from(kid.is_some())]);
        add(kid.as_deref().unwrap_or_default().as_bytes());
        for algorithm in &algorithms {
            add(scheme(*algorithm).name.as_bytes());
        }
        match material.kind() {
            DecodingKeyKind::SecretOrDer(bytes) => add(bytes),
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                add(n);
                add(e);
            }
        }
        let id = KeyId(all.finalize().into());
        Self {
            id,
            kid,
            algorithms,
            material,
        }
    }

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
