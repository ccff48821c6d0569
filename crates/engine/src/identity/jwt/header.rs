//! The header of a token (RFC 7515 §4): what the sender says about the signature, before anything is believed.

use super::algorithm;
use crate::config::Algorithm;
use crate::verdict::{Reason, Refusal};
use serde_json::{Map, Value};

/// Members that would let the sender choose the key (`jwk`, `jku`, `x5u`, `x5c`) or the rules of reading (`crit`, `b64`).
const FORBIDDEN: [&str; 6] = ["jwk", "jku", "x5u", "x5c", "crit", "b64"];

/// A header, reduced to what is used of it.
#[derive(Debug)]
pub(super) struct Header {
    /// The algorithm, if it is one that Meshward knows.
    pub(super) algorithm: Option<Algorithm>,
    /// The key.
    pub(super) kid: Option<String>,
    /// The type.
    pub(super) typ: Option<String>,
}

impl Header {
    /// Reads a header's members.
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, Refusal> {
        if let Some(name) = FORBIDDEN.iter().find(|name| members.contains_key(**name)) {
            return Err(Refusal::at(
                Reason::JwtHeaderForbidden,
                format!("jose.{name}"),
            ));
        }
        let name = text(members, "alg")?.ok_or_else(|| malformed("alg"))?;
        Ok(Self {
            algorithm: algorithm::from_name(name),
            kid: text(members, "kid")?.map(str::to_owned),
            typ: text(members, "typ")?.map(str::to_owned),
        })
    }

    /// Checks `typ` against the accepted types, which are in the form of [`normal_type`]. Without such a list, access tokens
    /// (RFC 9068), plain JWTs, and tokens without a type pass; with one, a type is required.
    pub(super) fn check_type(&self, accepted: Option<&[String]>) -> Result<(), Refusal> {
        let typ = self.typ.as_deref().map(normal_type);
        let fits = match (typ.as_deref(), accepted) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(typ), None) => typ == "jwt" || typ == "at+jwt",
            (Some(typ), Some(accepted)) => accepted.iter().any(|a| a == typ),
        };
        if fits {
            Ok(())
        } else {
            Err(Refusal::at(Reason::JwtType, "jose.typ"))
        }
    }
}

/// A media type without case and without `application/` (RFC 7515 §4.1.9).
pub(super) fn normal_type(typ: &str) -> String {
    let lower = typ.to_ascii_lowercase();
    lower
        .strip_prefix("application/")
        .map(str::to_owned)
        .unwrap_or(lower)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    members
        .get(name)
        .map(|value| value.as_str().ok_or_else(|| malformed(name)))
        .transpose()
}

fn malformed(name: &str) -> Refusal {
    Refusal::at(Reason::JwtMalformed, format!("jose.{name}")).expected("a string")
}
