use super::{Look, Types, scalars};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn looks_through_references_and_combinations() {
    let definitions: BTreeMap<String, Value> = serde_json::from_value(json!({
        "Id": { "type": "integer" }, "Loop": { "anyOf": [{ "$ref": "#/$defs/Loop" }, { "$ref": "#/$defs/Loop" }] },
    }))
    .expect("definitions");
    for (schema, types) in [
        (json!({ "type": "string" }), Types::STRING),
        (
            json!({ "type": ["integer", "null"] }),
            Types::INTEGER.or(Types::NULL),
        ),
        (json!({ "$ref": "#/$defs/Id" }), Types::INTEGER),
        (
            json!({ "allOf": [{ "type": ["string", "number"] }, { "$ref": "#/$defs/Id" }] }),
            Types::INTEGER,
        ),
        (
            json!({ "oneOf": [{ "type": "boolean" }, { "type": "array" }] }),
            Types::BOOLEAN.or(Types::ARRAY),
        ),
        (
            json!({ "enum": ["a", 1] }),
            Types::STRING.or(Types::INTEGER),
        ),
        (json!({ "const": true }), Types::BOOLEAN),
        (json!({ "minimum": 1 }), Types::NUMBER),
        (json!({ "pattern": "a" }), Types::STRING),
        (json!({ "not": {} }), Types::ALL),
        (json!(false), Types::NONE),
        (json!({ "$ref": "#/$defs/Loop" }), Types::ALL),
    ] {
        assert_eq!(Look::new(&definitions).types(&schema), types, "{schema}");
    }
}

#[test]
fn reads_the_most_specific_type_first() {
    let all = Types::ALL;
    assert_eq!(scalars("1", all), [json!(1), json!("1")]);
    assert_eq!(scalars("true", all), [json!(true), json!("true")]);
    assert_eq!(scalars("", all), [json!(null), json!("")]);
    assert_eq!(scalars("x", Types::INTEGER), [] as [Value; 0]);
}

#[test]
fn reads_numbers_as_json_does() {
    for (text, integer, number) in [
        ("0", true, true),
        ("-0", true, true),
        ("-12", true, true),
        ("18446744073709551616", true, true),
        ("1.5", false, true),
        ("1e3", false, true),
        ("1E+2", false, true),
        ("-1.0", false, true),
        ("+1", false, false),
        ("01", false, false),
        ("0x1", false, false),
        ("1e999", false, false),
        ("1.", false, false),
        (".5", false, false),
        ("", false, false),
        ("-", false, false),
        (" 1", false, false),
        ("1 ", false, false),
        ("1\n", false, false),
        ("１", false, false),
        ("NaN", false, false),
        ("1_000", false, false),
        ("--1", false, false),
        ("Infinity", false, false),
    ] {
        assert_eq!(!scalars(text, Types::INTEGER).is_empty(), integer, "{text}");
        assert_eq!(!scalars(text, Types::NUMBER).is_empty(), number, "{text}");
    }
}

#[test]
fn names_what_was_expected() {
    assert_eq!(Types::INTEGER.expected(), "expected type `integer`");
    assert_eq!(Types::NUMBER.expected(), "expected type `number`");
    assert_eq!(
        Types::NUMBER.or(Types::NULL).expected(),
        "expected one of the types `null`, `number`"
    );
}
