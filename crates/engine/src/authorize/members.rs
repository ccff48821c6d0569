//! Roles, groups and audiences: names that a claim must hold.

use super::claim::ClaimPath;
use crate::verdict::{Reason, Refusal};
use serde_json::{Map, Value};

/// Names that a claim must hold.
#[derive(Debug)]
pub(crate) struct Members {
    pub(super) claim: ClaimPath,
    pub(super) form: Form,
    pub(super) any_of: Vec<String>,
    pub(super) all_of: Vec<String>,
    pub(super) reason: Reason,
}

/// How a text holds names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// It is several, with spaces between them.
    Spaced,
    /// It is one (RFC 7519 §4.1.3, for `aud`).
    Single,
}

impl Members {
    pub(super) fn check(&self, claims: Option<&Map<String, Value>>) -> Result<(), Refusal> {
        let held = claims.and_then(|claims| self.claim.find(claims));
        let has = |name: &String| held.is_some_and(|value| holds(value, name, self.form));
        if !self.all_of.iter().all(has) {
            return Err(self.refusal("all of", &self.all_of));
        }
        if !self.any_of.is_empty() && !self.any_of.iter().any(has) {
            return Err(self.refusal("one of", &self.any_of));
        }
        Ok(())
    }

    /// The names are part of the policy, not of the request: they may be told.
    fn refusal(&self, how_many: &str, names: &[String]) -> Refusal {
        Refusal::at(self.reason, self.claim.to_string())
            .expected(format!("{how_many} `{}`", names.join("`, `")))
    }
}

/// Whether a claim holds a name. A list holds its texts as they are; what is neither text nor list holds nothing.
fn holds(value: &Value, name: &str, form: Form) -> bool {
    match (value, form) {
        (Value::String(text), Form::Spaced) => text.split(' ').any(|word| word == name),
        (Value::String(text), Form::Single) => text == name,
        (Value::Array(items), _) => items.iter().any(|item| item.as_str() == Some(name)),
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(claims: &Value, any_of: &[&str], all_of: &[&str]) -> bool {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect();
        Members {
            claim: ClaimPath::parse("realm_access.roles").unwrap(),
            form: Form::Spaced,
            any_of: names(any_of),
            all_of: names(all_of),
            reason: Reason::RoleMissing,
        }
        .check(claims.as_object())
        .is_ok()
    }

    #[test]
    fn all_and_any() {
        let claims = json!({ "realm_access": { "roles": ["a", "b", 3] } });
        assert!(check(&claims, &["x", "b"], &[]));
        assert!(check(&claims, &[], &["a", "b"]));
        assert!(check(&claims, &["b"], &["a"]));
        assert!(!check(&claims, &["b"], &["a", "c"]));
        assert!(!check(&claims, &["c"], &["a"]));
        assert!(!check(&claims, &["3"], &[]));
    }

    #[test]
    fn texts_lists_and_everything_else() {
        let with = |roles: Value| json!({ "realm_access": { "roles": roles } });
        assert!(check(&with(json!("b a")), &["a"], &[]));
        assert!(!check(&with(json!("b a")), &["b a"], &[]));
        assert!(check(&with(json!(["b a"])), &["b a"], &[]));
        assert!(!check(&with(json!(["b a"])), &["a"], &[]));
        for wrong in [
            json!(null),
            json!(true),
            json!(1),
            json!({ "a": 1 }),
            json!([["a"]]),
        ] {
            assert!(!check(&with(wrong.clone()), &["a"], &[]), "{wrong}");
        }
        assert!(!check(&json!({}), &["a"], &[]));
        assert!(!holds(&json!("a b"), "a", Form::Single));
        assert!(holds(&json!("a b"), "a b", Form::Single));
    }
}
