//! Token introspection (RFC 7662): the server that issued a token says whose it is, and whether it still holds.
//!
//! `compile` is the way from the policy, `answer` reads what the server says, `cache` remembers it for a while, `breaker` stops
//! asking a server that does not answer.
//!
//! Invariants:
//! - *Deny on doubt*: an answer that is not exactly an answer is a failure of the server, never an identity.
//! - *Bounded*: tokens that are not active cannot push out those that are, and neither grows beyond its number.
//! - No token is kept, only its digest.

mod answer;
mod cache;
mod compile;

pub(super) use answer::Verdict;

use super::asked::{Asked, Failure, Pending, Question};
use super::remote::Unavailable;
use crate::config::{OnFailure, Span, Timestamp};
use crate::remote::{Breaker, Call, CallAnswer, Location, Protocol};
use crate::verdict::{Reason, Refusal};
use cache::Cache;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The longest token, in bytes: as for signed ones.
const MAX_TOKEN: usize = 16 * 1024;

/// A server that knows tokens, compiled.
pub(crate) struct Introspector {
    cluster: String,
    location: Location,
    /// The value of the `Authorization` field: a secret.
    authorization: String,
    issuer: Option<String>,
    audiences: Vec<String>,
    subject_claim: Option<String>,
    /// Times in microseconds.
    timeout: u64,
    max_age: u64,
    negative_max_age: u64,
    on_failure: OnFailure,
    state: Mutex<State>,
}

struct State {
    active: Cache<Arc<Introspected>>,
    inactive: Cache<Refusal>,
    breaker: Breaker,
}

/// A caller whom a server vouches for.
pub(super) struct Introspected {
    pub(super) subject: Arc<str>,
    /// As in [`super::Identity::scopes`].
    pub(super) scopes: Arc<[String]>,
    /// The whole answer.
    pub(super) claims: Arc<Map<String, Value>>,
    /// Until when that may be believed.
    until: u64,
}

impl Introspector {
    /// The issuer that its answers must name.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The cluster that leads to the server.
    pub(super) fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Says whose a token is: from memory, or from what the exchange has asked.
    pub(super) fn check(
        self: &Arc<Self>,
        token: &str,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Arc<Introspected>, Failure> {
        if token.len() > MAX_TOKEN {
            return Err(Refusal::new(Reason::CredentialMalformed).into());
        }
        // Before the memory: what was asked for this exchange may be too old for it already.
        if let Some(verdict) = asked.answer_of(self) {
            return match verdict {
                Verdict::Active(caller) => Ok(Arc::clone(caller)),
                Verdict::Inactive(refusal) => Err(refusal.clone().into()),
                Verdict::Fault => Err(self.unavailable(now)),
            };
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        {
            let state = self.state();
            if let Some(caller) = state.active.find(&digest, now) {
                return Ok(Arc::clone(caller));
            }
            if let Some(refusal) = state.inactive.find(&digest, now) {
                return Err(refusal.clone().into());
            }
            if state.breaker.is_open(now) {
                drop(state);
                return Err(self.unavailable(now));
            }
        }
        Err(Failure::Pending(Pending::Token(Box::new(Question {
            introspector: Arc::clone(self),
            digest,
            call: self.call(token),
        }))))
    }

    /// Takes the server's answer about the token with this digest.
    pub(super) fn learn(&self, digest: [u8; 32], answer: &CallAnswer, now: Timestamp) -> Verdict {
        let verdict = self.read(answer, now);
        let mut state = self.state();
        match &verdict {
            Verdict::Active(caller) => {
                state.breaker.answered();
                let until = caller.until.min(now.0.saturating_add(self.max_age));
                state.active.insert(digest, Arc::clone(caller), until, now);
            }
            Verdict::Inactive(refusal) => {
                state.breaker.answered();
                let until = now.0.saturating_add(self.negative_max_age);
                state.inactive.insert(digest, refusal.clone(), until, now);
            }
            Verdict::Fault => state.breaker.failed(now),
        }
        verdict
    }

    fn call(&self, token: &str) -> Call {
        let mut body = "token_type_hint=access_token&token=".to_owned();
        body.extend(form_urlencoded::byte_serialize(token.as_bytes()));
        Call {
            protocol: Protocol::Http,
            cluster: self.cluster.clone(),
            method: "POST",
            authority: self.location.authority.clone(),
            path: self.location.path.clone(),
            headers: vec![
                ("accept", "application/json".to_owned()),
                (
                    "content-type",
                    "application/x-www-form-urlencoded".to_owned(),
                ),
                ("authorization", self.authorization.clone()),
            ],
            body: body.into_bytes(),
            timeout: Span(self.timeout),
        }
    }

    fn unavailable(&self, now: Timestamp) -> Failure {
        Failure::Unavailable(Unavailable {
            refusal: Refusal::new(Reason::IntrospectionUnavailable),
            on_failure: self.on_failure,
            retry_after: self.state().breaker.seconds_left(now).max(1),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, what it left behind is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Introspector {
    // The client's secret stays inside.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspector")
            .field("cluster", &self.cluster)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Introspected {
    // Claims are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspected").finish_non_exhaustive()
    }
}
