//! Tokens: one that is always the same, and as many as wanted that nobody has seen.
//!
//! The keys in `xtask/bench` are public; they sign what the bench's own Envoys read, and nothing else.

use super::case::Algorithm;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) const ISSUER: &str = "https://issuer.bench";
pub(super) const AUDIENCE: &str = "shop";
pub(super) const SCOPE: &str = "orders";

/// What every caller owns: the order that every GET is for.
pub(crate) const ORDER: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// 2100-01-01: the request is the same in every run.
const EXPIRES: u64 = 4_102_444_800;

/// Signs.
struct Signer {
    rsa: RsaKeyPair,
    ecdsa: EcdsaKeyPair,
    random: SystemRandom,
}

/// Tokens, new ones in every round.
pub(super) struct Supply {
    signer: Signer,
    dir: PathBuf,
    next: u64,
    subjects: u64,
    files: BTreeMap<Algorithm, (PathBuf, u64)>,
}

/// The issuer's public keys.
pub(crate) fn jwks() -> Result<Value> {
    let signer = Signer::new()?;
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let rsa = PublicKeyComponents::<Vec<u8>>::from(signer.rsa.public());
    let point = signer.ecdsa.public_key().as_ref();
    let (x, y) = point
        .split_first()
        .and_then(|(_, xy)| xy.split_at_checked(32))
        .context("the public key has an unknown form")?;
    Ok(json!({ "keys": [
        {
            "kty": "RSA", "kid": "rs256", "use": "sig", "alg": "RS256",
            "n": text(&rsa.n),
            "e": text(&rsa.e),
        },
        { "kty": "EC", "crv": "P-256", "kid": "es256", "use": "sig", "alg": "ES256", "x": text(x), "y": text(y) },
    ]}))
}

/// The token of every request that has always the same.
pub(crate) fn seen() -> Result<String> {
    Signer::new()?.token(Algorithm::Rs256, "bench-0", "always-the-same")
}

/// The question whether the signature of [`seen`] holds, as the proxy's `verify_signature` takes it, in hexadecimal digits:
/// `VerifySignatureArguments { hash_function, public_key, signature, text }`, with the key as `SubjectPublicKeyInfo`.
pub(super) fn question() -> Result<String> {
    let signer = Signer::new()?;
    let token = signer.token(Algorithm::Rs256, "bench-0", "always-the-same")?;
    let (text, signature) = token.rsplit_once('.').context("a token has three parts")?;
    let signature = URL_SAFE_NO_PAD.decode(signature)?;
    // `AlgorithmIdentifier { rsaEncryption, NULL }` (RFC 3279).
    let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let bits = [&[0], signer.rsa.public().as_ref()].concat();
    let key = element(0x30, &[&algorithm[..], &element(0x03, &bits)?].concat())?;
    let mut question = Vec::new();
    for (tag, value) in [
        (0x0a, &b"sha256"[..]),
        (0x12, &key),
        (0x1a, &signature),
        (0x22, text.as_bytes()),
    ] {
        let length = value.len();
        // Varints of one byte or two: nothing here is longer.
        question.push(tag);
        if length < 0x80 {
            question.push(u8::try_from(length)?);
        } else {
            question.extend([
                u8::try_from(length & 0x7f)? | 0x80,
                u8::try_from(length >> 7)?,
            ]);
        }
        question.extend(value);
    }
    Ok(question.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// An element of DER, of at most 65,535 bytes.
fn element(tag: u8, content: &[u8]) -> Result<Vec<u8>> {
    let [high, low] = u16::try_from(content.len())?.to_be_bytes();
    Ok([&[tag, 0x82, high, low], content].concat())
}

impl Supply {
    /// Starts with nothing handed out. The tokens will be of so many callers.
    pub(super) fn new(dir: &Path, subjects: u64) -> Result<Self> {
        Ok(Self {
            signer: Signer::new()?,
            dir: dir.to_path_buf(),
            next: 0,
            subjects: subjects.max(1),
            files: BTreeMap::new(),
        })
    }

    /// What was handed out is old from here on.
    pub(super) fn next_round(&mut self) {
        self.files.clear();
    }

    /// A file of at least `count` tokens that were not there in earlier rounds, one a line, and their number.
    /// Within a round it is always the same file: other Envoys have not seen its tokens either.
    pub(super) fn hand_out(&mut self, algorithm: Algorithm, count: u64) -> Result<(PathBuf, u64)> {
        if let Some((file, there)) = self.files.get(&algorithm)
            && *there >= count
        {
            return Ok((file.clone(), *there));
        }
        let mut text = String::new();
        for number in self.next..self.next.saturating_add(count) {
            let subject = format!("bench-{}", number % self.subjects);
            let id = format!("{number:08}");
            writeln!(text, "{}", self.signer.token(algorithm, &subject, &id)?)?;
        }
        self.next = self.next.saturating_add(count);
        let file = self.dir.join(format!("tokens-{algorithm:?}.txt"));
        fs::write(&file, text)
            .with_context(|| format!("`{}` cannot be written", file.display()))?;
        self.files.insert(algorithm, (file.clone(), count));
        Ok((file, count))
    }
}

impl Signer {
    fn new() -> Result<Self> {
        let random = SystemRandom::new();
        let rsa = RsaKeyPair::from_pkcs8(&der(include_str!("../../bench/issuer-rs256.pem"))?);
        let ecdsa = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &der(include_str!("../../bench/issuer-es256.pem"))?,
            &random,
        );
        Ok(Self {
            rsa: rsa
                .map_err(anyhow::Error::msg)
                .context("the bench's RSA key")?,
            ecdsa: ecdsa
                .map_err(anyhow::Error::msg)
                .context("the bench's EC key")?,
            random,
        })
    }

    fn token(&self, algorithm: Algorithm, subject: &str, id: &str) -> Result<String> {
        let (alg, kid) = match algorithm {
            Algorithm::Rs256 => ("RS256", "rs256"),
            Algorithm::Es256 => ("ES256", "es256"),
        };
        let head = json!({ "alg": alg, "typ": "JWT", "kid": kid });
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "scope": SCOPE, "exp": EXPIRES, "jti": id, "orders": [ORDER],
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature = self.sign(algorithm, signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, algorithm: Algorithm, text: &[u8]) -> Result<Vec<u8>> {
        let wrong = |_| anyhow::anyhow!("a token cannot be signed");
        match algorithm {
            Algorithm::Rs256 => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa
                    .sign(&RSA_PKCS1_SHA256, &self.random, text, &mut signature)
                    .map_err(wrong)?;
                Ok(signature)
            }
            Algorithm::Es256 => Ok(self
                .ecdsa
                .sign(&self.random, text)
                .map_err(wrong)?
                .as_ref()
                .to_vec()),
        }
    }
}

/// The content of a PEM file.
fn der(pem: &str) -> Result<Vec<u8>> {
    let text: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    STANDARD
        .decode(text)
        .context("a key of the bench is not PEM")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_three_parts_and_its_own_id() {
        let signer = Signer::new().unwrap();
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let (a, b) = (
                signer.token(algorithm, "s", "a").unwrap(),
                signer.token(algorithm, "s", "b").unwrap(),
            );
            assert_eq!(a.split('.').count(), 3);
            assert_ne!(a, b);
        }
        assert_eq!(jwks().unwrap()["keys"].as_array().unwrap().len(), 2);
    }
}
