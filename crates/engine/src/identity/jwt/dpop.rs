//! Proofs that a caller holds the key of its token: `DPoP` (RFC 9449 §4.3).
//!
//! A proof is a token of its own, signed with a key that stands inside it. That key is worth something only because the access token,
//! which its issuer signed, names its thumbprint: so the thumbprint is compared first, and a key that no issuer has named costs nothing.
//!
//! A proof is good for one request: its method and URI, one token (`ath`), a short time (`iat`), and once (`jti`, see
//! [`crate::identity::replay`]). Server nonces (§8) are not used: they need an answer of their own for every caller, and what they
//! add, that a proof was not made in advance, `maxAge` bounds as well.

use super::algorithm::{self, Family, scheme};
use super::confirmation::Binding;
use super::header::normal_type;
use super::{json, jwk};
use crate::config::{Algorithm, Timestamp};
use crate::http::{RequestHead, Target};
use crate::verdict::{Reason, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The header of a proof.
pub(in crate::identity) const HEADER: &str = "dpop";
/// The longest proof, in bytes.
const MAX_PROOF: usize = 8 * 1024;
/// The longest `jti`, in bytes.
const MAX_ID: usize = 256;
/// Members of the header that would let the sender choose the rules of reading, or a key from elsewhere.
const FORBIDDEN: [&str; 5] = ["jku", "x5u", "x5c", "crit", "b64"];

/// One use of a proof: what must be remembered of it, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    /// A digest of the key and the proof's `jti`.
    pub(crate) digest: [u8; 32],
    /// From then on the proof is too old by itself.
    pub(crate) until: Timestamp,
    /// How many proofs the provider remembers.
    pub(crate) table: u32,
}

/// The request that a proof must be made for.
pub(in crate::identity) struct Request<'a> {
    /// Its head.
    pub(in crate::identity) head: &'a RequestHead,
    /// Its target, as it was read.
    pub(in crate::identity) target: &'a Target,
    /// The access token.
    pub(in crate::identity) token: &'a str,
    /// When it arrived.
    pub(in crate::identity) now: Timestamp,
}

/// Verifies the proof of a request; `thumbprint` is that of the key that the token is bound to.
#[inline(never)]
pub(super) fn verify(
    binding: &Binding,
    skew: u64,
    thumbprint: &[u8; 32],
    request: &Request<'_>,
) -> Result<Use, Refusal> {
    let mut fields = request.head.headers.all(HEADER);
    let field = fields
        .next()
        .ok_or_else(|| Refusal::at(Reason::DpopMissing, "header.dpop"))?;
    if fields.next().is_some() {
        return Err(invalid("header.dpop", "one proof"));
    }
    let proof = Proof::read(field)?;
    let key = proof.key(binding, thumbprint)?;
    if !key.signed(proof.signing_input, proof.signature, proof.algorithm) {
        return Err(invalid("header.dpop", "a signature of the key in `jwk`"));
    }
    proof.is_for(request)?;
    let until = proof.is_fresh(binding, skew, request.now)?;
    Ok(Use {
        digest: proof.name(thumbprint)?,
        until,
        table: binding.replay_table,
    })
}

/// The names of algorithms, for challenges.
pub(super) fn names(algorithms: &[Algorithm]) -> String {
    let names: Vec<&str> = algorithms.iter().map(|a| scheme(*a).name).collect();
    names.join(" ")
}

/// A proof that was read, and not yet believed.
struct Proof<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    algorithm: Algorithm,
    signing_input: &'a str,
    signature: &'a str,
}

impl<'a> Proof<'a> {
    fn read(field: &'a [u8]) -> Result<Self, Refusal> {
        let form = || invalid("header.dpop", "a signed JWT in compact form, at most 8 KiB");
        let text = std::str::from_utf8(field).map_err(|_| form())?.trim_ascii();
        if text.len() > MAX_PROOF {
            return Err(form());
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or_else(form)?;
        let (header, claims) = signing_input
            .split_once('.')
            .filter(|(_, claims)| !claims.contains('.'))
            .ok_or_else(form)?;
        let object = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
            json::object(&bytes)
        };
        let header = object(header).ok_or_else(form)?;
        if let Some(name) = FORBIDDEN.iter().find(|name| header.contains_key(**name)) {
            return Err(invalid(&format!("dpop.{name}"), "no such member"));
        }
        let typ = text_of(&header, "typ").map(normal_type);
        if typ.as_deref() != Some("dpop+jwt") {
            return Err(invalid("dpop.typ", "`dpop+jwt`"));
        }
        let algorithm = text_of(&header, "alg")
            .and_then(algorithm::from_name)
            .ok_or_else(|| invalid("dpop.alg", "an accepted algorithm"))?;
        Ok(Self {
            claims: object(claims).ok_or_else(form)?,
            header,
            algorithm,
            signing_input,
            signature,
        })
    }

    /// The key in the header, once it is the one that the token names.
    fn key(&self, binding: &Binding, thumbprint: &[u8; 32]) -> Result<super::keys::Key, Refusal> {
        let place = "dpop.jwk";
        // INVARIANT (a proof is made with a private key): the settings cannot name HS*, so no secret can stand here.
        if !binding.algorithms.contains(&self.algorithm) {
            return Err(invalid("dpop.alg", "an accepted algorithm"));
        }
        let jwk = self
            .header
            .get("jwk")
            .ok_or_else(|| invalid(place, "a public key"))?;
        let family = scheme(self.algorithm).family;
        let own = jwk.as_object().and_then(|m| self::thumbprint(m, family));
        if own.as_ref() != Some(thumbprint) {
            return Err(Refusal::at(Reason::TokenBinding, place)
                .expected("the key that the token's `cnf.jkt` names"));
        }
        match jwk::read("", jwk, &[self.algorithm]) {
            jwk::Read::Key(key) => Ok(key),
            jwk::Read::Ignored(_) | jwk::Read::Wrong(_) => Err(invalid(
                place,
                "a public key that the algorithm takes, and that is strong enough",
            )),
        }
    }

    /// Compares the method, the URI and the token.
    fn is_for(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let method = text_of(&self.claims, "htm").map(str::as_bytes);
        if method != Some(&request.head.method) {
            return Err(invalid("dpop.htm", "the method of the request"));
        }
        let uri = text_of(&self.claims, "htu");
        if !uri.is_some_and(|uri| is_target(uri, request)) {
            return Err(invalid(
                "dpop.htu",
                "the URI of the request, without its query",
            ));
        }
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(request.token));
        if text_of(&self.claims, "ath") != Some(&digest) {
            return Err(invalid("dpop.ath", "the digest of the token"));
        }
        Ok(())
    }

    /// Checks the age; gives the moment from which on the proof is too old.
    fn is_fresh(
        &self,
        binding: &Binding,
        skew: u64,
        Timestamp(now): Timestamp,
    ) -> Result<Timestamp, Refusal> {
        let wrong = || invalid("dpop.iat", "a moment within the provider's `dpop.maxAge`");
        let issued = super::claims::time(&self.claims, "iat")
            .ok()
            .flatten()
            .ok_or_else(wrong)?;
        let until = issued.saturating_add(binding.max_age).saturating_add(skew);
        if issued > now.saturating_add(skew) || now >= until {
            return Err(wrong());
        }
        Ok(Timestamp(until))
    }

    /// What the proof is remembered by: callers cannot use up each other's names.
    fn name(&self, thumbprint: &[u8; 32]) -> Result<[u8; 32], Refusal> {
        let id = text_of(&self.claims, "jti")
            .filter(|id| (1..=MAX_ID).contains(&id.len()))
            .ok_or_else(|| invalid("dpop.jti", "a string of 1 to 256 bytes"))?;
        let mut hash = Sha256::new();
        hash.update(thumbprint);
        hash.update(id);
        Ok(hash.finalize().into())
    }
}

/// The thumbprint of a public key (RFC 7638 §3): over its required members alone, in this order.
fn thumbprint(members: &Map<String, Value>, family: Family) -> Option<[u8; 32]> {
    let names: &[&str] = match family {
        Family::Rsa => &["e", "kty", "n"],
        Family::P256 | Family::P384 => &["crv", "kty", "x", "y"],
        Family::Ed25519 => &["crv", "kty", "x"],
        Family::Secret => return None,
    };
    let mut hash = Sha256::new();
    for (number, name) in names.iter().enumerate() {
        let value = text_of(members, name)?;
        // Nothing here needs an escape in JSON; what would need one is no key.
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !value.bytes().all(plain) {
            return None;
        }
        let open = if number == 0 { "{" } else { "," };
        hash.update(format!("{open}\"{name}\":\"{value}\""));
    }
    hash.update("}");
    Some(hash.finalize().into())
}

/// Whether a `htu` is the URI of the request (§4.3, step 9): scheme and authority without case and default ports, the path as it came or in
/// its normal form. Query and fragment do not count. The scheme is the client's: a proxy in front may have taken off TLS.
fn is_target(uri: &str, request: &Request<'_>) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return false;
    };
    let port = match scheme.to_ascii_lowercase().as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let path = if path.is_empty() { "/" } else { path };

    let host = |text: &[u8]| {
        let lower = text.to_ascii_lowercase();
        lower
            .strip_suffix(port.as_bytes())
            .map(<[u8]>::to_vec)
            .unwrap_or(lower)
    };
    let before_query = |target: &[u8]| {
        let end = target.iter().position(|b| *b == b'?');
        target.get(..end.unwrap_or(target.len())) == Some(path.as_bytes())
    };
    let rewritten = request.target.rewritten.as_deref();
    host(authority.as_bytes()) == host(&request.head.authority)
        && (before_query(&request.head.target)
            || rewritten.is_some_and(|target| before_query(target.as_bytes())))
}

fn text_of<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    members.get(name).and_then(Value::as_str)
}

fn invalid(at: &str, expected: &str) -> Refusal {
    Refusal::at(Reason::DpopInvalid, at).expected(expected)
}

#[cfg(test)]
mod tests;
