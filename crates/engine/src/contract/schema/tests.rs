use super::{Schemas, Violation};
use crate::config::Description;
use crate::problem::Problem;
use serde_json::{Value, json};

fn description(definitions: Value) -> Description {
    serde_json::from_value(
        json!({ "source": "shop.yaml", "operations": [], "schemas": definitions }),
    )
    .expect("a description")
}

fn violations(definitions: Value, schema: &Value, value: Value) -> Vec<Violation> {
    let description = description(definitions);
    let mut schemas = Schemas::new(&description);
    let schema = schemas.add(schema, "/s").expect("a schema");
    assert_eq!(schemas.finish(), []);
    schema.violations(&mut value.into(), 10)
}

fn problems(definitions: Value, schema: &Value) -> Vec<Problem> {
    let description = description(definitions);
    let mut schemas = Schemas::new(&description);
    schemas.add(schema, "/paths/~1x/get");
    schemas.finish()
}

#[test]
fn says_where_and_what_was_expected() {
    let schema = json!({
        "type": "object", "required": ["id"], "additionalProperties": false,
        "properties": {
            "id": { "type": "integer", "minimum": 1 },
            "a/b": { "type": "array", "items": { "type": ["string", "null"], "maxLength": 3 } },
            "mail": { "format": "email" }, "code": { "pattern": "^[A-Z]+$" }, "kind": { "enum": ["x", "y"] },
            "one": { "oneOf": [{ "type": "integer" }, { "minimum": 3 }] },
        }
    });
    for (value, at, expected) in [
        (json!([]), "", "expected type `object`"),
        (json!({}), "", "expected `required` member `id`"),
        (json!({"id": "s3cret"}), "/id", "expected type `integer`"),
        (json!({"id": 0}), "/id", "expected `minimum` 1"),
        (
            json!({"id": 1, "s3cret": 1}),
            "",
            "expected no undeclared members",
        ),
        (
            json!({"id": 1, "a/b": ["x", 1]}),
            "/a~1b/1",
            "expected one of the types `null`, `string`",
        ),
        (
            json!({"id": 1, "a/b": ["s3cret"]}),
            "/a~1b/0",
            "expected `maxLength` 3",
        ),
        (
            json!({"id": 1, "mail": "s3cret"}),
            "/mail",
            "expected `format` `email`",
        ),
        (
            json!({"id": 1, "code": "s3cret"}),
            "/code",
            "expected a match of `pattern` `^[A-Z]+$`",
        ),
        (
            json!({"id": 1, "kind": "s3cret"}),
            "/kind",
            "expected one of the `enum` values",
        ),
        (
            json!({"id": 1, "one": 4}),
            "/one",
            "expected a value that fits only one schema of `oneOf`",
        ),
    ] {
        let found = violations(json!({}), &schema, value.clone());
        assert_eq!(
            found,
            [Violation {
                at: at.to_owned(),
                expected: expected.to_owned()
            }],
            "{value}"
        );
    }
    assert_eq!(
        violations(json!({}), &schema, json!({"id": 1, "a/b": ["x", null]})),
        []
    );
}

#[test]
fn names_at_most_ten_places() {
    let schema = json!({ "items": { "type": "integer" } });
    assert_eq!(
        violations(json!({}), &schema, json!(vec!["x"; 50])).len(),
        10
    );
    let found = violations(json!({}), &schema, json!(vec!["x"; 40_000]));
    assert_eq!(
        found,
        [Violation {
            at: String::new(),
            expected: "expected a value that fits its schema".to_owned()
        }]
    );
}

#[test]
fn follows_recursive_definitions() {
    let definitions = json!({
        "Node": { "type": "object", "required": ["name"], "properties": {
            "name": { "type": "string" }, "children": { "type": "array", "items": { "$ref": "#/$defs/Node" } } } },
        "Unused": { "$ref": "#/$defs/Missing" },
    });
    let schema = json!({ "$ref": "#/$defs/Node" });
    let fits = json!({ "name": "a", "children": [{ "name": "b", "children": [] }] });
    assert_eq!(violations(definitions.clone(), &schema, fits), []);
    let breaks = json!({ "name": "a", "children": [{ "name": "b", "children": [{ "name": 1 }] }] });
    let found = violations(definitions, &schema, breaks);
    assert_eq!(
        found,
        [Violation {
            at: "/children/0/children/0/name".to_owned(),
            expected: "expected type `string`".to_owned()
        }]
    );
}

#[test]
fn recursion_through_unions_does_not_multiply() {
    let branch = |kind: &str| {
        json!({ "type": "object", "required": ["kind", "children"], "properties": {
            "kind": { "const": kind }, "children": { "type": "array", "items": { "$ref": "#/$defs/Node" } } } })
    };
    let definitions = json!({ "Node": { "oneOf": [branch("and"), branch("or"), branch("not"), { "type": "integer" }] } });
    let schema = json!({ "$ref": "#/$defs/Node" });
    let nested = |leaf: Value| {
        (0..30).fold(
            leaf,
            |inner, _| json!({ "kind": "or", "children": [inner] }),
        )
    };
    assert_eq!(
        violations(definitions.clone(), &schema, nested(json!(1))),
        []
    );
    assert_eq!(
        violations(definitions, &schema, nested(json!("x"))).len(),
        1
    );
}

#[test]
fn equal_schemas_share_a_slot_and_trivial_ones_have_none() {
    let description = description(json!({}));
    let (first, second, any) = (
        json!({ "type": "string" }),
        json!({ "type": "string" }),
        json!({ "title": "any" }),
    );
    let mut schemas = Schemas::new(&description);
    let (first, second) = (
        schemas.add(&first, "/a").expect("one"),
        schemas.add(&second, "/b").expect("one"),
    );
    assert_eq!(first.slot, second.slot);
    assert!(schemas.add(&any, "/c").is_none());
}

#[test]
fn nothing_fits_before_compilation_has_succeeded() {
    let description = description(json!({}));
    let (fine, broken) = (json!({ "type": "string" }), json!({ "type": "strnig" }));
    let mut schemas = Schemas::new(&description);
    let fine = schemas.add(&fine, "/a").expect("one");
    let broken = schemas.add(&broken, "/b").expect("one");
    assert_eq!(fine.violations(&mut json!("x").into(), 10).len(), 1);
    assert_eq!(schemas.finish().len(), 1);
    assert_eq!(broken.violations(&mut json!("x").into(), 10).len(), 1);
}

#[test]
fn blames_the_schema_that_does_not_compile() {
    let at = |found: &[Problem]| found.iter().map(|p| p.at.clone()).collect::<Vec<_>>();
    let found = problems(
        json!({}),
        &json!({ "properties": { "a": { "type": "strnig" } } }),
    );
    assert_eq!(at(&found), ["/paths/~1x/get/properties/a/type"]);
    assert_eq!(found[0].file.as_deref(), Some("shop.yaml"));
    for pattern in ["(?=x)y", "(a)\\1", "(", "^.{0,1000}{0,1000}$"] {
        let definitions =
            json!({ "A": { "properties": { "p": { "type": "string", "pattern": pattern } } } });
        let found = problems(definitions, &json!({ "$ref": "#/$defs/A" }));
        assert_eq!(
            at(&found),
            ["/components/schemas/A/properties/p/pattern"],
            "{pattern}"
        );
        assert!(
            found[0]
                .hint
                .as_deref()
                .is_some_and(|hint| hint.contains("linear time")),
            "{found:?}"
        );
    }
    let found = problems(json!({}), &json!({ "$ref": "#/$defs/A~1B" }));
    assert_eq!(at(&found), ["/components/schemas/A~1B"]);
    let found = problems(json!({}), &json!({ "$ref": "https://example.com/schema" }));
    assert_eq!(at(&found), ["/paths/~1x/get/$ref"]);
}
