use super::convert;
use serde_json::{Value, json};

/// What one operation becomes.
fn operation(operation: &Value) -> Value {
    let document = json!({
        "swagger": "2.0", "info": {}, "consumes": ["application/json"], "produces": ["application/json"],
        "parameters": { "limit": { "name": "limit", "in": "query", "type": "integer" }, "order": { "name": "order", "in": "body", "schema": { "$ref": "#/definitions/Order" } } },
        "paths": { "/a": { "post": operation } },
    });
    convert(&document).value["paths"]["/a"]["post"].clone()
}

#[test]
fn parameters() {
    for (old, new) in [
        (
            json!({ "name": "a", "in": "query", "type": "integer", "format": "int32", "minimum": 1, "required": true, "description": "d" }),
            json!({ "name": "a", "in": "query", "required": true, "description": "d", "schema": { "type": "integer", "format": "int32", "minimum": 1 } }),
        ),
        (
            json!({ "name": "a", "in": "query", "type": "array", "items": { "type": "string" } }),
            json!({ "name": "a", "in": "query", "style": "form", "explode": false, "schema": { "type": "array", "items": { "type": "string" } } }),
        ),
        (
            json!({ "name": "a", "in": "query", "type": "array", "items": {}, "collectionFormat": "multi" }),
            json!({ "name": "a", "in": "query", "style": "form", "explode": true, "schema": { "type": "array", "items": {} } }),
        ),
        (
            json!({ "name": "a", "in": "path", "required": true, "type": "array", "items": {}, "collectionFormat": "csv" }),
            json!({ "name": "a", "in": "path", "required": true, "style": "simple", "explode": false, "schema": { "type": "array", "items": {} } }),
        ),
        (
            json!({ "name": "a", "in": "query", "type": "array", "items": {}, "collectionFormat": "pipes" }),
            json!({ "name": "a", "in": "query", "style": "pipeDelimited", "explode": false, "schema": { "type": "array", "items": {} } }),
        ),
        (
            json!({ "name": "X", "in": "header", "type": "string", "x-nullable": true }),
            json!({ "name": "X", "in": "header", "schema": { "type": "string", "nullable": true } }),
        ),
        (
            json!({ "$ref": "#/parameters/limit" }),
            json!({ "$ref": "#/components/parameters/limit" }),
        ),
    ] {
        assert_eq!(
            operation(&json!({ "parameters": [old] })),
            json!({ "parameters": [new] }),
            "{old}"
        );
    }
}

#[test]
fn bodies() {
    let order = json!({ "$ref": "#/components/schemas/Order" });
    for (old, body) in [
        (
            json!({ "parameters": [{ "name": "b", "in": "body", "required": true, "schema": { "$ref": "#/definitions/Order" } }] }),
            json!({ "required": true, "content": { "application/json": { "schema": order } } }),
        ),
        (
            json!({ "parameters": [{ "$ref": "#/parameters/order" }] }),
            json!({ "required": false, "content": { "application/json": { "schema": order } } }),
        ),
        (
            json!({ "consumes": ["application/xml", "text/plain"], "parameters": [{ "name": "b", "in": "body", "schema": { "type": "string" } }] }),
            json!({ "required": false, "content": { "application/xml": { "schema": { "type": "string" } }, "text/plain": { "schema": { "type": "string" } } } }),
        ),
        (
            json!({ "parameters": [
                { "name": "a", "in": "formData", "required": true, "type": "integer" },
                { "name": "l", "in": "formData", "type": "array", "items": { "type": "string" } },
                { "name": "m", "in": "formData", "type": "array", "items": { "type": "string" }, "collectionFormat": "multi" },
            ] }),
            json!({ "required": true, "content": { "application/x-www-form-urlencoded": {
                "schema": { "type": "object", "required": ["a"], "properties": {
                    "a": { "type": "integer" }, "l": { "type": "array", "items": { "type": "string" } }, "m": { "type": "array", "items": { "type": "string" } } } },
                "encoding": { "l": { "style": "form", "explode": false } },
            } } }),
        ),
        (
            json!({ "parameters": [{ "name": "f", "in": "formData", "type": "file" }] }),
            json!({ "required": false, "content": { "multipart/form-data": {
                "schema": { "type": "object", "properties": { "f": { "type": "string", "format": "binary" } } } } } }),
        ),
    ] {
        assert_eq!(operation(&old)["requestBody"], body, "{old}");
    }
}

#[test]
fn responses() {
    let old = json!({ "responses": {
        "200": { "description": "ok", "schema": { "type": "file" }, "headers": { "X-A": { "type": "integer", "description": "d" } }, "examples": {} },
        "404": { "$ref": "#/responses/None" }, "default": { "description": "none" },
    } });
    assert_eq!(
        operation(&old)["responses"],
        json!({
            "200": { "description": "ok", "headers": { "X-A": { "description": "d", "schema": { "type": "integer" } } },
                "content": { "application/json": { "schema": { "type": "string", "format": "binary" } } } },
            "404": { "$ref": "#/components/responses/None" }, "default": { "description": "none" },
        })
    );
}

#[test]
fn the_rest_of_a_document() {
    let document = json!({
        "swagger": "2.0", "info": { "title": "t" }, "host": "a.example", "basePath": "/v1/", "schemes": ["http", "wss"], "x-a": 1,
        "definitions": { "Pet": { "discriminator": "kind", "properties": { "kind": { "type": "string" }, "$ref": { "$ref": "#/definitions/Pet" } }, "example": { "$ref": "#/definitions/no" } } },
        "securityDefinitions": { "b": { "type": "basic" }, "k": { "type": "apiKey", "in": "header", "name": "X" },
            "o": { "type": "oauth2", "flow": "accessCode", "authorizationUrl": "https://a", "tokenUrl": "https://t", "scopes": { "read": "r" } } },
        "paths": { "/a": { "parameters": [{ "name": "b", "in": "body", "schema": {} }, { "name": "q", "in": "query", "type": "string" }], "put": {}, "get": { "parameters": [{ "name": "b", "in": "body", "schema": { "type": "object" } }] } } },
    });
    let new = convert(&document);
    assert!(new.notes.is_empty());
    assert_eq!(
        new.value,
        json!({
            "openapi": "3.0.4", "info": { "title": "t" }, "servers": [{ "url": "http://a.example/v1" }], "x-a": 1,
            "components": {
                "schemas": { "Pet": { "discriminator": { "propertyName": "kind" }, "properties": { "kind": { "type": "string" }, "$ref": { "$ref": "#/components/schemas/Pet" } }, "example": { "$ref": "#/definitions/no" } } },
                "securitySchemes": { "b": { "type": "http", "scheme": "basic" }, "k": { "type": "apiKey", "in": "header", "name": "X" },
                    "o": { "type": "oauth2", "flows": { "authorizationCode": { "authorizationUrl": "https://a", "tokenUrl": "https://t", "scopes": { "read": "r" } } } } },
            },
            "paths": { "/a": {
                "parameters": [{ "name": "q", "in": "query", "schema": { "type": "string" } }],
                "put": { "requestBody": { "required": false, "content": { "application/json": { "schema": {} } } } },
                "get": { "requestBody": { "required": false, "content": { "application/json": { "schema": { "type": "object" } } } } },
            } },
        })
    );
}

#[test]
fn places_lead_back_to_the_file() {
    let document = json!({ "swagger": "2.0", "paths": { "/a": { "post": {
        "parameters": [{ "name": "b", "in": "body", "schema": {} }, { "name": "q", "in": "query", "type": "nothing" }, { "name": "l", "in": "query", "type": "array", "collectionFormat": "tsv" }],
        "responses": { "200": { "schema": {} } } } } } });
    let mut converted = convert(&document);
    converted.moved.sort();
    for (now, before) in [
        (
            "/paths/~1a/post/parameters/0/schema/type",
            "/paths/~1a/post/parameters/1/type",
        ),
        (
            "/paths/~1a/post/parameters/0/name",
            "/paths/~1a/post/parameters/1/name",
        ),
        (
            "/paths/~1a/post/requestBody/content/application~1json/schema/type",
            "/paths/~1a/post/parameters/0/schema/type",
        ),
        (
            "/paths/~1a/post/responses/200/content/application~1json/schema",
            "/paths/~1a/post/responses/200/schema",
        ),
    ] {
        assert_eq!(converted.moved.back(now), before);
    }
    assert_eq!(
        converted.notes[0].at,
        "/paths/~1a/post/parameters/2/collectionFormat"
    );
}
