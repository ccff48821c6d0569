//! A JSON body, as bytes.

use crate::fixture;
use meshward_engine::verdict::Decision;
use serde_json::Value;

pub(crate) const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\\u0073ku",
    "null",
    "true",
    "1e999",
    "-0",
    "1.0",
    "0.1",
    "01",
    "18446744073709551616",
    "1E400",
    "\"sku\":\"A-1\"",
    "\"quantity\":1",
    "\u{feff}",
    "\u{0}",
    "é",
    " ",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "//",
    "NaN",
    "'",
];

/// What is admitted is JSON that fits the schema, in one reading.
pub fn json(input: &[u8]) {
    let evaluation = fixture::run(&fixture::post(input));
    if evaluation.record.decision == Decision::Deny {
        assert!(
            evaluation.forward.is_none(),
            "a refused request went upstream"
        );
        return;
    }
    let value: Value = match serde_json::from_slice(input) {
        Ok(value) => value,
        Err(error) => {
            assert!(input.is_empty(), "what is not JSON was admitted: {error}");
            assert!(!input.is_empty(), "an absent body was admitted");
            return;
        }
    };
    let sku = value.get("sku").and_then(Value::as_str);
    assert!(
        sku.is_some_and(|sku| !sku.is_empty() && sku.len() <= 20),
        "an unfit `sku` was admitted"
    );
    let quantity = value.get("quantity").and_then(Value::as_f64);
    assert!(
        quantity.is_some_and(|n| (1.0..=1000.0).contains(&n)),
        "an unfit `quantity` was admitted"
    );
    let members = value
        .as_object()
        .map(|members| members.keys().map(String::as_str).collect::<Vec<_>>());
    let known = ["note", "quantity", "sku", "tags"];
    assert!(
        members.is_some_and(|names| names.iter().all(|name| known.contains(name))),
        "an undeclared member was admitted"
    );
    // A member's name can be repeated in text only: what stands there twice must stand in a string's content.
    let written = value.to_string();
    let again: Option<Value> = serde_json::from_str(&written).ok();
    assert_eq!(again.as_ref(), Some(&value), "the body has two readings");
}
