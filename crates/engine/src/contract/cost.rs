//! How much work it is to say where a value breaks a schema.
//!
//! To collect violations, every branch of every union is followed, again at every level of a recursive schema: 3 branches and
//! 16 levels are 43 million. Validity itself has no such cost. This walk follows the same branches and only counts; where the
//! count passes a bound, a refusal names no place.

use super::json::Json;
use super::lint;
use serde_json::Value;

/// The most visits. Each can end in one violation.
const VISITS: usize = 5_000;
/// The longest path of schemas: more can only be a reference that leads to itself.
const DEPTH: usize = 500;

/// Whether violations of `document` by `instance` can be collected within bounds.
pub(super) fn is_bounded(document: &Value, instance: &Json<'_>) -> bool {
    let mut walk = Walk {
        definitions: document.get("$defs"),
        left: VISITS,
    };
    walk.visit(document, instance, 0).is_some()
}

struct Walk<'a> {
    definitions: Option<&'a Value>,
    left: usize,
}

impl Walk<'_> {
    /// `None` when the bound is passed.
    fn visit(&mut self, schema: &Value, value: &Json<'_>, depth: usize) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
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
                        self.visit(target, value, depth + 1)?;
                    }
                }
                "allOf" | "anyOf" | "oneOf" => {
                    for branch in part.as_array().into_iter().flatten() {
                        self.visit(branch, value, depth + 1)?;
                    }
                }
                "if" | "then" | "else" => self.visit(part, value, depth + 1)?,
                "dependentSchemas" => {
                    for branch in part.as_object().into_iter().flat_map(|m| m.values()) {
                        self.visit(branch, value, depth + 1)?;
                    }
                }
                "properties" => {
                    for member in value.members() {
                        if let Some(schema) = part.get(&*member.name) {
                            self.visit(schema, &member.value, depth + 1)?;
                        }
                    }
                }
                "patternProperties" => {
                    for schema in part.as_object().into_iter().flat_map(|m| m.values()) {
                        self.members(schema, value, depth)?;
                    }
                }
                "additionalProperties" | "unevaluatedProperties" | "propertyNames" => {
                    self.members(part, value, depth)?;
                }
                "items" | "unevaluatedItems" | "contains" => {
                    for item in value.items() {
                        self.visit(part, item, depth + 1)?;
                    }
                }
                "prefixItems" => {
                    let schemas = part.as_array().into_iter().flatten();
                    for (schema, item) in schemas.zip(value.items()) {
                        self.visit(schema, item, depth + 1)?;
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn members(&mut self, schema: &Value, value: &Json<'_>, depth: usize) -> Option<()> {
        for member in value.members() {
            self.visit(schema, &member.value, depth + 1)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn is_bounded(schema: &Value, value: &Value) -> bool {
        super::is_bounded(schema, &value.clone().into())
    }

    #[test]
    fn small_values_are_bounded() {
        let schema = json!({ "properties": { "a": { "anyOf": [{ "type": "string" }, { "type": "null" }] } } });
        assert!(is_bounded(&schema, &json!({ "a": 1 })));
    }

    #[test]
    fn many_items_are_not() {
        let schema = json!({ "items": { "type": "string" } });
        assert!(is_bounded(&schema, &Value::from(vec![1; 4_000])));
        assert!(!is_bounded(&schema, &Value::from(vec![1; 6_000])));
    }

    #[test]
    fn recursion_through_unions_is_not() {
        let branch = json!({ "properties": { "child": { "$ref": "#/$defs/node" } } });
        let schema = json!({ "$ref": "#/$defs/node", "$defs": { "node": { "oneOf": [branch, branch, branch] } } });
        let nested =
            |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({ "child": inner }));
        assert!(is_bounded(&schema, &nested(4)));
        assert!(!is_bounded(&schema, &nested(16)));
    }

    #[test]
    fn references_in_a_circle_end() {
        let schema = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/a" } } });
        assert!(!is_bounded(&schema, &json!(1)));
    }
}
