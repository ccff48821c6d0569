//! Credentials to identity: who calls, proven by an API key or a signed token.
//!
//! [`Provider::compile`] turns one identity provider of the policy into its checked form; [`authenticate`] reads the one
//! credential that a request presents to the providers that an endpoint accepts. Modules stand in the order in which a
//! credential meets them: `presented` finds it, `bearer` unwraps it, `api_key`, `jwt` or `introspection` proves it. What another
//! server must say first is fetched by `remote` (keys) or asked for by `introspection`, and `asked` is what a request learns meanwhile.
//!
//! Invariants:
//! - An [`Identity`] exists only after its key was found, or its token's signature and every claim were verified.
//! - Every credential of a request speaks for it or refuses it: two are a conflict, even when both are right, unless the endpoint asks for both.
//! - Time is the `now` of the caller. No token, key, digest or claim value is in an error or a debug print.

mod api_key;
mod asked;
mod authenticate;
mod bearer;
mod challenge;
mod channel;
mod introspection;
mod jwt;
mod mtls;
mod presented;
mod provider;
pub(crate) mod remote;
mod replay;
mod spiffe;
mod text;
mod together;
mod token_digest;
mod xfcc;

pub(crate) use api_key::hex_digest;
pub use api_key::{key_checksum, key_digit};
pub(crate) use asked::{Asked, Failure, Pending, Question};
pub(crate) use authenticate::authenticate;
pub(crate) use challenge::{REALM, challenges};
pub(crate) use channel::{Channel, Judged, Known};
pub(crate) use jwt::{Unproven, Use};
pub(crate) use mtls::workload;
pub(crate) use presented::sends_password;
pub(crate) use provider::Provider;
pub(crate) use remote::Unavailable;
pub(crate) use replay::{Claim, Claimed};
pub(crate) use spiffe::SpiffePattern;
pub(crate) use together::together;
pub(crate) use token_digest::token_digest;
pub(crate) use xfcc::HEADER as FORWARDED_CERTIFICATE;

use crate::config::KeyLocation;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// A caller whose credential was verified.
#[derive(Clone, PartialEq)]
pub(crate) struct Identity {
    /// The name of the provider that knows the caller.
    pub(crate) provider: Arc<str>,
    /// Who it is, in the provider's words: the key's `id`, or the token's subject claim. Never empty, without control characters.
    pub(crate) subject: Arc<str>,
    /// What it may do: sorted, without repetitions, and no scope holds white space.
    pub(crate) scopes: Arc<[String]>,
    /// The token's claims; of a key, what the policy says of its holder.
    pub(crate) claims: Arc<Map<String, Value>>,
    /// Whether it is known by an API key.
    pub(crate) by_key: bool,
    /// The other identities that the endpoint asks for on the same request.
    pub(crate) with: Vec<Identity>,
    /// What must still be found out before the identity is proven.
    pub(crate) unproven: Unproven,
    /// Where the credential stood; nowhere in the request when it is the connection's certificate.
    pub(crate) credential: Option<Credential>,
}

impl fmt::Debug for Identity {
    // Claims are personal data: only their number is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("provider", &self.provider)
            .field("subject", &self.subject)
            .field("scopes", &self.scopes)
            .field("claims", &self.claims.len())
            .field("credential", &self.credential)
            .finish()
    }
}

impl Identity {
    /// This identity, and those that came with it.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.with)
    }
}

/// Where a credential stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    /// The part of the request.
    pub(crate) location: KeyLocation,
    /// The name there: of a header in lower case, else exact.
    pub(crate) name: Arc<str>,
}

/// What to take from a request so that its credential does not go upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Strip {
    /// Every header field of this name, in lower case.
    Header(String),
    /// Every query parameter whose decoded name is this.
    Query(String),
    /// Every cookie of this name: see [`crate::http::cookie`].
    Cookie(String),
}

/// Says what to take from a request so that the credentials of its caller do not go upstream.
pub(crate) fn credential_changes(identity: &Identity) -> Vec<Strip> {
    let mut changes = Vec::new();
    for identity in identity.all() {
        changes.extend(identity.credential.as_ref().map(|credential| {
            let name = credential.name.to_string();
            match credential.location {
                KeyLocation::Header => Strip::Header(name),
                KeyLocation::Query => Strip::Query(name),
                KeyLocation::Cookie => Strip::Cookie(name),
            }
        }));
        if identity.unproven.replay.is_some() {
            changes.push(Strip::Header(jwt::PROOF.to_owned()));
        }
    }
    changes
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
