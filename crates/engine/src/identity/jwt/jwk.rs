//! One JSON Web Key (RFC 7517 §4) to a key that verifies.
//!
//! Issuers publish keys for other purposes in the same set, such as encryption: those are left out with a warning. A key that
//! is meant for signatures and cannot be used, or that should never have been published, is an error.

use super::algorithm::{self, Family, scheme};
use super::keys::Key;
use super::material;
use crate::config::Algorithm;
use crate::problem::{Problem, pointer};
use serde_json::{Map, Value};

/// What became of a key.
pub(super) enum Read {
    /// It verifies.
    Key(Key),
    /// It is for another purpose.
    Ignored(Problem),
    /// It cannot be used.
    Wrong(Vec<Problem>),
}

/// The members that only a private key has (RFC 7518 §6.2.2, §6.3.2), and the one that only a secret has (§6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

const COPY_AGAIN: &str = "copy the key again from the issuer (RFC 7517 §4)";

/// Reads the key at the JSON pointer `at`. It is bound to those of the accepted algorithms that fit it.
pub(super) fn read(at: &str, entry: &Value, accepted: &[Algorithm]) -> Read {
    let Some(members) = entry.as_object() else {
        return Read::Wrong(vec![
            Problem::error("malformed-key", at, "a key must be an object").hint(COPY_AGAIN),
        ]);
    };
    let jwk = Jwk { at, members };
    let checked = jwk
        .check_public()
        .and_then(|()| jwk.purpose())
        .and_then(|other| match other {
            Some(ignored) => Ok(Read::Ignored(ignored)),
            None => jwk.key(accepted),
        });
    checked.unwrap_or_else(Read::Wrong)
}

struct Jwk<'a> {
    at: &'a str,
    members: &'a Map<String, Value>,
}

impl<'a> Jwk<'a> {
    fn error(&self, code: &'static str, member: &str, message: impl Into<String>) -> Problem {
        Problem::error(code, pointer(self.at, member), message)
    }

    fn text(&self, member: &str) -> Result<Option<&'a str>, Vec<Problem>> {
        self.members
            .get(member)
            .map(|value| {
                value.as_str().ok_or_else(|| {
                    vec![
                        self.error(
                            "malformed-key",
                            member,
                            format!("`{member}` must be a string"),
                        )
                        .hint(COPY_AGAIN),
                    ]
                })
            })
            .transpose()
    }

    /// A policy is copied and logged in many places: a private key in it is a leaked key.
    fn check_public(&self) -> Result<(), Vec<Problem>> {
        if self.text("kty")? == Some("oct") {
            return Ok(());
        }
        let found: Vec<Problem> = PRIVATE
            .iter()
            .filter(|member| self.members.contains_key(**member))
            .map(|member| {
                self.error("private-key", member, "this is a private key; only its public half belongs into a policy")
                    .hint("replace the key pair, because it is known now, and publish `kty` and the public members alone")
            })
            .collect();
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// A warning when the key says that it is not for verifying signatures.
    fn purpose(&self) -> Result<Option<Problem>, Vec<Problem>> {
        let ignored = |member: &str, why: String| {
            Problem::warning("key-ignored", pointer(self.at, member), why)
                .hint("nothing to do, unless tokens are signed with this key")
        };
        if let Some(other) = self.text("use")?.filter(|u| *u != "sig") {
            let why = format!(
                "the key is for `{}`, not for signatures: it is left out",
                other.escape_debug()
            );
            return Ok(Some(ignored("use", why)));
        }
        let Some(operations) = self.members.get("key_ops") else {
            return Ok(None);
        };
        let Some(operations) = operations
            .as_array()
            .filter(|o| o.iter().all(Value::is_string))
        else {
            return Err(vec![
                self.error(
                    "malformed-key",
                    "key_ops",
                    "`key_ops` must be a list of strings",
                )
                .hint(COPY_AGAIN),
            ]);
        };
        if operations.iter().any(|o| o == "verify") {
            return Ok(None);
        }
        let why = "the key is not for `verify`: it is left out".to_owned();
        Ok(Some(ignored("key_ops", why)))
    }

    fn key(&self, accepted: &[Algorithm]) -> Result<Read, Vec<Problem>> {
        let kid = self.text("kid")?.map(str::to_owned);
        let family = self.family()?;
        let own = self.own_algorithm(family)?;
        let algorithms: Vec<Algorithm> = accepted
            .iter()
            .copied()
            .filter(|a| scheme(*a).family == family && own.is_none_or(|own| own == *a))
            .collect();
        if algorithms.is_empty() {
            return self.not_accepted(family, own);
        }
        let material = material::read(self.at, self.members, family, &algorithms)?;
        Ok(Read::Key(Key::new(kid, algorithms, material)))
    }

    fn family(&self) -> Result<Family, Vec<Problem>> {
        let curve = self.text("crv")?;
        let (member, value) = match (self.text("kty")?, curve) {
            (Some("RSA"), _) => return Ok(Family::Rsa),
            (Some("oct"), _) => return Ok(Family::Secret),
            (Some("EC"), Some("P-256")) => return Ok(Family::P256),
            (Some("EC"), Some("P-384")) => return Ok(Family::P384),
            (Some("OKP"), Some("Ed25519")) => return Ok(Family::Ed25519),
            (Some("EC" | "OKP"), curve) => ("crv", curve),
            (kty, _) => ("kty", kty),
        };
        let message = value.map_or_else(
            || format!("the key has no `{member}`"),
            |value| {
                format!(
                    "a key with the `{member}` `{}` is not supported",
                    value.escape_debug()
                )
            },
        );
        Err(vec![self.error("unsupported-key", member, message).hint(
            "use RSA, EC with P-256 or P-384, or OKP with Ed25519; take other keys out of the set",
        )])
    }

    /// The algorithm that the key names itself.
    fn own_algorithm(&self, family: Family) -> Result<Option<Algorithm>, Vec<Problem>> {
        let Some(name) = self.text("alg")? else {
            return Ok(None);
        };
        algorithm::from_name(name)
            .filter(|a| scheme(*a).family == family)
            .map(Some)
            .ok_or_else(|| {
                vec![
                    self.error(
                        "algorithm-mismatch",
                        "alg",
                        format!(
                            "`{}` is no algorithm that verifies tokens with a key of this kind",
                            name.escape_debug()
                        ),
                    )
                    .hint("correct `alg`, leave it out, or take the key out of the set"),
                ]
            })
    }

    /// A public key that no accepted algorithm uses does no harm; a secret that none uses is only exposed.
    fn not_accepted(&self, family: Family, own: Option<Algorithm>) -> Result<Read, Vec<Problem>> {
        if family == Family::Secret {
            return Err(vec![
                self.error(
                    "secret-key",
                    "kty",
                    "this is a shared secret, and `algorithms` names none that would use it",
                )
                .hint(
                    "take the secret out of the set: whoever reads the policy could sign with it",
                ),
            ]);
        }
        let (member, why) = match own {
            Some(own) => (
                "alg",
                format!(
                    "`algorithms` does not name `{}`: the key is left out",
                    scheme(own).name
                ),
            ),
            None => (
                "kty",
                "`algorithms` names none that takes a key of this kind: the key is left out"
                    .to_owned(),
            ),
        };
        Ok(Read::Ignored(
            Problem::warning("key-ignored", pointer(self.at, member), why)
                .hint("name the algorithm in `algorithms` if tokens are signed with this key"),
        ))
    }
}
