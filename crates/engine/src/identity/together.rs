//! Several identities on one request: a workload and its user, a user and a partner's key.
//!
//! An endpoint asks for one of several alternatives, each a set of providers. Every provider of an alternative must know its own
//! credential, and no credential may be left over: what nobody judged must not look as if somebody had.
//!
//! The caller is whom the first provider of the alternative knows by a credential of the request, because that is whom the request is sent
//! for; a certificate names the workload that carries it. Where there are certificates alone, it is the first of these.

use super::{Asked, Failure, Identity, Provider, authenticate, presented};
use crate::config::Timestamp;
use crate::http::{RequestHead, Target};
use crate::verdict::{Reason, Refusal};
use std::sync::Arc;

/// Identifies the caller: `None` when the request presents no credential to any of the accepted providers.
///
/// # Errors
/// What must come first for an alternative that could still hold; else the server that should have answered; else the refusal of the
/// alternative that came furthest.
pub(crate) fn together(
    alternatives: &[Vec<Arc<Provider>>],
    accepted: &[&Provider],
    head: &RequestHead,
    target: &Target,
    asked: &Asked,
    now: Timestamp,
) -> Result<Option<Identity>, Failure> {
    let presented = presented::find(accepted, head, target).len();
    let mut unavailable: Option<Failure> = None;
    let mut furthest: Option<Refusal> = None;
    for alternative in alternatives {
        match all(alternative, presented, head, target, asked, now) {
            Ok(identity) => return Ok(Some(identity)),
            Err(failure @ Failure::Pending(_)) => return Err(failure),
            Err(failure @ Failure::Unavailable(_)) => {
                unavailable.get_or_insert(failure);
            }
            Err(Failure::Refused(refusal)) => {
                if furthest.as_ref().is_none_or(|f| f.reason < refusal.reason) {
                    furthest = Some(refusal);
                }
            }
        }
    }
    if let Some(failure) = unavailable {
        return Err(failure);
    }
    match furthest {
        Some(refusal) if presented > 0 || refusal.reason != Reason::CredentialMissing => {
            Err(refusal.into())
        }
        _ => Ok(None),
    }
}

/// Every identity of one alternative.
fn all(
    providers: &[Arc<Provider>],
    presented: usize,
    head: &RequestHead,
    target: &Target,
    asked: &Asked,
    now: Timestamp,
) -> Result<Identity, Failure> {
    let mut identities = Vec::with_capacity(providers.len());
    for provider in providers {
        let identity = authenticate(&[provider], head, target, asked, now)?;
        identities.push(identity.ok_or_else(|| {
            Refusal::new(Reason::CredentialMissing)
                .expected("every credential that the endpoint asks for")
        })?);
    }
    let used = identities.iter().filter(|i| i.credential.is_some()).count();
    if used < presented {
        return Err(Refusal::new(Reason::CredentialConflict).into());
    }
    let caller = identities
        .iter()
        .position(|i| i.credential.is_some())
        .unwrap_or_default();
    if caller >= identities.len() {
        return Err(Refusal::new(Reason::CredentialMissing).into());
    }
    let mut identity = identities.remove(caller);
    identity.with = identities;
    Ok(identity)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::json;

    fn send(
        alternatives: &[Vec<Arc<Provider>>],
        fields: &[(&str, &str)],
        principal: Option<&str>,
    ) -> Result<Option<Vec<String>>, Reason> {
        let accepted: Vec<&Provider> = alternatives.iter().flatten().map(Arc::as_ref).collect();
        let mut head = head(fields);
        head.source.principal = principal.map(str::to_owned);
        together(
            alternatives,
            &accepted,
            &head,
            &Target::default(),
            &Asked::default(),
            now(),
        )
        .map(|identity| identity.map(|i| i.all().map(|i| i.subject.to_string()).collect()))
        .map_err(|failure| match failure {
            Failure::Refused(refusal) => refusal.reason,
            other @ (Failure::Pending(_) | Failure::Unavailable(_)) => panic!("{other:?}"),
        })
    }

    #[test]
    fn every_provider_of_an_alternative_must_know_its_own() {
        const WEB: &str = "spiffe://c/ns/shop/sa/web";
        let mesh = Arc::new(provider(
            "mesh",
            json!({ "mtls": { "trustDomains": ["c"] } }),
        ));
        let corp = Arc::new(issuer(json!({})));
        let keys = Arc::new(key_ring(
            "keys",
            "header",
            "x-api-key",
            &[("acme", "secret-1")],
        ));
        let both = [
            vec![Arc::clone(&mesh), Arc::clone(&corp)],
            vec![Arc::clone(&corp), Arc::clone(&keys)],
        ];
        let bearer = format!("Bearer {}", TestKey::p256().token(&claims(json!({}))));
        let token = ("authorization", &*bearer);
        let (key, wrong) = (("x-api-key", "secret-1"), ("x-api-key", "secret-2"));

        let people = |names: &[&str]| Ok(Some(names.iter().map(|n| (*n).to_owned()).collect()));
        assert_eq!(send(&both, &[token], Some(WEB)), people(&["alice", WEB]));
        assert_eq!(send(&both, &[token, key], None), people(&["alice", "acme"]));
        assert_eq!(send(&both, &[], None), Ok(None));
        assert_eq!(send(&both, &[], Some(WEB)), Ok(None));
        for (fields, principal, reason) in [
            (&[token][..], None, Reason::CredentialMissing),
            (&[key], Some(WEB), Reason::CredentialMissing),
            (&[token, wrong], None, Reason::ApiKeyUnknown),
            (&[token], Some("spiffe://d/x"), Reason::PeerNotAccepted),
        ] {
            assert_eq!(send(&both, fields, principal), Err(reason), "{fields:?}");
        }
        // A key that the alternative does not ask for is left over.
        let first = [vec![mesh, Arc::clone(&corp)], vec![keys]];
        assert_eq!(
            send(&first, &[token, key], Some(WEB)),
            Err(Reason::CredentialConflict)
        );
    }
}
