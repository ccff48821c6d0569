//! Claims of the caller in headers of the policy's choice, which no client can send itself.

use super::upstream::visible;
use super::{HeaderChange, Transaction};
use serde_json::{Map, Value};

/// The most bytes of one header: a claim can be as long as a token.
const MAX_VALUE: usize = 4096;

/// Takes every header that carries claims from the request, and adds those of the endpoint.
pub(super) fn changes(transaction: &Transaction, changes: &mut Vec<HeaderChange>) {
    let taken = &transaction.policy.claim_headers;
    if taken.is_empty() {
        return;
    }
    for (name, _) in transaction.head.headers.iter() {
        if taken.iter().any(|own| is_spelling(name, own))
            && let Ok(name) = std::str::from_utf8(name)
        {
            changes.push(HeaderChange::Remove(name.to_owned().into()));
        }
    }
    let (Some(endpoint), Some(identity)) = (transaction.endpoint(), &transaction.identity) else {
        return;
    };
    for header in &endpoint.claim_headers {
        if let Some(value) = value(&identity.claims, &header.path) {
            changes.push(HeaderChange::Add(header.name.clone().into(), value));
        }
    }
}

/// Servers that pass headers on as environment variables do not tell `-` from `_`, so both spellings are taken.
fn is_spelling(name: &[u8], own: &str) -> bool {
    name.len() == own.len()
        && name
            .iter()
            .zip(own.bytes())
            .all(|(a, b)| *a == b || (*a == b'_' && b == b'-'))
}

fn value(claims: &Map<String, Value>, path: &[String]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let mut value = claims.get(first)?;
    for step in rest {
        value = value.as_object()?.get(step)?;
    }
    let text = match value.as_array() {
        Some(items) => {
            let items = items
                .iter()
                .map(|item| scalar(item).map(|t| t.replace(',', "%2C")));
            items.collect::<Option<Vec<_>>>()?.join(",")
        }
        None => scalar(value)?,
    };
    (text.len() <= MAX_VALUE).then_some(text)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(visible(text)),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_numbers_and_lists_are_sent_and_nothing_else() {
        let claims = json!({
            "a": "x\r\ny", "n": 7, "b": true, "l": ["p,q", 1], "o": { "in": "deep" }, "m": [{}], "z": null,
            "long": "a".repeat(MAX_VALUE + 1),
        });
        for (path, expected) in [
            ("a", Some("x%0D%0Ay")),
            ("n", Some("7")),
            ("b", Some("true")),
            ("l", Some("p%2Cq,1")),
            ("o.in", Some("deep")),
            ("o", None),
            ("m", None),
            ("z", None),
            ("a.b", None),
            ("none", None),
            ("long", None),
        ] {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            let sent = value(claims.as_object().unwrap(), &path);
            assert_eq!(sent.as_deref(), expected, "{path:?}");
        }
    }

    #[test]
    fn both_spellings_are_taken() {
        assert!(is_spelling(b"x_user-tenant", "x-user-tenant"));
        assert!(!is_spelling(b"x-user-tenants", "x-user-tenant"));
    }
}
