use super::{lints, table};
use meshward_engine::config::Description;
use serde_json::json;

#[test]
fn what_is_left_open_is_counted_once_with_its_place() {
    let description: Description = serde_json::from_value(json!({
        "source": "a.yaml",
        "schemas": {
            "Order": { "type": "object", "properties": {
                "name": { "type": "string" }, "id": { "type": "string", "format": "uuid" }, "kind": { "type": "string", "enum": ["a"] },
                "lines": { "type": "array", "items": { "$ref": "#/$defs/Order" } }, "count": { "type": "integer", "minimum": 1, "maximum": 5 },
            } },
            "Closed": { "type": "object", "additionalProperties": false, "allOf": [{ "type": "object" }] },
        },
        "operations": [
            { "method": "POST", "path": "/a", "at": "/paths/~1a/post",
              "parameters": [{ "name": "q", "in": "query", "style": "form", "schema": { "type": ["integer", "null"] }, "at": "/paths/~1a/post/parameters/0" }],
              "body": { "content": { "application/json": { "schema": { "$ref": "#/$defs/Order" } }, "application/a+json": {}, "image/png": {} } },
              "responses": { "400": { "content": { "application/json": {} } } } },
            { "method": "PUT", "path": "/a", "at": "/paths/~1a/put",
              "body": { "content": { "application/json": { "schema": { "anyOf": [{ "$ref": "#/$defs/Order" }, { "$ref": "#/$defs/Closed" }] } } } },
              "responses": { "200": { "content": { "application/json": { "schema": { "type": "object" } } } } } },
            { "method": "GET", "path": "/chat", "at": "/paths/~1chat/get", "responses": { "101": {} } },
        ],
    }))
    .unwrap();
    let found = lints("shop", &description);
    let shown: Vec<_> = found
        .iter()
        .map(|lint| (lint.code, lint.count, lint.places[0].as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("no-responses", 1, "/paths/~1a/post"),
            (
                "no-request-schema",
                1,
                "/paths/~1a/post/requestBody/content/application~1a+json"
            ),
            (
                "no-response-schema",
                1,
                "/paths/~1a/post/responses/400/content/application~1json"
            ),
            ("open-object", 1, "/components/schemas/Order"),
            (
                "unbounded-string",
                1,
                "/components/schemas/Order/properties/name"
            ),
            (
                "unbounded-list",
                1,
                "/components/schemas/Order/properties/lines"
            ),
            (
                "unbounded-integer",
                1,
                "/paths/~1a/post/parameters/0/schema"
            ),
        ]
    );
    assert!(table(&found).contains("1 texts in requests of any length"));
    assert_eq!(table(&[]), "");
}
