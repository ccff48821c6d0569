//! Where schemathesis expects another answer than Meshward gives, by kind, each with its reason.

use serde_json::Value;

/// The kind of a request that was answered otherwise than schemathesis expects; `None` where that is a fault.
pub(crate) fn of(wanted: &str, line: &Value) -> Option<&'static str> {
    let reason = line.pointer("/problem/reason").and_then(Value::as_str);
    // A text without a pattern may be any text to its schema. In a path, a control character, a slash or a backslash is read in several
    // ways by what stands behind, so it is refused before any schema is asked.
    let any_text = wanted == "positive" && reason == Some("target_ambiguous");
    any_text.then_some("texts in paths that have no one reading")
}
