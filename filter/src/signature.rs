//! Signatures at native speed: a provider for `jsonwebtoken` that lets the proxy verify RSA (PKCS #1 v1.5) and ECDSA.
//!
//! Verifying in Wasm costs about ten times as much as in the proxy, which has BoringSSL at hand. What the proxy cannot do
//! (RSA-PSS, Ed25519, HMAC), and everything in a proxy without `verify_signature`, stays with RustCrypto.
//!
//! - `encode` brings keys and signatures into the forms that the proxy takes;
//! - `vectors` are signatures that show what a proxy can do, before a token depends on it.
//!
//! INVARIANT (same answer): an algorithm goes to the proxy only if the proxy accepted a good signature of it and refused a
//! wrong one. What has not the length of a JOSE signature is refused before any of the two sees it.

mod encode;
mod vectors;

use crate::host::{Envoy, Host};
use encode::{Curve, PublicKey, der_signature, ec_public_key, question, rsa_public_key};
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use std::sync::OnceLock;

/// What the proxy answers when a signature holds: `VerifySignatureResult { result: true }`, serialized.
const HOLDS: [u8; 2] = [0x08, 0x01];

/// What this proxy has proven to verify. A VM serves one proxy, so once is enough.
static PROVEN: OnceLock<Vec<Algorithm>> = OnceLock::new();
static PROVIDER: OnceLock<CryptoProvider> = OnceLock::new();

/// Lets the proxy verify what it verifies rightly, from here on and for the life of the VM, and logs what that is.
pub(crate) fn delegate() {
    if PROVEN.get().is_some() {
        return;
    }
    let proven = PROVEN.get_or_init(|| proven(Envoy));
    Envoy.log(log::Level::Info, &sentence(proven));
    // Where another provider were already at work, signatures would be verified by that one: slower, and as right.
    let _ = PROVIDER
        .get_or_init(|| CryptoProvider {
            signer_factory: DEFAULT_PROVIDER.signer_factory,
            verifier_factory: of_envoy,
            key_utils: DEFAULT_PROVIDER.key_utils.clone(),
        })
        .install_default();
}

fn sentence(proven: &[Algorithm]) -> String {
    if proven.is_empty() {
        return "meshward: this proxy verifies no signatures: RustCrypto does, which takes ten times as long"
            .to_owned();
    }
    let names: Vec<_> = proven.iter().map(|a| format!("{a:?}")).collect();
    format!(
        "meshward: the proxy verifies signatures of {}; RustCrypto those of all others",
        names.join(", ")
    )
}

fn of_envoy(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let native = PROVEN
        .get()
        .is_some_and(|proven| proven.contains(algorithm))
        .then(|| Delegated::new(Envoy, *algorithm, key))
        .flatten();
    match native {
        Some(verifier) => Ok(Box::new(verifier)),
        None => (DEFAULT_PROVIDER.verifier_factory)(algorithm, key),
    }
}

/// The algorithms of which a proxy accepts a good signature and refuses a wrong one.
fn proven<H: Host>(host: H) -> Vec<Algorithm> {
    vectors::all()
        .into_iter()
        .filter(|vector| {
            let key = vector.key();
            let answer = |text: &[u8]| {
                Delegated::new(host.clone(), vector.algorithm, &key)
                    .and_then(|verifier| verifier.ask(text, vector.signature))
            };
            answer(vectors::TEXT) == Some(true) && answer(vectors::OTHER_TEXT) == Some(false)
        })
        .map(|vector| vector.algorithm)
        .collect()
}

/// How the proxy must be asked about an algorithm.
#[derive(Debug, Clone, Copy)]
struct Scheme {
    /// The hash, by the proxy's name for it.
    hash: &'static str,
    /// The curve, of ECDSA.
    curve: Option<Curve>,
}

fn scheme(algorithm: Algorithm) -> Option<Scheme> {
    let (hash, curve) = match algorithm {
        Algorithm::RS256 => ("sha256", None),
        Algorithm::RS384 => ("sha384", None),
        Algorithm::RS512 => ("sha512", None),
        Algorithm::ES256 => ("sha256", Some(Curve::P256)),
        Algorithm::ES384 => ("sha384", Some(Curve::P384)),
        Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512
        | Algorithm::EdDSA
        | Algorithm::HS256
        | Algorithm::HS384
        | Algorithm::HS512
        | _ => return None,
    };
    Some(Scheme { hash, curve })
}

/// A key whose signatures the proxy verifies.
struct Delegated<H> {
    host: H,
    algorithm: Algorithm,
    scheme: Scheme,
    /// The library asks for a verifier for each token, and a verifier must own its key: to write the key out in this form costs no more
    /// than the copy.
    key: PublicKey,
}

impl<H: Host> Delegated<H> {
    /// `None` for an algorithm or a key that the proxy does not take.
    fn new(host: H, algorithm: Algorithm, key: &DecodingKey) -> Option<Self> {
        let scheme = scheme(algorithm)?;
        let public = match (key.family(), key.kind(), scheme.curve) {
            (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }, None) => {
                rsa_public_key(n, e)
            }
            (AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point), Some(curve)) => {
                ec_public_key(curve, point)
            }
            _ => None,
        }?;
        Some(Self {
            host,
            algorithm,
            scheme,
            key: public,
        })
    }

    /// Whether the signature, in the form of JOSE, holds; `None` when the proxy has no answer.
    fn ask(&self, text: &[u8], signature: &[u8]) -> Option<bool> {
        let Scheme { hash, curve } = self.scheme;
        let question = match curve {
            None => question(hash, &self.key.whole, signature, text),
            Some(curve) => {
                let Some(signature) = der_signature(curve, signature) else {
                    return Some(false);
                };
                question(hash, &self.key.whole, &signature, text)
            }
        };
        let answer = self.host.verify_signature(&question)?;
        Some(answer == HOLDS)
    }

    /// The key, as RustCrypto takes it.
    #[cold]
    fn own_key(&self) -> DecodingKey {
        match self.scheme.curve {
            None => DecodingKey::from_rsa_der(self.key.bare()),
            Some(_) => DecodingKey::from_ec_der(self.key.bare()),
        }
    }
}

impl<H: Host> Verifier<Vec<u8>> for Delegated<H> {
    fn verify(&self, text: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        match self.ask(text, signature) {
            Some(true) => Ok(()),
            Some(false) => Err(wrong(ErrorKind::InvalidSignature.into())),
            // Not for want of an answer: a good token would be taken for a forged one, and remembered as such.
            None => (DEFAULT_PROVIDER.verifier_factory)(&self.algorithm, &self.own_key())
                .map_err(wrong)?
                .verify(text, signature),
        }
    }
}

fn wrong(error: jsonwebtoken::errors::Error) -> Error {
    Error::from_source(error)
}

impl<H: Host> JwtVerifier for Delegated<H> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests;
