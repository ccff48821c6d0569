//! Formats of numbers that are ranges: what a `format` says, the bounds say (OpenAPI Format Registry).

use serde_json::{Map, Number, Value, json};

/// The least and the greatest number of a format. `double` is every number that is read.
fn range(format: &str) -> Option<(Value, Value)> {
    Some(match format {
        "int8" => (json!(i8::MIN), json!(i8::MAX)),
        "int16" => (json!(i16::MIN), json!(i16::MAX)),
        "int32" => (json!(i32::MIN), json!(i32::MAX)),
        "int64" => (json!(i64::MIN), json!(i64::MAX)),
        "uint8" => (json!(0), json!(u8::MAX)),
        "uint16" => (json!(0), json!(u16::MAX)),
        "uint32" => (json!(0), json!(u32::MAX)),
        "uint64" => (json!(0), json!(u64::MAX)),
        // Whole numbers that a double holds exactly.
        "double-int" => (json!(-((1_i64 << 53) - 1)), json!((1_i64 << 53) - 1)),
        "float" => (json!(f64::from(f32::MIN)), json!(f64::from(f32::MAX))),
        _ => return None,
    })
}

/// Adds the bounds of a schema's format, where it has none that are narrower.
pub(super) fn add(schema: &mut Map<String, Value>) {
    let format = schema.get("format").and_then(Value::as_str);
    let numeric = |kind: &Value| matches!(kind.as_str(), Some("integer" | "number"));
    let is_number = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(numeric),
        Some(kind) => numeric(kind),
        None => false,
    };
    let Some((least, greatest)) = format.filter(|_| is_number).and_then(range) else {
        return;
    };
    let number = |schema: &Map<String, Value>, names: [&str; 2]| {
        let found = names
            .into_iter()
            .filter_map(|name| schema.get(name)?.as_f64());
        found.collect::<Vec<f64>>()
    };
    let low = number(schema, ["minimum", "exclusiveMinimum"]);
    let high = number(schema, ["maximum", "exclusiveMaximum"]);
    let as_float = |value: &Value| {
        value
            .as_number()
            .and_then(Number::as_f64)
            .unwrap_or_default()
    };
    if low.iter().all(|bound| *bound < as_float(&least)) {
        schema.insert("minimum".to_owned(), least);
    }
    if high.iter().all(|bound| *bound > as_float(&greatest)) {
        schema.insert("maximum".to_owned(), greatest);
    }
}

#[cfg(test)]
mod tests {
    use super::add;
    use serde_json::{Value, json};

    #[test]
    fn formats_are_ranges() {
        let range = |schema: Value| {
            let Value::Object(mut schema) = schema else {
                return Value::Null;
            };
            add(&mut schema);
            json!([schema.get("minimum"), schema.get("maximum")])
        };
        for (schema, expected) in [
            (
                json!({ "type": "integer", "format": "int32" }),
                json!([-2_147_483_648_i64, 2_147_483_647]),
            ),
            (
                json!({ "type": ["integer", "null"], "format": "int64" }),
                json!([i64::MIN, i64::MAX]),
            ),
            (
                json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 10 }),
                json!([1, 10]),
            ),
            (
                json!({ "type": "integer", "format": "int8", "maximum": 1000 }),
                json!([-128, 127]),
            ),
            (
                json!({ "type": "integer", "format": "uint8", "exclusiveMinimum": 5 }),
                json!([null, 255]),
            ),
            (
                json!({ "type": "string", "format": "int32" }),
                json!([null, null]),
            ),
            (
                json!({ "type": "number", "format": "double" }),
                json!([null, null]),
            ),
        ] {
            assert_eq!(range(schema.clone()), expected, "{schema}");
        }
    }
}
