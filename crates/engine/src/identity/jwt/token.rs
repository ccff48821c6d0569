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
        let not_base64 = || malformed("base64url without padding");
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| not_base64());
        let object = |part: &str| {
            json::object(&decode(part)?)
                .ok_or_else(|| malformed("JSON objects without repeated members"))
        };
        if !is_base64url(signature) {
            return Err(not_base64());
        }
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

/// Whether a text is base64url without padding and without stray bits (RFC 4648 §3.5): it need not be decoded to know that.
fn is_base64url(text: &str) -> bool {
    let (whole, last) = text.as_bytes().as_chunks::<4>();
    // Looks at every byte, without a branch for each, so that it can be done for many at once.
    let fits = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    let all = whole
        .as_flattened()
        .iter()
        .fold(true, |all, byte| all & fits(byte));
    all && URL_SAFE_NO_PAD.decode(last).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_base64url_as_the_decoder_does() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..20 {
            let good = URL_SAFE_NO_PAD.encode(&bytes[256 - length..]);
            assert!(is_base64url(&good), "{good}");
            for place in 0..good.len() {
                for byte in 0..128_u8 {
                    let mut other = good.clone().into_bytes();
                    other[place] = byte;
                    let other = String::from_utf8(other).unwrap();
                    let decodes = URL_SAFE_NO_PAD.decode(&other).is_ok();
                    assert_eq!(is_base64url(&other), decodes, "{other:?}");
                }
            }
        }
        for text in ["A", "AAAAA", "AA==", "é"] {
            assert!(!is_base64url(text), "{text}");
        }
    }
}
