//! The numbers in a JSON Web Key (RFC 7518 §6, RFC 8037 §2), checked before the library sees them.

use super::algorithm::{Family, scheme};
use crate::config::Algorithm;
use crate::problem::{Problem, pointer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use serde_json::{Map, Value};

/// In bits: what NIST SP 800-131A asks for, and RFC 7518 §3.3.
const MIN_MODULUS: usize = 2048;
/// In bits: the library's bound. A larger key would make every token cost more than it proves.
const MAX_MODULUS: usize = 4096;
/// In bits: the library's bound on the public exponent.
const MAX_EXPONENT: usize = 33;

/// Reads the material of the key at the JSON pointer `at`, which will be used with `algorithms`.
pub(super) fn read(
    at: &str,
    members: &Map<String, Value>,
    family: Family,
    algorithms: &[Algorithm],
) -> Result<DecodingKey, Vec<Problem>> {
    let source = Source { at, members };
    let key = match family {
        Family::Rsa => source.rsa(),
        Family::P256 => source.curve_point(32),
        Family::P384 => source.curve_point(48),
        Family::Ed25519 => source.ed25519(),
        Family::Secret => source.secret(algorithms),
    }?;
    // The library checks points when it makes a verifier: a point off its curve must be found here, not by the first token.
    for algorithm in algorithms {
        if (DEFAULT_PROVIDER.verifier_factory)(&scheme(*algorithm).native, &key).is_err() {
            return Err(source.off_curve());
        }
    }
    Ok(key)
}

struct Source<'a> {
    at: &'a str,
    members: &'a Map<String, Value>,
}

impl Source<'_> {
    fn problem(&self, code: &'static str, member: &str, message: String) -> Vec<Problem> {
        vec![
            Problem::error(code, pointer(self.at, member), message)
                .hint("copy the key again from the issuer, or ask it for a new one"),
        ]
    }

    fn off_curve(&self) -> Vec<Problem> {
        self.problem(
            "malformed-key",
            "x",
            "the coordinates are not those of a point on the curve".to_owned(),
        )
    }

    fn bytes(&self, member: &str) -> Result<Vec<u8>, Vec<Problem>> {
        self.members
            .get(member)
            .and_then(Value::as_str)
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .filter(|bytes| !bytes.is_empty())
            .ok_or_else(|| {
                self.problem(
                    "malformed-key",
                    member,
                    format!("`{member}` must be a string in base64url without padding"),
                )
            })
    }

    fn sized(&self, member: &str, length: usize) -> Result<Vec<u8>, Vec<Problem>> {
        let bytes = self.bytes(member)?;
        if bytes.len() == length {
            Ok(bytes)
        } else {
            Err(self.problem(
                "malformed-key",
                member,
                format!(
                    "`{member}` must have {length} bytes for this curve, and has {}",
                    bytes.len()
                ),
            ))
        }
    }

    fn rsa(&self) -> Result<DecodingKey, Vec<Problem>> {
        let (n, e) = both(self.bytes("n"), self.bytes("e"))?;
        let (modulus, exponent) = (Natural::new(&n), Natural::new(&e));
        let bits = modulus.bits();
        if bits < MIN_MODULUS {
            return Err(self.problem(
                "weak-key",
                "n",
                format!("the RSA key has {bits} bits, and needs at least {MIN_MODULUS}"),
            ));
        }
        if bits > MAX_MODULUS {
            return Err(self.problem(
                "unsupported-key",
                "n",
                format!("the RSA key has {bits} bits; at most {MAX_MODULUS} are supported"),
            ));
        }
        if !modulus.is_odd() {
            return Err(self.problem("malformed-key", "n", "an RSA modulus is odd".to_owned()));
        }
        // With the exponent 1, every message is its own signature.
        if !exponent.is_odd() || !(2..=MAX_EXPONENT).contains(&exponent.bits()) {
            return Err(self.problem(
                "weak-key",
                "e",
                format!("an RSA exponent is odd, at least 3, and has at most {MAX_EXPONENT} bits"),
            ));
        }
        Ok(DecodingKey::from_rsa_raw_components(modulus.0, exponent.0))
    }

    fn curve_point(&self, length: usize) -> Result<DecodingKey, Vec<Problem>> {
        let (x, y) = both(self.sized("x", length), self.sized("y", length))?;
        // Uncompressed (SEC 1 §2.3.3).
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        Ok(DecodingKey::from_ec_der(&point))
    }

    fn ed25519(&self) -> Result<DecodingKey, Vec<Problem>> {
        // INVARIANT (no panic in the library): it takes the first 32 bytes without looking whether there are as many.
        let x = self.sized("x", 32)?;
        let point = <[u8; 32]>::try_from(x.as_slice())
            .ok()
            .and_then(|x| VerifyingKey::from_bytes(&x).ok())
            .ok_or_else(|| self.off_curve())?;
        // Anybody can sign for such a point, and a key of zeros, left as a placeholder, is one.
        if point.is_weak() {
            return Err(self.problem(
                "weak-key",
                "x",
                "the key is a point of small order, for which anybody can sign".to_owned(),
            ));
        }
        Ok(DecodingKey::from_ed_der(&x))
    }

    fn secret(&self, algorithms: &[Algorithm]) -> Result<DecodingKey, Vec<Problem>> {
        let secret = self.bytes("k")?;
        for algorithm in algorithms {
            let scheme = scheme(*algorithm);
            if secret.len() < scheme.hash {
                return Err(vec![
                    Problem::error(
                        "weak-key",
                        pointer(self.at, "k"),
                        format!(
                            "the secret has {} bytes, and {} needs at least {}",
                            secret.len(),
                            scheme.name,
                            scheme.hash
                        ),
                    )
                    .hint("use a longer secret, or bind this one to a shorter hash with `alg`"),
                ]);
            }
        }
        Ok(DecodingKey::from_secret(&secret))
    }
}

/// A natural number in big-endian bytes, without leading zeros (RFC 7518 forbids them, and some issuers send one).
struct Natural<'a>(&'a [u8]);

impl<'a> Natural<'a> {
    fn new(mut bytes: &'a [u8]) -> Self {
        while let Some((0, rest)) = bytes.split_first() {
            bytes = rest;
        }
        Self(bytes)
    }

    fn bits(&self) -> usize {
        self.0.split_first().map_or(0, |(first, rest)| {
            let unused = usize::try_from(first.leading_zeros()).unwrap_or(0);
            rest.len() * 8 + 8 - unused
        })
    }

    fn is_odd(&self) -> bool {
        self.0.last().is_some_and(|last| last % 2 == 1)
    }
}

/// Both values, or the problems of both.
fn both<T>(a: Result<T, Vec<Problem>>, b: Result<T, Vec<Problem>>) -> Result<(T, T), Vec<Problem>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(mut a), Err(b)) => {
            a.extend(b);
            Err(a)
        }
        (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(problems),
    }
}
