//! What a signature algorithm's name stands for (RFC 7518 §3.1, RFC 8037 §3.1).

use crate::config::Algorithm;
use jsonwebtoken::Algorithm as Native;

/// The kind of key that an algorithm takes.
///
/// INVARIANT (no algorithm confusion): a key fits algorithms of its own family only, whatever a token's header says. An RSA
/// public key can never become an HMAC secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// `kty: RSA`.
    Rsa,
    /// `kty: EC`, `crv: P-256`.
    P256,
    /// `kty: EC`, `crv: P-384`.
    P384,
    /// `kty: OKP`, `crv: Ed25519`.
    Ed25519,
    /// `kty: oct`.
    Secret,
}

/// What an algorithm's name stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scheme {
    /// The name in token headers.
    pub(super) name: &'static str,
    /// The name in the library.
    pub(super) native: Native,
    /// The family of its keys.
    pub(super) family: Family,
    /// The length of its hash, in bytes: an HMAC secret must not be shorter (RFC 7518 §3.2).
    pub(super) hash: usize,
}

/// Every algorithm.
const ALL: [Algorithm; 12] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
];

/// The one table of algorithms.
pub(super) const fn scheme(algorithm: Algorithm) -> Scheme {
    let (name, native, family, hash) = match algorithm {
        Algorithm::RS256 => ("RS256", Native::RS256, Family::Rsa, 32),
        Algorithm::RS384 => ("RS384", Native::RS384, Family::Rsa, 48),
        Algorithm::RS512 => ("RS512", Native::RS512, Family::Rsa, 64),
        Algorithm::PS256 => ("PS256", Native::PS256, Family::Rsa, 32),
        Algorithm::PS384 => ("PS384", Native::PS384, Family::Rsa, 48),
        Algorithm::PS512 => ("PS512", Native::PS512, Family::Rsa, 64),
        Algorithm::ES256 => ("ES256", Native::ES256, Family::P256, 32),
        Algorithm::ES384 => ("ES384", Native::ES384, Family::P384, 48),
        Algorithm::EdDSA => ("EdDSA", Native::EdDSA, Family::Ed25519, 64),
        Algorithm::HS256 => ("HS256", Native::HS256, Family::Secret, 32),
        Algorithm::HS384 => ("HS384", Native::HS384, Family::Secret, 48),
        Algorithm::HS512 => ("HS512", Native::HS512, Family::Secret, 64),
    };
    Scheme {
        name,
        native,
        family,
        hash,
    }
}

/// The algorithm of a name in a token's header, compared exactly. `none` has none.
pub(super) fn from_name(name: &str) -> Option<Algorithm> {
    ALL.into_iter().find(|a| scheme(*a).name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_policy() {
        for algorithm in ALL {
            let name = scheme(algorithm).name;
            assert_eq!(serde_json::to_value(algorithm).unwrap(), name);
            assert_eq!(from_name(name), Some(algorithm));
        }
        for other in ["none", "None", "", "rs256", "RS256 ", "ES512", "ES256K"] {
            assert_eq!(from_name(other), None, "{other}");
        }
    }
}
