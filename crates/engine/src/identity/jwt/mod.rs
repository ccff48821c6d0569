//! JSON Web Tokens (RFC 7519), judged as RFC 8725 asks.
//!
//! `cache` knows tokens that came before. For others the order is fixed: `token` reads the compact form, `header` what the sender says, `keys` verifies the signature, and only
//! then `claims` are judged. `jwks` and [`Issuer::compile`] turn the policy into keys and rules.

mod algorithm;
mod cache;
mod claims;
mod compile;
mod confirmation;
mod dpop;
mod header;
mod json;
mod jwk;
mod jwks;
mod keys;
mod material;
mod token;

pub(super) use claims::{Caller, numeric_date, texts};
pub(super) use confirmation::Scheme;
pub(crate) use confirmation::Unproven;
pub(crate) use dpop::Use;
pub(super) use dpop::{HEADER as PROOF, Request};
pub(super) use json::object as strict_object;
pub(super) use jwks::published as published_keys;
pub(crate) use keys::KeySet;
pub(super) use keys::Keys;
pub(super) use token::{MAX_TOKEN, Token};

use crate::config::{Algorithm, SenderConstrained, Timestamp};
use crate::verdict::{Reason, Refusal};
use cache::{Cache, Recalled};
use confirmation::Binding;
use serde_json::{Map, Value};

/// A token issuer, compiled.
pub(super) struct Issuer {
    issuer: String,
    audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
    keys: Keys,
    cache: Option<Cache>,
    /// In the form of [`header::normal_type`].
    types: Option<Vec<String>>,
    /// In microseconds.
    skew: u64,
    /// In microseconds.
    max_lifetime: Option<u64>,
    subject_claim: String,
    /// In order of preference.
    scope_claims: Vec<String>,
    binding: Binding,
}

impl Issuer {
    /// The `iss` of its tokens.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its keys.
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What comes of a token that came before: what [`Issuer::verify`] would say.
    pub(super) fn recall(&self, text: &str, now: Timestamp) -> Option<Result<Caller, Refusal>> {
        let keys = self.keys.current(now)?;
        match self.cache.as_ref()?.recall(text, &keys, now)? {
            Recalled::Verified(caller, times) => Some(times.check(now).map(|()| caller)),
            Recalled::Forged => Some(Err(Refusal::new(Reason::JwtSignature))),
        }
    }

    /// Verifies a token in full, and remembers what came of its signature. Stays out of the code for tokens that came before.
    #[inline(never)]
    pub(super) fn verify(&self, token: &Token<'_>, now: Timestamp) -> Result<Caller, Refusal> {
        self.check_header(token)?;
        let keys = self
            .keys
            .current(now)
            .ok_or_else(|| Refusal::new(Reason::JwksUnavailable))?;
        let verified = keys.verify(token).inspect_err(|refusal| {
            if let (Some(cache), Reason::JwtSignature) = (&self.cache, refusal.reason) {
                cache.refuse(token.text, &keys);
            }
        })?;
        let (caller, times) = self.judge(&verified, now)?;
        if let Some(cache) = &self.cache {
            let key = verified.key();
            cache.keep(token.text, &keys, key, &caller, times, now);
        }
        Ok(caller)
    }

    /// Checks what a token says about its signature and type, before any key is looked for.
    pub(super) fn check_header(&self, token: &Token<'_>) -> Result<(), Refusal> {
        let accepted = token
            .header
            .algorithm
            .is_some_and(|algorithm| self.algorithms.contains(&algorithm));
        if !accepted {
            return Err(Refusal::at(Reason::JwtAlgorithm, "jose.alg"));
        }
        token.header.check_type(self.types.as_deref())
    }

    /// Holds a verified token against the caller that sent it: what is right already, and what is left to be found out.
    ///
    /// INVARIANT (judged for every request): this is not part of [`Self::verify`], because it is about the request, not the token.
    pub(super) fn bind(
        &self,
        claims: &Map<String, Value>,
        scheme: Scheme,
        request: &Request<'_>,
    ) -> Result<Unproven, Refusal> {
        let demanded = self.binding.demands(claims, scheme)?;
        let replay = demanded
            .key
            .map(|key| dpop::verify(&self.binding, self.skew, &key, request))
            .transpose()?;
        Ok(Unproven {
            certificate: demanded.certificate,
            replay,
        })
    }

    /// Whether the scheme `DPoP` is understood.
    pub(super) fn takes_proofs(&self) -> bool {
        self.binding.mode() != SenderConstrained::Off
    }

    /// Whether a token must be bound.
    pub(super) fn wants_proofs(&self) -> bool {
        self.binding.mode() == SenderConstrained::Required
    }

    /// The algorithms of proofs, by name.
    pub(super) fn proof_algorithms(&self) -> String {
        self.binding.algorithm_names()
    }
}

#[cfg(test)]
mod tests;
