//! What a server says about a token (RFC 7662 §2.2), read strictly.

use super::{Introspected, Introspector};
use crate::config::Timestamp;
use crate::identity::jwt::{numeric_date, strict_object, texts};
use crate::identity::text;
use crate::remote::{CallAnswer, Fault, json};
use crate::verdict::{Reason, Refusal};
use serde_json::{Map, Value};
use std::sync::Arc;

/// How far the server's clock may be off, in microseconds: as for signed tokens.
const SKEW: u64 = 30_000_000;

/// What came of a question.
#[derive(Debug, Clone)]
pub(in crate::identity) enum Verdict {
    /// The token holds, and this is whose it is.
    Active(Arc<Introspected>),
    /// It does not.
    Inactive(Refusal),
    /// The server gave no answer that can be used.
    Fault,
}

impl Introspector {
    /// Reads an answer.
    pub(super) fn read(&self, answer: &CallAnswer, now: Timestamp) -> Verdict {
        match self.judged(answer, now) {
            Ok(Ok(caller)) => Verdict::Active(Arc::new(caller)),
            Ok(Err(refusal)) => Verdict::Inactive(refusal),
            Err(_) => Verdict::Fault,
        }
    }

    fn judged(
        &self,
        answer: &CallAnswer,
        now: Timestamp,
    ) -> Result<Result<Introspected, Refusal>, Fault> {
        let (_, body) = json(answer)?;
        let claims = strict_object(body).ok_or(Fault::Malformed("not one JSON object"))?;
        match claims.get("active") {
            Some(Value::Bool(false)) => Ok(Err(Reason::TokenInactive.into())),
            Some(Value::Bool(true)) => self.active(claims, now),
            Some(_) | None => Err(Fault::Malformed("no `active` that is true or false")),
        }
    }

    fn active(
        &self,
        claims: Map<String, Value>,
        Timestamp(now): Timestamp,
    ) -> Result<Result<Introspected, Refusal>, Fault> {
        let time = |name: &str| {
            claims
                .get(name)
                .map(|value| numeric_date(value).ok_or(Fault::Malformed("a time that is none")))
                .transpose()
        };
        let (expires, not_before) = (time("exp")?, time("nbf")?);
        if expires.is_some_and(|at| now >= at.saturating_add(SKEW)) {
            return Ok(Err(Refusal::at(Reason::TokenInactive, "claims.exp")));
        }
        if not_before.is_some_and(|at| at > now.saturating_add(SKEW)) {
            return Ok(Err(Refusal::at(Reason::TokenInactive, "claims.nbf")));
        }
        if let Some(issuer) = &self.issuer
            && claims.get("iss").and_then(Value::as_str) != Some(issuer)
        {
            return Ok(Err(Refusal::at(Reason::TokenUnfit, "claims.iss")));
        }
        if !self.audiences.is_empty() {
            let theirs = claims.get("aud").and_then(texts).unwrap_or_default();
            let ours = |a: &&str| self.audiences.iter().any(|ours| ours == a);
            if !theirs.iter().any(ours) {
                return Ok(Err(Refusal::at(Reason::TokenUnfit, "claims.aud")));
            }
        }
        let Some(subject) = self.subject(&claims) else {
            let name = self.subject_claim.as_deref().unwrap_or("sub");
            return Ok(Err(Refusal::at(
                Reason::TokenUnfit,
                format!("claims.{name}"),
            )));
        };
        let scopes = match claims.get("scope") {
            None => Vec::new(),
            Some(value) => scopes(value).ok_or(Fault::Malformed("a `scope` that is none"))?,
        };
        Ok(Ok(Introspected {
            subject: subject.into(),
            scopes: scopes.into(),
            until: expires.unwrap_or(u64::MAX),
            claims: Arc::new(claims),
        }))
    }

    /// The caller's name: of a token that was issued to a client for itself, the client's.
    fn subject(&self, claims: &Map<String, Value>) -> Option<String> {
        let names = self
            .subject_claim
            .as_deref()
            .map_or(vec!["sub", "client_id"], |name| vec![name]);
        let value = names.into_iter().find_map(|name| claims.get(name))?;
        value
            .as_str()
            .filter(|subject| text::is_subject(subject))
            .map(str::to_owned)
    }
}

fn scopes(value: &Value) -> Option<Vec<String>> {
    let scopes: Vec<&str> = match value.as_str() {
        Some(line) => line.split(' ').filter(|s| !s.is_empty()).collect(),
        None => texts(value)?,
    };
    scopes
        .iter()
        .all(|scope| text::is_scope(scope))
        .then(|| text::scope_set(scopes.into_iter()))
}
