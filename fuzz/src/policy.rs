//! A policy or bundle that somebody wrote.

use meshward_engine::{compile, config::Document};
use meshward_openapi::source::Source;
use serde_json::Value;

pub(crate) const PIECES: &[&str] = &[
    "&a",
    "*a",
    "<<: *a",
    "!!binary",
    "---\n",
    "? ",
    "{",
    "[",
    "\"",
    "null",
    "true",
    "0x10",
    "1e999",
    "-1",
    "enforce",
    "monitor",
    "identity.subject",
    "claims.a",
    "100/s",
    "0/s",
    "64KiB",
    "18446744073709551615",
    "{a}",
    "{a}{b}",
    "#/$defs/A",
    "$ref",
    "pattern",
    "(a+)+$",
    "[[:alpha:]]{1,99999}",
    "anyOf",
    "*",
    "*.example",
    "\u{0}",
    "é",
];

/// Reading and compiling never panics; a document that compiles still does after it was written and read again.
pub fn policy(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(source) = Source::parse("policy.yaml", text) else {
        return;
    };
    let Ok(document) = serde_json::from_value::<Document>(source.into_value()) else {
        return;
    };
    let compiled = compile(&document).is_ok();
    let written = serde_json::to_string(&document);
    let again = written.as_deref().map(serde_json::from_str::<Document>);
    let Ok(Ok(again)) = again else {
        assert!(
            !compiled,
            "a document that compiles cannot be read again: {again:?}"
        );
        return;
    };
    assert_eq!(
        compile(&again).is_ok(),
        compiled,
        "what was written means something else"
    );
    assert_eq!(
        serde_json::to_value(&again).ok(),
        written
            .ok()
            .and_then(|text| serde_json::from_str::<Value>(&text).ok()),
        "what was written changes"
    );
}
