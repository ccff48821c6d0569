//! One request, the providers that its endpoint accepts, and the time: who calls?

use super::asked::{Asked, Failure, Pending};
use super::introspection::Introspector;
use super::jwt::{Issuer, Keys};
use super::presented::{self, Presented};
use super::provider::{Provider, Source};
use super::remote::{Readiness, Unavailable};
use super::{Credential, Identity, bearer, jwt};
use crate::config::{KeyLocation, Timestamp};
use crate::http::{RequestHead, Target};
use crate::verdict::{Reason, Refusal};
use std::cell::LazyCell;
use std::sync::Arc;

/// Identifies the caller: `None` when the request presents no credential to any of the accepted providers.
///
/// # Errors
/// A refusal when the request presents more than one credential, or one that does not hold; else what must come first.
pub(crate) fn authenticate(
    accepted: &[&Provider],
    head: &RequestHead,
    target: &Target,
    asked: &Asked,
    now: Timestamp,
) -> Result<Option<Identity>, Failure> {
    if presented::in_query(accepted, target) {
        return Err(Refusal::new(Reason::CredentialInQuery).into());
    }
    let found = presented::find(accepted, head, target);
    match found.as_slice() {
        [] => peer(accepted, head),
        [Presented::Authorization(value)] => {
            token(accepted, value, head, target, asked, now).map(Some)
        }
        [Presented::Key(place, value)] => key(accepted, place, value, now).map(Some),
        _ => Err(Refusal::new(Reason::CredentialConflict).into()),
    }
}

/// The token's form and issuer pick the providers; then one of them must verify everything.
///
/// A provider to which the token came before knows its issuer and what came of it. The others are asked all the same, in their order:
/// who the caller is must not depend on where else a token was used.
fn token(
    accepted: &[&Provider],
    value: &[u8],
    head: &RequestHead,
    target: &Target,
    asked: &Asked,
    now: Timestamp,
) -> Result<Identity, Failure> {
    let (scheme, text) = bearer::token(value)?;
    let request = jwt::Request {
        head,
        target,
        token: text,
        now,
    };
    let takes = |kind: fn(&Source) -> bool| accepted.iter().any(|p| kind(p.source()));
    let takes_signed = takes(|source| matches!(source, Source::Jwt(_)));
    let takes_others = takes(|source| matches!(source, Source::Introspection(_)));
    // By its form alone a token is signed or opaque, and no provider gets to see what is meant for another.
    let looks_signed = || text.bytes().filter(|b| *b == b'.').count() == 2;
    if !takes_signed || (takes_others && !looks_signed()) {
        return first_success(
            introspected(accepted, scheme, text, None, asked, now),
            || Refusal::new(Reason::CredentialMalformed),
        );
    }
    let issuers = || {
        accepted
            .iter()
            .filter_map(|provider| match provider.source() {
                Source::Jwt(issuer) => Some((*provider, &**issuer)),
                Source::ApiKey(_) | Source::Mtls(_) | Source::Introspection(_) => None,
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
    let signed = issuers()
        .filter(|(_, issuer)| issuer.issuer() == wanted)
        .map(|(provider, issuer)| {
            if scheme == jwt::Scheme::Dpop && !issuer.takes_proofs() {
                return Err(bearer_only());
            }
            let own = recalled.take_if(|(knowing, _, _)| std::ptr::eq(*knowing, provider));
            let caller = match own {
                Some((_, _, outcome)) => outcome?,
                None => {
                    let token = parsed()?;
                    await_keys(issuer, token, asked, now)?;
                    issuer.verify(token, now)?
                }
            };
            let unproven = issuer.bind(&caller.claims, scheme, &request)?;
            Ok(Identity {
                provider: provider.name().clone(),
                subject: caller.subject,
                scopes: caller.scopes,
                claims: caller.claims,
                by_key: false,
                with: Vec::new(),
                unproven,
                credential: Some(in_authorization()),
            })
        });
    let introspected = introspected(accepted, scheme, text, Some(wanted), asked, now);
    first_success(signed.chain(introspected), || {
        Refusal::at(Reason::JwtIssuer, "claims.iss")
            .expected("the `issuer` of an accepted provider")
    })
}

/// Whether the keys are there that a token needs.
#[inline(never)]
fn await_keys(
    jwt: &Issuer,
    token: &jwt::Token<'_>,
    asked: &Asked,
    now: Timestamp,
) -> Result<(), Failure> {
    let Keys::Remote(keys) = jwt.keys() else {
        return Ok(());
    };
    // What is refused anyway needs no keys, and must not make anybody fetch them.
    jwt.check_header(token)?;
    match keys.readiness(token.kid(), asked.since(now), asked.is_over(), now) {
        Readiness::Ready => Ok(()),
        Readiness::Wait => Err(Failure::Pending(Pending::Keys(keys.clone()))),
        Readiness::Unavailable(unavailable) => Err(Failure::Unavailable(unavailable)),
    }
}

/// What the servers say that know tokens: all of them, or those that answer for `issuer`.
fn introspected<'a>(
    accepted: &'a [&Provider],
    scheme: jwt::Scheme,
    token: &'a str,
    issuer: Option<&'a str>,
    asked: &'a Asked,
    now: Timestamp,
) -> impl Iterator<Item = Result<Identity, Failure>> + 'a {
    accepted.iter().filter_map(move |provider| {
        let Source::Introspection(server) = provider.source() else {
            return None;
        };
        (issuer.is_none() || server.issuer() == issuer)
            .then(|| introspect(provider, server, scheme, token, asked, now))
    })
}

/// What one server says. Stays out of the code for tokens that are not asked about.
#[inline(never)]
fn introspect(
    provider: &Provider,
    server: &Arc<Introspector>,
    scheme: jwt::Scheme,
    token: &str,
    asked: &Asked,
    now: Timestamp,
) -> Result<Identity, Failure> {
    // What proves such a token is not read from the server's answer, so it is taken from bearers alone.
    if scheme == jwt::Scheme::Dpop {
        return Err(bearer_only());
    }
    let caller = server.check(token, asked, now)?;
    if caller.claims.contains_key("cnf") {
        return Err(Refusal::at(Reason::TokenBinding, "claims.cnf").into());
    }
    Ok(Identity {
        provider: provider.name().clone(),
        subject: Arc::clone(&caller.subject),
        scopes: Arc::clone(&caller.scopes),
        claims: Arc::clone(&caller.claims),
        by_key: false,
        with: Vec::new(),
        unproven: jwt::Unproven::default(),
        credential: Some(in_authorization()),
    })
}

fn in_authorization() -> Credential {
    Credential {
        location: KeyLocation::Header,
        name: bearer::HEADER.into(),
    }
}

fn bearer_only() -> Failure {
    Refusal::new(Reason::CredentialMalformed)
        .expected("the scheme `Bearer` and one token")
        .into()
}

/// Every accepted provider that reads this place may know the key.
#[inline(never)]
fn key(
    accepted: &[&Provider],
    place: &Credential,
    value: &[u8],
    now: Timestamp,
) -> Result<Identity, Failure> {
    let outcomes = accepted.iter().filter_map(|provider| {
        let Source::ApiKey(ring) = provider.source() else {
            return None;
        };
        (ring.place() == place).then(|| {
            let key = ring.verify(value, now)?;
            Ok(Identity {
                provider: provider.name().clone(),
                subject: Arc::clone(&key.id),
                scopes: Arc::clone(&key.scopes),
                claims: Arc::clone(&key.claims),
                by_key: true,
                with: Vec::new(),
                unproven: jwt::Unproven::default(),
                credential: Some(place.clone()),
            })
        })
    });
    first_success(outcomes, || Refusal::new(Reason::ApiKeyUnknown))
}

/// The connection itself names the caller where the request presents nothing: a certificate is not sent with each request, so it
/// conflicts with no credential, and a credential goes before it.
#[inline(never)]
fn peer(accepted: &[&Provider], head: &RequestHead) -> Result<Option<Identity>, Failure> {
    let mut outcomes = accepted
        .iter()
        .filter_map(|provider| {
            let Source::Mtls(peers) = provider.source() else {
                return None;
            };
            let outcome = peers.verify(head).transpose()?;
            Some(
                outcome
                    .map(|peer| peer.identity(provider.name()))
                    .map_err(Failure::from),
            )
        })
        .peekable();
    if outcomes.peek().is_none() {
        return Ok(None);
    }
    first_success(outcomes, || Reason::PeerNotAccepted.into()).map(Some)
}

/// The first identity. Without one: what is worth waiting for, since it may give one; then the server that should have answered;
/// else the refusal of the provider that came furthest, because it is the one that the caller meant. Reasons are ordered as the
/// checks run.
fn first_success(
    outcomes: impl Iterator<Item = Result<Identity, Failure>>,
    nobody: impl FnOnce() -> Refusal,
) -> Result<Identity, Failure> {
    let mut pending: Option<Pending> = None;
    let mut unavailable: Option<Unavailable> = None;
    let mut furthest: Option<Refusal> = None;
    for outcome in outcomes {
        match outcome {
            Ok(identity) => return Ok(identity),
            Err(Failure::Pending(what)) => {
                pending.get_or_insert(what);
            }
            Err(Failure::Unavailable(what)) => {
                unavailable.get_or_insert(what);
            }
            Err(Failure::Refused(refusal)) => {
                if furthest.as_ref().is_none_or(|f| f.reason < refusal.reason) {
                    furthest = Some(refusal);
                }
            }
        }
    }
    let refused = || Failure::Refused(furthest.unwrap_or_else(nobody));
    let unavailable = unavailable.map(Failure::Unavailable);
    Err(pending
        .map(Failure::Pending)
        .or(unavailable)
        .unwrap_or_else(refused))
}
