//! Step-up authentication (RFC 9470): how strongly, and how long ago, the caller proved who it is.

use crate::config::Timestamp;
use crate::verdict::{Reason, Refusal};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// How far in the future a login may lie: the issuer's clock may be ahead.
const SKEW: u64 = 60;

/// What is asked of the login behind a token.
#[derive(Debug)]
pub(crate) struct StepUp {
    /// The `acr` values that are accepted, in order of preference. Empty where any is.
    pub(super) acr: Vec<String>,
    /// In seconds.
    pub(super) max_age: Option<u64>,
}

impl StepUp {
    pub(super) fn check(
        &self,
        claims: Option<&Map<String, Value>>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let claim = |name: &str| claims.and_then(|claims| claims.get(name));
        if !self.acr.is_empty() {
            let held = claim("acr").and_then(text);
            if !held.is_some_and(|held| self.acr.iter().any(|acr| **acr == *held)) {
                return Err(Refusal::at(Reason::StepUpRequired, "claims.acr")
                    .expected(format!("one of `{}`", self.acr.join("`, `"))));
            }
        }
        if let Some(max_age) = self.max_age {
            let recent = claim("auth_time").and_then(seconds).is_some_and(|login| {
                let now = now.seconds();
                login <= now.saturating_add(SKEW) && now.saturating_sub(login) <= max_age
            });
            if !recent {
                return Err(Refusal::at(Reason::StepUpRequired, "claims.auth_time")
                    .expected(format!("a login at most {max_age} seconds ago")));
            }
        }
        Ok(())
    }

    /// The challenge that tells a client what to ask its authorization server for (RFC 9470 §3).
    pub(crate) fn challenge(&self, realm: &str) -> String {
        let mut out = format!(
            "Bearer realm=\"{realm}\", error=\"insufficient_user_authentication\", \
             error_description=\"A stronger or more recent login is required\""
        );
        if !self.acr.is_empty() {
            out.push_str(", acr_values=\"");
            out.push_str(&self.acr.join(" "));
            out.push('"');
        }
        if let Some(max_age) = self.max_age {
            out.push_str(&format!(", max_age=\"{max_age}\""));
        }
        out
    }
}

/// Whether a value can stand in `acr_values`: visible ASCII without quotes and backslashes.
pub(super) fn is_acr(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

/// Some issuers write their levels as numbers.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => number.as_u64().map(|n| Cow::Owned(n.to_string())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A `NumericDate` in seconds, rounded down.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        // A fraction of a second does not matter here, but some issuers write one.
        let whole = value.as_f64()?.trunc();
        (0.0..=253_402_300_799.0).contains(&whole).then(|| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked, and the fraction is cut off"
            )]
            let whole = whole as u64;
            whole
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_000_000_000_000);

    fn check(acr: &[&str], max_age: Option<u64>, claims: &Value) -> bool {
        let rule = StepUp {
            acr: acr.iter().map(|a| (*a).to_owned()).collect(),
            max_age,
        };
        rule.check(claims.as_object(), NOW).is_ok()
    }

    #[test]
    fn acr_is_one_of_the_accepted() {
        assert!(check(&["2", "3"], None, &json!({ "acr": "3" })));
        assert!(check(&["2"], None, &json!({ "acr": 2 })));
        for wrong in [
            json!({}),
            json!({ "acr": "1" }),
            json!({ "acr": ["2"] }),
            json!({ "acr": 2.5 }),
            json!({ "acr": null }),
        ] {
            assert!(!check(&["2"], None, &wrong), "{wrong}");
        }
    }

    #[test]
    fn a_login_must_be_recent() {
        for (auth_time, recent) in [
            (json!(1_000_000), true),
            (json!(999_700), true),
            (json!(999_699), false),
            (json!(999_700.9), true),
            (json!(1_000_060), true),
            (json!(1_000_061), false),
            (json!("1000000"), false),
            (json!(null), false),
            (json!(-1), false),
        ] {
            assert_eq!(
                check(&[], Some(300), &json!({ "auth_time": auth_time })),
                recent,
                "{auth_time}"
            );
        }
        assert!(!check(&[], Some(300), &json!({})));
    }

    #[test]
    fn the_challenge_names_what_is_asked() {
        let rule = StepUp {
            acr: vec!["silver".into(), "gold".into()],
            max_age: Some(300),
        };
        assert_eq!(
            rule.challenge("api"),
            "Bearer realm=\"api\", error=\"insufficient_user_authentication\", error_description=\"A stronger or more recent \
             login is required\", acr_values=\"silver gold\", max_age=\"300\""
        );
    }
}
