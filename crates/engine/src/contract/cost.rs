//! How much work it is to say where a value breaks a schema.
//!
//! To collect violations, every branch of every union is followed, again at every level of a recursive schema: 3 branches and
//! 16 levels are 43 million. Validity itself has no such cost. This walk follows the same branches and only counts; where the
//! count passes a bound, a refusal names no place.

use super::lint;
use serde_json::Value;

/// The most visits. Each can end in one violation.
const VISITS: usize = 5_000;
/// The longest path of schemas: more can only be a reference that leads to itself.
const DEPTH: usize = 500;
/// Violations inside unions copy the value that they are about: so many bytes count as one more visit.
const COPIED: usize = 4_096;

/// Whether violations of `document` by `instance`, which was `size` bytes long, can be collected within bounds.
pub(super) fn is_bounded(document: &Value, instance: &Value, size: usize) -> bool {
    let mut walk = Walk {
        definitions: document.get("$defs"),
        left: VISITS,
        copy: size / COPIED,
    };
    walk.visit(document, instance, 0, false).is_some()
}

struct Walk<'a> {
    definitions: Option<&'a Value>,
    left: usize,
    copy: usize,
}

impl Walk<'_> {
    /// `None` when the bound is passed.
    fn visit(&mut self, schema: &Value, value: &Value, depth: usize, in_union: bool) -> Option<()> {
        let price = if in_union { 1 + self.copy } else { 1 };
        self.left = self.left.checked_sub(price)?;
        if depth > DEPTH {
            return None;
        }
        let Value::Object(keywords) = schema else {
            return Some(());
        };
        for (keyword, part) in keywords {
            match keyword.as_str() {
                "$ref" => {
                    let target = part
                        .as_str()
                        .and_then(lint::referenced)
                        .and_then(|name| self.definitions?.get(&name));
                    if let Some(target) = target {
                        self.visit(target, value, depth + 1, in_union)?;
                    }
                }
                "allOf" | "anyOf" | "oneOf" => {
                    let in_union = in_union || keyword != "allOf";
                    for branch in part.as_array().into_iter().flatten() {
                        self.visit(branch, value, depth + 1, in_union)?;
                    }
                }
                "if" | "then" | "else" => self.visit(part, value, depth + 1, in_union)?,
                "dependentSchemas" => {
                    for branch in part.as_object().into_iter().flat_map(|m| m.values()) {
                        self.visit(branch, value, depth + 1, in_union)?;
                    }
                }
                "properties" => {
                    for (name, member) in value.as_object().into_iter().flatten() {
                        if let Some(schema) = part.get(name) {
                            self.visit(schema, member, depth + 1, in_union)?;
                        }
                    }
                }
                "patternProperties" => {
                    for schema in part.as_object().into_iter().flat_map(|m| m.values()) {
                        self.members(schema, value, depth, in_union)?;
                    }
                }
                "additionalProperties" | "unevaluatedProperties" | "propertyNames" => {
                    self.members(part, value, depth, in_union)?;
                }
                "items" | "unevaluatedItems" | "contains" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.visit(part, item, depth + 1, in_union)?;
                    }
                }
                "prefixItems" => {
                    let schemas = part.as_array().into_iter().flatten();
                    for (schema, item) in schemas.zip(value.as_array().into_iter().flatten()) {
                        self.visit(schema, item, depth + 1, in_union)?;
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn members(
        &mut self,
        schema: &Value,
        value: &Value,
        depth: usize,
        in_union: bool,
    ) -> Option<()> {
        for member in value.as_object().into_iter().flat_map(|m| m.values()) {
            self.visit(schema, member, depth + 1, in_union)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::is_bounded;
    use serde_json::{Value, json};

    #[test]
    fn small_values_are_bounded() {
        let schema = json!({ "properties": { "a": { "anyOf": [{ "type": "string" }, { "type": "null" }] } } });
        assert!(is_bounded(&schema, &json!({ "a": 1 }), 7));
    }

    #[test]
    fn many_items_are_not() {
        let schema = json!({ "items": { "type": "string" } });
        assert!(is_bounded(&schema, &Value::from(vec![1; 4_000]), 8_000));
        assert!(!is_bounded(&schema, &Value::from(vec![1; 6_000]), 12_000));
    }

    #[test]
    fn recursion_through_unions_is_not() {
        let branch = json!({ "properties": { "child": { "$ref": "#/$defs/node" } } });
        let schema = json!({ "$ref": "#/$defs/node", "$defs": { "node": { "oneOf": [branch, branch, branch] } } });
        let nested =
            |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({ "child": inner }));
        assert!(is_bounded(&schema, &nested(4), 100));
        assert!(!is_bounded(&schema, &nested(16), 100));
    }

    #[test]
    fn references_in_a_circle_end() {
        let schema = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/a" } } });
        assert!(!is_bounded(&schema, &json!(1), 1));
    }
}
