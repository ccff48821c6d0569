//! One request, the providers that its endpoint accepts, and the time: who calls?

use super::presented::{self, Presented};
use super::provider::{Provider, Source};
use super::{Credential, Identity, bearer, jwt};
use crate::config::{KeyLocation, Timestamp};
use crate::http::{RequestHead, Target};
use crate::verdict::{Reason, Refusal};
use std::cell::LazyCell;
use std::sync::Arc;

/// Identifies the caller: `None` when the request presents no credential to any of the accepted providers.
///
/// # Errors
/// A refusal when the request presents more than one credential, or one that does not hold.
pub(crate) fn authenticate(
    accepted: &[&Provider],
    head: &RequestHead,
    target: &Target,
    now: Timestamp,
) -> Result<Option<Identity>, Refusal> {
    if presented::in_query(accepted, target) {
        return Err(Reason::CredentialInQuery.into());
    }
    let found = presented::find(accepted, head, target);
    match found.as_slice() {
        [] => peer(accepted, head),
        [Presented::Authorization(value)] => token(accepted, value, head, target, now).map(Some),
        [Presented::Key(place, value)] => key(accepted, place, value, now).map(Some),
        _ => Err(Refusal::new(Reason::CredentialConflict)),
    }
}

/// The token's issuer picks the providers; then one of them must verify everything.
///
/// A provider to which the token came before knows its issuer and what came of it. The others are asked all the same, in their order:
/// who the caller is must not depend on where else a token was used.
fn token(
    accepted: &[&Provider],
    value: &[u8],
    head: &RequestHead,
    target: &Target,
    now: Timestamp,
) -> Result<Identity, Refusal> {
    let (scheme, text) = bearer::token(value)?;
    let request = jwt::Request {
        head,
        target,
        token: text,
        now,
    };
    let issuers = || {
        accepted
            .iter()
            .filter_map(|provider| match provider.source() {
                Source::Jwt(issuer) => Some((*provider, &**issuer)),
                Source::ApiKey(_) | Source::Mtls(_) => None,
            })
    };
    let mut recalled = issuers().find_map(|(provider, issuer)| {
        let outcome = issuer.recall(text, now)?;
        Some((provider, issuer.issuer(), outcome))
    });
    let parsed = LazyCell::new(|| jwt::Token::parse(text));
    let parsed = || parsed.as_ref().map_err(Refusal::clone);
    let wanted = match recalled {
        Some((_, issuer, _)) => issuer,
        None => parsed()?.unverified_issuer()?,
    };
    let outcomes = issuers()
        .filter(|(_, issuer)| issuer.issuer() == wanted)
        .map(|(provider, issuer)| {
            if scheme == jwt::Scheme::Dpop && !issuer.takes_proofs() {
                return Err(Refusal::new(Reason::CredentialMalformed)
                    .expected("the scheme `Bearer` and one token"));
            }
            let own = recalled.take_if(|(knowing, _, _)| std::ptr::eq(*knowing, provider));
            let caller = match own {
                Some((_, _, outcome)) => outcome?,
                None => issuer.verify(parsed()?, now)?,
            };
            let pending = issuer.bind(&caller.claims, scheme, &request)?;
            Ok(Identity {
                provider: provider.name().clone(),
                subject: caller.subject,
                scopes: caller.scopes,
                claims: caller.claims,
                by_key: false,
                with: Vec::new(),
                pending,
                credential: Some(Credential {
                    location: KeyLocation::Header,
                    name: bearer::HEADER.into(),
                }),
            })
        });
    first_success(
        outcomes,
        Refusal::at(Reason::JwtIssuer, "claims.iss")
            .expected("the `issuer` of an accepted provider"),
    )
}

/// Every accepted provider that reads this place may know the key.
fn key(
    accepted: &[&Provider],
    place: &Credential,
    value: &[u8],
    now: Timestamp,
) -> Result<Identity, Refusal> {
    let outcomes = accepted.iter().filter_map(|provider| {
        let Source::ApiKey(ring) = provider.source() else {
            return None;
        };
        (ring.place() == place).then(|| {
            ring.verify(value, now).map(|key| Identity {
                provider: provider.name().clone(),
                subject: Arc::clone(&key.id),
                scopes: Arc::clone(&key.scopes),
                claims: Arc::clone(ring.claims()),
                by_key: true,
                with: Vec::new(),
                pending: jwt::Pending::default(),
                credential: Some(place.clone()),
            })
        })
    });
    first_success(outcomes, Refusal::new(Reason::ApiKeyUnknown))
}

/// The connection itself names the caller where the request presents nothing: a certificate is not sent with each request, so it
/// conflicts with no credential, and a credential goes before it.
fn peer(accepted: &[&Provider], head: &RequestHead) -> Result<Option<Identity>, Refusal> {
    let mut outcomes = accepted
        .iter()
        .filter_map(|provider| {
            let Source::Mtls(peers) = provider.source() else {
                return None;
            };
            let outcome = peers.verify(head).transpose()?;
            Some(outcome.map(|peer| peer.identity(provider.name())))
        })
        .peekable();
    if outcomes.peek().is_none() {
        return Ok(None);
    }
    first_success(outcomes, Reason::PeerNotAccepted.into()).map(Some)
}

/// The first identity; else the refusal of the provider that came furthest, because it is the one that the caller meant.
/// Reasons are ordered as the checks run.
fn first_success(
    outcomes: impl Iterator<Item = Result<Identity, Refusal>>,
    nobody: Refusal,
) -> Result<Identity, Refusal> {
    let mut furthest: Option<Refusal> = None;
    for outcome in outcomes {
        match outcome {
            Ok(identity) => return Ok(identity),
            Err(refusal) => {
                if furthest.as_ref().is_none_or(|f| f.reason < refusal.reason) {
                    furthest = Some(refusal);
                }
            }
        }
    }
    Err(furthest.unwrap_or(nobody))
}
