//! What OpenAPI 3.0 says differently: `nullable`, and bounds that are exclusive by a boolean.

use crate::read::{At, Report};
use serde_json::{Map, Value};

/// Turns the keywords of 3.0 that were copied into their form in 2020-12.
pub(super) fn modernize(at: &At<'_>, schema: &mut Map<String, Value>, report: &mut Report) {
    for (bound, exclusive) in [
        ("minimum", "exclusiveMinimum"),
        ("maximum", "exclusiveMaximum"),
    ] {
        if schema.remove(exclusive) == Some(Value::Bool(true))
            && let Some(limit) = schema.remove(bound)
        {
            schema.insert(exclusive.to_owned(), limit);
        }
    }
    if schema.remove("nullable") == Some(Value::Bool(true)) {
        nullable(at, schema, report);
    }
    if schema.get("type").and_then(Value::as_str) == Some("array") && !schema.contains_key("items")
    {
        report.push(
            at.warning(
                "array-without-items",
                "the list has no `items`, so that any items are accepted",
            )
            .hint("say what the items are; `items: {}` stands for anything"),
        );
    }
}

/// 3.0.4: `nullable` adds `null` to `type`, and does nothing without one.
fn nullable(at: &At<'_>, schema: &mut Map<String, Value>, report: &mut Report) {
    let Some(kind) = schema.get_mut("type") else {
        let bounded = ["enum", "allOf", "anyOf", "oneOf"];
        if bounded.iter().any(|keyword| schema.contains_key(*keyword)) {
            let problem = at.warning(
                "nullable-without-type",
                "`nullable` has no effect without `type` in the same schema",
            );
            report.push(
                problem.hint("add `type`, or write `null` as a branch of `anyOf` in OpenAPI 3.1"),
            );
        }
        return;
    };
    *kind = Value::Array(vec![kind.take(), Value::from("null")]);
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}
