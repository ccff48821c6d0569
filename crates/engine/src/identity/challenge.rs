//! `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 6750 §3): what a refused caller could have sent.

use super::provider::{Provider, Source};
use crate::config::KeyLocation;
use crate::verdict::{Reason, Refusal};

/// One realm for all: names of providers are nobody's business outside.
pub(crate) const REALM: &str = "api";

/// The values of `WWW-Authenticate` for a refusal: one challenge for tokens, one for every place of an API key.
///
/// RFC 6750 §3.1: a request without a token gets no error code.
pub(crate) fn challenges(accepted: &[&Provider], refusal: Option<&Refusal>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for provider in accepted {
        let challenge = match provider.source() {
            Source::Jwt(jwt) => {
                let reason = refusal.map(|r| r.reason);
                if jwt.wants_proofs()
                    || (jwt.takes_proofs() && reason.is_some_and(is_about_a_proof))
                {
                    let proof = dpop(reason, &jwt.proof_algorithms());
                    if !out.contains(&proof) {
                        out.push(proof);
                    }
                }
                bearer(reason)
            }
            Source::Mtls(_) => format!("ClientCertificate realm=\"{REALM}\""),
            Source::Introspection(_) => bearer(refusal.map(|r| r.reason)),
            Source::ApiKey(ring) => {
                let place = ring.place();
                let location = match place.location {
                    KeyLocation::Header => "header",
                    KeyLocation::Query => "query",
                    KeyLocation::Cookie => "cookie",
                };
                let name = place.name.replace('\\', "\\\\").replace('"', "\\\"");
                format!("ApiKey realm=\"{REALM}\", in=\"{location}\", name=\"{name}\"")
            }
        };
        if !out.contains(&challenge) {
            out.push(challenge);
        }
    }
    out
}

fn bearer(reason: Option<Reason>) -> String {
    let error = match reason {
        Some(reason) if is_about_a_token(reason) => ", error=\"invalid_token\"",
        Some(Reason::ScopeMissing) => ", error=\"insufficient_scope\"",
        _ => "",
    };
    format!("Bearer realm=\"{REALM}\"{error}")
}

/// RFC 9449 §7.1.
fn dpop(reason: Option<Reason>, algorithms: &str) -> String {
    let error = match reason {
        Some(Reason::DpopInvalid | Reason::DpopReplayed) => ", error=\"invalid_dpop_proof\"",
        Some(reason) if is_about_a_token(reason) => ", error=\"invalid_token\"",
        Some(Reason::ScopeMissing) => ", error=\"insufficient_scope\"",
        _ => "",
    };
    format!("DPoP realm=\"{REALM}\"{error}, algs=\"{algorithms}\"")
}

fn is_about_a_proof(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::TokenBinding | Reason::DpopMissing | Reason::DpopInvalid | Reason::DpopReplayed
    )
}

/// Whether a refusal is about what a token is or says.
pub(super) fn is_about_a_token(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::JwtMalformed
            | Reason::JwtHeaderForbidden
            | Reason::JwtAlgorithm
            | Reason::JwtType
            | Reason::JwtKeyUnknown
            | Reason::JwtSignature
            | Reason::JwtClaimMissing
            | Reason::JwtIssuer
            | Reason::JwtAudience
            | Reason::JwtExpired
            | Reason::JwtNotYetValid
            | Reason::JwtLifetime
            | Reason::TokenBinding
            | Reason::DpopMissing
            | Reason::TokenInactive
            | Reason::TokenUnfit
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_reason_is_an_invalid_token() {
        for reason in Reason::ALL {
            assert_eq!(
                is_about_a_token(*reason),
                reason.code().starts_with("jwt_")
                    || reason.code().starts_with("token_")
                    || *reason == Reason::DpopMissing,
                "{}",
                reason.code()
            );
        }
    }
}
