//! The compact form of a signed token (RFC 7515 §3.1), read strictly: three parts, base64url without padding and without
//! stray bits, two JSON objects.

use super::header::Header;
use super::json;
use crate::verdict::{Reason, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The longest token, in bytes.
pub(in crate::identity) const MAX_TOKEN: usize = 16 * 1024;

/// A token that was read, and not yet believed.
pub(in crate::identity) struct Token<'a> {
    /// All of it.
    pub(super) text: &'a str,
    pub(super) header: Header,
    pub(super) unverified: Arc<Map<String, Value>>,
    /// What is signed.
    pub(super) signing_input: &'a str,
    /// The signature: valid base64url.
    pub(super) signature: &'a str,
}

impl<'a> Token<'a> {
    /// Reads a token.
    pub(in crate::identity) fn parse(text: &'a str) -> Result<Self, Refusal> {
        let malformed = |what: &str| Refusal::new(Reason::JwtMalformed).expected(what);
        if text.len() > MAX_TOKEN {
            return Err(malformed("at most 16 KiB"));
        }
        let not_three = || malformed("three parts, separated by full stops");
        let (signing_input, signature) = text.rsplit_once('.').ok_or_else(not_three)?;
        let (header, claims) = signing_input
            .split_once('.')
            .filter(|(_, claims)| !claims.contains('.'))
            .ok_or_else(not_three)?;
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| malformed("base64url without padding"))
        };
        let object = |part: &str| {
            json::object(&decode(part)?)
                .ok_or_else(|| malformed("JSON objects without repeated members"))
        };
        decode(signature)?;
        Ok(Self {
            text,
            header: Header::read(&object(header)?)?,
            unverified: Arc::new(object(claims)?),
            signing_input,
            signature,
        })
    }

    /// The name of the key that is said to have signed it.
    pub(in crate::identity) fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The issuer that the token claims to have: good for choosing the provider that verifies it, and for nothing else.
    pub(in crate::identity) fn unverified_issuer(&self) -> Result<&str, Refusal> {
        let at = "claims.iss";
        self.unverified
            .get("iss")
            .ok_or_else(|| Refusal::at(Reason::JwtClaimMissing, at))?
            .as_str()
            .ok_or_else(|| Refusal::at(Reason::JwtMalformed, at).expected("a string"))
    }
}
