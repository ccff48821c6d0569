use super::ResponseContract;
use crate::config::Description;
use crate::contract::FilterRules;
use crate::contract::Held;
use crate::contract::Schemas;
use crate::http::{Headers, ResponseHead};
use crate::verdict::{Reason, Refusal};
use serde_json::{Value, json};

fn contract(responses: Value) -> ResponseContract {
    let description: Description = serde_json::from_value(json!({
        "source": "shop.yaml",
        "operations": [{ "method": "GET", "path": "/", "at": "/paths/~1/get", "responses": responses }],
    }))
    .expect("a description");
    let mut schemas = Schemas::new(&description);
    let contract = ResponseContract::compile(
        &description.operations[0],
        &FilterRules::default(),
        &mut schemas,
    );
    assert_eq!(schemas.finish(), []);
    contract
}

fn shop() -> ResponseContract {
    let content =
        |kind: &str| json!({ "content": { "application/json": { "schema": { "type": kind } } } });
    contract(json!({
        "200": content("object"), "4xx": content("string"), "404": content("null"), "default": content("array"), "201": {},
    }))
}

fn head(status: u16, fields: &[(&str, &str)]) -> ResponseHead {
    let fields = fields
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect();
    ResponseHead {
        status,
        headers: Headers::new(fields),
        end_of_stream: false,
    }
}

fn codes(refusals: &[Refusal]) -> Vec<Reason> {
    refusals.iter().map(|refusal| refusal.reason).collect()
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn the_closest_status_counts() {
    let contract = shop();
    for (status, body) in [
        (200, "{}"),
        (404, "null"),
        (400, r#""x""#),
        (500, "[]"),
        (302, "[]"),
    ] {
        let head = head(status, &[JSON]);
        assert_eq!(contract.check_head(&head, b"GET"), [], "{status}");
        assert!(contract.needs_body(&head, b"GET"));
        assert_eq!(
            contract
                .check_body(&head, b"GET", &mut Held::new(body.as_bytes()), true, &[])
                .refusals,
            [],
            "{status}"
        );
        assert_eq!(
            codes(
                &contract
                    .check_body(&head, b"GET", &mut Held::new(b"1"), true, &[])
                    .refusals
            ),
            [Reason::ResponseSchema],
            "{status}"
        );
    }
}

#[test]
fn what_is_not_declared_is_found() {
    let strict = contract(json!({ "200": { "content": { "application/json": {} } } }));
    assert_eq!(
        codes(&strict.check_head(&head(500, &[JSON]), b"GET")),
        [Reason::ResponseStatusUndeclared]
    );
    let contract = shop();
    for (status, fields, reasons) in [
        (
            200,
            &[("content-type", "text/html")][..],
            vec![Reason::ResponseContentType],
        ),
        (200, &[], vec![Reason::ResponseContentType]),
        (201, &[JSON], vec![Reason::ResponseContentType]),
        (201, &[("content-length", "0")], vec![]),
        (
            200,
            &[JSON, ("content-encoding", "gzip")],
            vec![Reason::ResponseMalformed],
        ),
        (
            200,
            &[JSON, ("content-length", "1048577")],
            vec![Reason::ResponseTooLarge],
        ),
    ] {
        assert_eq!(
            codes(&contract.check_head(&head(status, fields), b"GET")),
            reasons,
            "{status} {fields:?}"
        );
    }
}

#[test]
fn content_is_judged() {
    let contract = contract(
        json!({ "200": { "content": { "application/json": { "schema": {
        "type": "object", "properties": { "id": { "type": "integer" } } } } } } }),
    );
    let head = head(200, &[JSON]);
    for (body, found) in [
        (r#"{"id":1}"#, None),
        (r#"{"id":"s3cret"}"#, Some((Reason::ResponseSchema, "/id"))),
        (
            r#"{"id":1,"id":1}"#,
            Some((Reason::ResponseMalformed, "/id")),
        ),
        ("", Some((Reason::ResponseMalformed, ""))),
        ("<html>", Some((Reason::ResponseMalformed, ""))),
    ] {
        let refusals = contract
            .check_body(&head, b"GET", &mut Held::new(body.as_bytes()), true, &[])
            .refusals;
        let seen = refusals
            .first()
            .map(|r| (r.reason, r.at.as_deref().unwrap_or_default()));
        assert_eq!(seen, found, "{body}");
        assert!(!format!("{refusals:?}").contains("s3cret"));
    }
    let large = vec![b' '; (1 << 20) + 1];
    assert_eq!(
        codes(
            &contract
                .check_body(&head, b"GET", &mut Held::new(&large), true, &[])
                .refusals
        ),
        [Reason::ResponseTooLarge]
    );
    assert_eq!(contract.check_size(1 << 20), None);
}

#[test]
fn some_responses_have_no_body() {
    let contract = contract(
        json!({ "default": { "content": { "application/json": { "schema": { "type": "object" } } } } }),
    );
    let ended = ResponseHead {
        end_of_stream: true,
        ..head(200, &[])
    };
    for (head, method) in [
        (head(200, &[]), "HEAD"),
        (head(204, &[]), "GET"),
        (head(304, &[]), "GET"),
        (ended, "GET"),
    ] {
        assert_eq!(contract.check_head(&head, method.as_bytes()), []);
        assert!(!contract.needs_body(&head, method.as_bytes()));
    }
}

#[test]
fn no_declaration_constrains_nothing() {
    let contract = contract(json!({}));
    let head = head(599, &[("content-type", "text/html")]);
    assert_eq!(contract.check_head(&head, b"GET"), []);
    assert!(!contract.needs_body(&head, b"GET"));
}
