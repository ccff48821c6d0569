//! Credentials to identity: who calls, proven by an API key or a signed token.
//!
//! [`Provider::compile`] turns one identity provider of the policy into its checked form; [`authenticate`] reads the one
//! credential that a request presents to the providers that an endpoint accepts. Modules stand in the order in which a
//! credential meets them: `presented` finds it, `bearer` unwraps it, `api_key` or `jwt` proves it.
//!
//! Invariants:
//! - An [`Identity`] exists only after its key was found, or its token's signature and every claim were verified.
//! - At most one credential speaks for a request: two are a conflict, even when both are right.
//! - Time is the `now` of the caller. No token, key, digest or claim value is in an error or a debug print.

mod api_key;
mod authenticate;
mod bearer;
mod challenge;
mod jwt;
mod presented;
mod provider;
mod spiffe;
mod text;
mod token_digest;

pub(crate) use authenticate::authenticate;
pub(crate) use challenge::{REALM, challenges};
pub(crate) use provider::Provider;
pub(crate) use spiffe::SpiffePattern;
pub(crate) use token_digest::token_digest;

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
    /// The token's claims; empty for keys.
    pub(crate) claims: Arc<Map<String, Value>>,
    /// Where the credential stood.
    pub(crate) credential: Credential,
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

/// Says what to take from a request so that the credential of its caller does not go upstream.
pub(crate) fn credential_changes(identity: &Identity) -> Strip {
    let name = identity.credential.name.to_string();
    match identity.credential.location {
        KeyLocation::Header => Strip::Header(name),
        KeyLocation::Query => Strip::Query(name),
        KeyLocation::Cookie => Strip::Cookie(name),
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
