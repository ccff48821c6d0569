//! What single claims must be.

use super::claim::ClaimPath;
use crate::verdict::{Reason, Refusal};
use serde_json::{Map, Value};

/// What one claim must be.
#[derive(Debug)]
pub(crate) struct ClaimRule {
    pub(super) claim: ClaimPath,
    pub(super) test: Test,
}

/// What is asked of a claim. The values are texts, whole numbers, `true` or `false`.
#[derive(Debug)]
pub(super) enum Test {
    /// One of these.
    OneOf(Vec<Value>),
    /// A list with this in it.
    Contains(Value),
    /// There, and not null.
    Present,
    /// Not there.
    Absent,
}

impl ClaimRule {
    pub(super) fn check(&self, claims: Option<&Map<String, Value>>) -> Result<(), Refusal> {
        let value = claims.and_then(|claims| self.claim.find(claims));
        let holds = match &self.test {
            Test::OneOf(values) => value.is_some_and(|value| values.contains(value)),
            Test::Contains(wanted) => value
                .and_then(Value::as_array)
                .is_some_and(|items| items.contains(wanted)),
            Test::Present => value.is_some_and(|value| !value.is_null()),
            // Nobody's claims are not there either, but nobody is asked for something here.
            Test::Absent => claims.is_some() && value.is_none(),
        };
        if holds {
            Ok(())
        } else {
            Err(Refusal::at(Reason::ClaimDenied, self.claim.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_test() {
        let claims =
            json!({ "tier": "gold", "level": 3, "ok": true, "list": ["a", 1], "none": null });
        let check = |claim, test| {
            ClaimRule {
                claim: ClaimPath::parse(claim).unwrap(),
                test,
            }
            .check(claims.as_object())
            .is_ok()
        };
        let is = |value: Value| Test::OneOf(vec![value]);
        assert!(check("tier", is(json!("gold"))));
        assert!(check(
            "tier",
            Test::OneOf(vec![json!("silver"), json!("gold")])
        ));
        assert!(check("level", is(json!(3))));
        assert!(check("ok", is(json!(true))));
        assert!(!check("level", is(json!("3"))), "text is no number");
        assert!(!check("ok", is(json!("true"))));
        assert!(!check("list", is(json!("a"))), "a list is no text");
        assert!(!check("gone", is(json!("a"))));
        assert!(check("list", Test::Contains(json!("a"))));
        assert!(check("list", Test::Contains(json!(1))));
        assert!(!check("list", Test::Contains(json!("b"))));
        assert!(!check("tier", Test::Contains(json!("gold"))));
        assert!(check("tier", Test::Present));
        assert!(!check("none", Test::Present) && !check("gone", Test::Present));
        assert!(check("gone", Test::Absent));
        assert!(!check("none", Test::Absent), "null is there");
        let nobody = ClaimRule {
            claim: ClaimPath::parse("gone").unwrap(),
            test: Test::Absent,
        };
        assert!(nobody.check(None).is_err());
    }
}
