use super::{bodiless, codes, contract, contract_with, head};
use crate::config::{BodyRules, Unknown};
use crate::contract::{Contract, Held};
use crate::http::{RequestHead, Target};
use crate::verdict::Reason;
use serde_json::{Value, json};

fn order() -> Value {
    json!({ "body": { "required": true, "content": { "application/json": { "schema": { "$ref": "#/$defs/Order" } }, "text/*": {} } } })
}

fn orders(body: BodyRules) -> Contract {
    let schemas = json!({ "Order": { "type": "object", "required": ["sku"], "additionalProperties": false, "properties": {
        "sku": { "type": "string" }, "qty": { "type": "integer" }, "gift": { "$ref": "#/$defs/Order" } } } });
    contract_with(order(), schemas, body, Unknown::Deny)
}

#[test]
fn heads_of_bodies() {
    let contract = orders(BodyRules::default());
    let json: (&str, &[u8]) = ("content-type", b"application/json");
    let length: (&str, &[u8]) = ("content-length", b"2");
    for (fields, reasons) in [
        (&[json, length][..], vec![]),
        (&[json], vec![]),
        (
            &[("content-type", b"application/json; charset=utf-8"), length],
            vec![],
        ),
        (&[("content-type", b"text/csv"), length], vec![]),
        (&[json, length, ("content-encoding", b"identity")], vec![]),
        (&[json, ("content-length", b"0")], vec![Reason::BodyMissing]),
        (&[length], vec![Reason::ContentTypeMissing]),
        (
            &[("content-type", b"application/xml"), length],
            vec![Reason::ContentTypeUnsupported],
        ),
        (
            &[
                ("content-type", b"application/json; charset=utf-16"),
                length,
            ],
            vec![Reason::ContentTypeUnsupported],
        ),
        (
            &[
                (
                    "content-type",
                    b"application/json; charset=utf-8; charset=utf-8",
                ),
                length,
            ],
            vec![Reason::ContentTypeUnsupported],
        ),
        (&[json, json, length], vec![Reason::ContentTypeUnsupported]),
        (
            &[json, length, ("content-encoding", b"gzip")],
            vec![Reason::ContentEncodingUnsupported],
        ),
        (
            &[json, length, ("content-encoding", b"identity, br")],
            vec![Reason::ContentEncodingUnsupported],
        ),
        (&[json, ("content-length", b"1048576")], vec![]),
        (
            &[json, ("content-length", b"1048577")],
            vec![Reason::BodyTooLarge],
        ),
    ] {
        let refusals = contract
            .check_head(&head(fields), &Target::default(), &[])
            .refusals;
        assert_eq!(
            refusals.iter().map(|r| r.reason).collect::<Vec<_>>(),
            reasons,
            "{fields:?}"
        );
    }
    let refusals = contract
        .check_head(&bodiless(&[json]), &Target::default(), &[])
        .refusals;
    assert_eq!(codes(&refusals), [(Reason::BodyMissing, "")]);
}

#[test]
fn bodies_are_held_only_where_they_decide() {
    let json: (&str, &[u8]) = ("content-type", b"application/json");
    let text: (&str, &[u8]) = ("content-type", b"text/csv");
    let length: (&str, &[u8]) = ("content-length", b"2");
    let (orders, plain, none) = (
        orders(BodyRules::default()),
        contract(json!({})),
        Contract::none(BodyRules::default()),
    );
    assert!(orders.needs_body(&head(&[json, length])));
    assert!(!orders.needs_body(&head(&[text, length])));
    assert!(orders.needs_body(&head(&[text])));
    assert!(!orders.needs_body(&bodiless(&[json])));
    assert!(plain.needs_body(&head(&[])));
    assert!(none.needs_body(&head(&[])));
    assert!(!none.needs_body(&head(&[length])));
}

#[test]
fn content_of_bodies() {
    let contract = orders(BodyRules {
        max_depth: Some(3),
        max_values: Some(7),
        max_size: Some(crate::config::Bytes(100)),
        ..BodyRules::default()
    });
    let json = head(&[("content-type", b"application/json")]);
    let deep = r#"{"sku":"a","gift":{"sku":"a","gift":{"sku":"a","gift":{}}}}"#;
    for (body, found) in [
        (r#"{"sku":"a","qty":1}"#, vec![]),
        (r#"{"sku":"a","gift":{"sku":"b"}}"#, vec![]),
        ("", vec![(Reason::BodyMissing, "")]),
        ("{", vec![(Reason::BodyMalformed, "")]),
        (r#"{"sku":"a"} {}"#, vec![(Reason::BodyMalformed, "")]),
        (
            r#"{"sku":"a","qty":1,"qty":2}"#,
            vec![(Reason::BodyDuplicateMember, "/qty")],
        ),
        (deep, vec![(Reason::BodyTooDeep, "/gift/gift/gift")]),
        ("[1,2,3,4,5,6,7]", vec![(Reason::BodyTooComplex, "/6")]),
        (
            r#"{"sku":1,"gift":{"qty":"x"}}"#,
            vec![
                (Reason::BodySchema, "/gift"),
                (Reason::BodySchema, "/gift/qty"),
                (Reason::BodySchema, "/sku"),
            ],
        ),
        (
            r#"{"sku":"a","admin":true}"#,
            vec![(Reason::BodySchema, "")],
        ),
        (&" ".repeat(101), vec![(Reason::BodyTooLarge, "")]),
    ] {
        let refusals = contract.check_body(&json, &mut Held::new(body.as_bytes()));
        let mut seen = codes(&refusals);
        seen.sort_unstable();
        assert_eq!(seen, found, "{body}");
    }
    let text = head(&[("content-type", b"text/csv")]);
    assert_eq!(contract.check_body(&text, &mut Held::new(b"{not json")), []);
}

#[test]
fn endpoints_without_a_body_take_none() {
    let contract = contract(json!({}));
    let on_head = |head: &RequestHead| contract.check_head(head, &Target::default(), &[]).refusals;
    assert_eq!(on_head(&bodiless(&[])), []);
    assert_eq!(on_head(&head(&[("content-length", b"0")])), []);
    assert_eq!(
        codes(&on_head(&head(&[("content-length", b"1")]))),
        [(Reason::BodyUnexpected, "")]
    );
    assert_eq!(on_head(&head(&[])), []);
    assert_eq!(contract.check_size(0), None);
    assert_eq!(contract.check_size(1), Some(Reason::BodyUnexpected.into()));
    assert_eq!(
        codes(&contract.check_body(&head(&[]), &mut Held::new(b"x"))),
        [(Reason::BodyUnexpected, "")]
    );
}
