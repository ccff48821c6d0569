//! The claims of a token (RFC 7519 §4.1), judged after its signature.
//!
//! All comparisons are in microseconds and allow for the issuer's clock: a token is good up to, and not including, `exp`
//! plus the skew, and from `nbf` and `iat` minus the skew on. What they say about time is kept apart as [`Times`], because
//! it is judged again whenever the token comes again.

use super::Issuer;
use super::keys::Verified;
use crate::config::Timestamp;
use crate::identity::text;
use crate::verdict::{Reason, Refusal};
use serde_json::{Map, Value};
use std::sync::Arc;

/// 10000-01-01T00:00:00Z, in seconds: the first moment that RFC 3339 cannot write, and the end of what is taken for a time.
const YEAR_10000: u64 = 253_402_300_800;

/// Who a token speaks for. A copy shares everything.
#[derive(Clone)]
pub(in crate::identity) struct Caller {
    /// The subject claim.
    pub(in crate::identity) subject: Arc<str>,
    /// The scopes, as in [`crate::identity::Identity::scopes`].
    pub(in crate::identity) scopes: Arc<[String]>,
    /// Every claim.
    pub(in crate::identity) claims: Arc<Map<String, Value>>,
}

/// What a token says about time, in microseconds, and how far its issuer's clock may be off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    expires: u64,
    not_before: Option<u64>,
    issued: Option<u64>,
    skew: u64,
}

impl Times {
    pub(super) fn read(claims: &Map<String, Value>, skew: u64) -> Result<Self, Refusal> {
        Ok(Self {
            expires: time(claims, "exp")?.ok_or_else(|| missing("exp"))?,
            not_before: time(claims, "nbf")?,
            issued: time(claims, "iat")?,
            skew,
        })
    }

    /// Whether the token has expired, and will never be good again.
    pub(super) fn are_over(&self, now: Timestamp) -> bool {
        now.0 >= self.expires.saturating_add(self.skew)
    }

    /// Judges the moment.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.are_over(now) {
            return Err(Refusal::at(Reason::JwtExpired, "claims.exp"));
        }
        let latest = now.0.saturating_add(self.skew);
        for (at, start) in [("claims.nbf", self.not_before), ("claims.iat", self.issued)] {
            if start.is_some_and(|start| start > latest) {
                return Err(Refusal::at(Reason::JwtNotYetValid, at));
            }
        }
        Ok(())
    }
}

impl Issuer {
    /// Judges verified claims.
    pub(super) fn judge(
        &self,
        verified: &Verified<'_>,
        now: Timestamp,
    ) -> Result<(Caller, Times), Refusal> {
        let claims = verified.claims();
        self.check_issuer(claims)?;
        self.check_audience(claims)?;
        let times = Times::read(claims, self.skew)?;
        times.check(now)?;
        self.check_lifetime(&times)?;
        let caller = Caller {
            subject: self.subject(claims)?.into(),
            scopes: self.scopes(claims)?.into(),
            claims: Arc::clone(claims),
        };
        Ok((caller, times))
    }

    fn check_issuer(&self, claims: &Map<String, Value>) -> Result<(), Refusal> {
        let issuer = claims.get("iss").ok_or_else(|| missing("iss"))?;
        if issuer.as_str() == Some(&self.issuer) {
            Ok(())
        } else {
            Err(Refusal::at(Reason::JwtIssuer, "claims.iss"))
        }
    }

    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Refusal> {
        let audience = claims.get("aud").ok_or_else(|| missing("aud"))?;
        let ours = texts(audience)
            .ok_or_else(|| malformed("aud", "a string or a list of strings"))?
            .into_iter()
            .any(|a| self.audiences.iter().any(|ours| ours == a));
        if ours {
            Ok(())
        } else {
            Err(Refusal::at(Reason::JwtAudience, "claims.aud"))
        }
    }

    fn check_lifetime(&self, times: &Times) -> Result<(), Refusal> {
        if let Some(longest) = self.max_lifetime {
            let issued = times.issued.ok_or_else(|| missing("iat"))?;
            if times.expires.saturating_sub(issued) > longest {
                return Err(Refusal::at(Reason::JwtLifetime, "claims.exp"));
            }
        }
        Ok(())
    }

    fn subject(&self, claims: &Map<String, Value>) -> Result<String, Refusal> {
        let name = self.subject_claim.as_str();
        let expected = "a string of 1 to 256 bytes without control characters";
        let subject = claims
            .get(name)
            .ok_or_else(|| missing(name))?
            .as_str()
            .ok_or_else(|| malformed(name, expected))?;
        if subject.is_empty() {
            return Err(missing(name));
        }
        if text::is_subject(subject) {
            Ok(subject.to_owned())
        } else {
            Err(malformed(name, expected))
        }
    }

    /// The scopes of the first claim that is present; a token without any has none.
    fn scopes(&self, claims: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
        let Some((name, value)) = self
            .scope_claims
            .iter()
            .find_map(|name| claims.get(name).map(|value| (name, value)))
        else {
            return Ok(Vec::new());
        };
        let scopes = match value.as_str() {
            Some(line) => Some(line.split(' ').filter(|s| !s.is_empty()).collect()),
            None => texts(value),
        };
        scopes
            .filter(|scopes| scopes.iter().all(|scope| text::is_scope(scope)))
            .map(|scopes| text::scope_set(scopes.into_iter()))
            .ok_or_else(|| malformed(name, "scopes, separated by spaces or as a list of strings"))
    }
}

/// A string, or a list of nothing but strings.
pub(in crate::identity) fn texts(value: &Value) -> Option<Vec<&str>> {
    match (value.as_str(), value.as_array()) {
        (Some(one), _) => Some(vec![one]),
        (None, Some(list)) => list.iter().map(Value::as_str).collect(),
        (None, None) => None,
    }
}

/// A `NumericDate` in microseconds, rounded down.
pub(super) fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    numeric_date(value)
        .map(Some)
        .ok_or_else(|| malformed(name, "seconds since 1970, up to the year 9999"))
}

/// As [`time`], of the value itself.
pub(in crate::identity) fn numeric_date(value: &Value) -> Option<u64> {
    match (value.as_u64(), value.as_f64()) {
        (Some(seconds), _) => (seconds < YEAR_10000).then(|| seconds * 1_000_000),
        (None, Some(seconds)) => fraction(seconds),
        (None, None) => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the range is checked first, and parts of a microsecond do not matter"
)]
fn fraction(seconds: f64) -> Option<u64> {
    (0.0..YEAR_10000 as f64)
        .contains(&seconds)
        .then_some((seconds * 1e6) as u64)
}

fn missing(name: &str) -> Refusal {
    Refusal::at(Reason::JwtClaimMissing, format!("claims.{name}"))
}

fn malformed(name: &str, expected: &str) -> Refusal {
    Refusal::at(Reason::JwtMalformed, format!("claims.{name}")).expected(expected)
}
