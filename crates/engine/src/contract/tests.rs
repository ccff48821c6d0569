use super::FilterRules;
use super::{Checked, Contract, Held, MOST_REFUSALS, Rules, Schemas};
use crate::config::{BodyRules, Description, Unknown};
use crate::http::{Headers, RequestHead, Target};
use crate::problem::Severity;
use crate::verdict::{Reason, Refusal};
use serde_json::{Value, json};
use std::sync::Arc;

mod body;

/// A contract of an operation with these members.
fn contract(operation: Value) -> Contract {
    contract_with(operation, json!({}), BodyRules::default(), Unknown::Deny)
}

fn contract_with(
    operation: Value,
    body_schemas: Value,
    body: BodyRules,
    unknown_query: Unknown,
) -> Contract {
    let description = description(operation, body_schemas);
    let mut schemas = Schemas::new(&description);
    let allowed_query = ["api_key".to_owned()];
    let filter = FilterRules::default();
    let rules = Rules {
        accept: Unknown::Allow,
        filter: &filter,
        responses: true,
        body,
        unknown_query,
        allowed_query: &allowed_query,
    };
    let contract = Contract::compile(&description.operations[0], rules, &mut schemas);
    assert_eq!(schemas.finish(), []);
    contract
}

fn description(mut operation: Value, schemas: Value) -> Description {
    let members = operation.as_object_mut().expect("an object");
    members.entry("method").or_insert(json!("POST"));
    members.entry("path").or_insert(json!("/x"));
    members.entry("at").or_insert(json!("/paths/~1x/post"));
    serde_json::from_value(
        json!({ "source": "shop.yaml", "operations": [operation], "schemas": schemas }),
    )
    .expect("a description")
}

fn parameter(location: &str, name: &str, explode: bool, schema: Value) -> Value {
    let style = if ["path", "header"].contains(&location) {
        "simple"
    } else {
        "form"
    };
    json!({ "name": name, "in": location, "style": style, "explode": explode, "schema": schema, "at": "/parameters/0" })
}

fn head(fields: &[(&str, &[u8])]) -> RequestHead {
    let fields = fields
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()))
        .collect();
    RequestHead {
        method: b"POST".to_vec(),
        headers: Headers::new(fields),
        ..RequestHead::default()
    }
}

fn bodiless(fields: &[(&str, &[u8])]) -> RequestHead {
    RequestHead {
        end_of_stream: true,
        ..head(fields)
    }
}

fn query(pairs: &[(&str, &str)]) -> Target {
    let query = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Target {
        query,
        ..Target::default()
    }
}

fn codes(refusals: &[Refusal]) -> Vec<(Reason, &str)> {
    refusals
        .iter()
        .map(|r| (r.reason, r.at.as_deref().unwrap_or_default()))
        .collect()
}

/// The reason for which one query parameter `p` is refused.
fn query_verdict(explode: bool, schema: Value, values: &[&str]) -> Option<Reason> {
    let contract = contract(json!({ "parameters": [parameter("query", "p", explode, schema)] }));
    let pairs: Vec<(&str, &str)> = values.iter().map(|value| ("p", *value)).collect();
    let checked = contract.check_head(&bodiless(&[]), &query(&pairs), &[]);
    checked.refusals.first().map(|refusal| refusal.reason)
}

#[test]
fn query_parameters_are_read_by_their_schema() {
    use Reason::{ParameterDuplicate as Duplicate, ParameterInvalid as Invalid};
    let integer = json!({ "type": "integer", "minimum": 1, "maximum": 100 });
    let either =
        json!({ "oneOf": [{ "type": "integer" }, { "type": "string", "pattern": "^[a-z]+$" }] });
    let list = json!({ "type": "array", "items": { "type": "integer" }, "maxItems": 2 });
    let mixed = json!({ "anyOf": [{ "type": "integer" }, { "type": "array", "items": { "type": "integer" } }] });
    let limited = json!({ "minimum": 1 });
    let day = json!({ "type": "string", "format": "date" });
    for (explode, schema, values, verdict) in [
        (true, &integer, &["7"][..], None),
        (true, &integer, &[], None),
        (true, &integer, &["0"], Some(Invalid)),
        (true, &integer, &["+7"], Some(Invalid)),
        (true, &integer, &["7.0"], Some(Invalid)),
        (true, &integer, &[""], Some(Invalid)),
        (true, &integer, &["1", "1"], Some(Duplicate)),
        (true, &either, &["7"], None),
        (true, &either, &["abc"], None),
        (true, &either, &["A"], Some(Invalid)),
        (true, &list, &["1", "2"], None),
        (true, &list, &["1"], None),
        (true, &list, &["1", "x"], Some(Invalid)),
        (true, &list, &["1,2"], Some(Invalid)),
        (true, &list, &["1", "2", "3"], Some(Invalid)),
        (false, &list, &["1,2"], None),
        (false, &list, &[""], None),
        (false, &list, &["1,"], Some(Invalid)),
        (false, &list, &["1", "2"], Some(Duplicate)),
        (true, &mixed, &["1"], None),
        (true, &mixed, &["1", "2"], None),
        (true, &mixed, &["x"], Some(Invalid)),
        (true, &limited, &["0"], Some(Invalid)),
        (true, &limited, &["1"], None),
        (true, &day, &["2027-02-28"], None),
        (true, &day, &["2027-02-30"], Some(Invalid)),
        (true, &json!({ "type": "boolean" }), &["true"], None),
        (
            true,
            &json!({ "type": "boolean" }),
            &["True"],
            Some(Invalid),
        ),
        (
            true,
            &json!({ "type": "number" }),
            &["1e999"],
            Some(Invalid),
        ),
        (true, &json!({}), &["anything"], None),
        (true, &json!(false), &["anything"], Some(Invalid)),
    ] {
        assert_eq!(
            query_verdict(explode, schema.clone(), values),
            verdict,
            "{schema} {values:?} explode: {explode}"
        );
    }
}

#[test]
fn every_location_is_checked() {
    let integer = json!({ "type": "integer" });
    let ids = json!({ "type": "array", "items": { "type": "integer" } });
    let mut required = parameter("header", "x-tenant", false, integer.clone());
    required["required"] = json!(true);
    let contract = contract(json!({ "parameters": [
        parameter("path", "id", false, integer.clone()),
        required,
        parameter("header", "x-ids", false, ids),
        parameter("header", "accept", false, json!(false)),
        parameter("cookie", "session", true, json!({ "type": "string", "minLength": 3 })),
    ] }));
    let id = |value: &str| [(Arc::from("id"), value.to_owned())];
    let verdict = |fields: &[(&str, &[u8])], id: &[(Arc<str>, String)]| {
        let checked = contract.check_head(&bodiless(fields), &Target::default(), id);
        codes(&checked.refusals)
            .into_iter()
            .map(|(reason, at)| (reason, at.to_owned()))
            .collect::<Vec<_>>()
    };
    let one = |reason, at: &str| vec![(reason, at.to_owned())];
    let fine: &[(&str, &[u8])] = &[
        ("x-tenant", b"1"),
        ("x-ids", b"1, 2"),
        ("x-ids", b"3"),
        ("accept", b"*/*"),
        ("cookie", b"a=b; session=abc"),
    ];
    assert_eq!(verdict(fine, &id("7")), []);
    assert_eq!(verdict(fine, &[]), one(Reason::ParameterMissing, "path.id"));
    assert_eq!(
        verdict(fine, &id("x")),
        one(Reason::ParameterInvalid, "path.id")
    );
    assert_eq!(
        verdict(&[], &id("7")),
        one(Reason::ParameterMissing, "header.x-tenant")
    );
    assert_eq!(
        verdict(&[("x-tenant", b"\xff")], &id("7")),
        one(Reason::ParameterInvalid, "header.x-tenant")
    );
    assert_eq!(
        verdict(&[("x-tenant", b"1"), ("x-tenant", b"1")], &id("7")),
        one(Reason::ParameterDuplicate, "header.x-tenant")
    );
    let cookies = |value| verdict(&[("x-tenant", b"1"), ("cookie", value)], &id("7"));
    assert_eq!(
        cookies(b"session=a"),
        one(Reason::ParameterInvalid, "cookie.session")
    );
    assert_eq!(
        cookies(b"session=abc; session=abc"),
        one(Reason::ParameterDuplicate, "cookie.session")
    );
    assert_eq!(
        cookies(b"session=\xffbc"),
        one(Reason::ParameterInvalid, "cookie.session")
    );
}

#[test]
fn unknown_query_parameters_are_refused_reported_or_let_pass() {
    let target = query(&[("known", "1"), ("api_key", "s3cret"), ("other", "s3cret")]);
    let unknown = vec![(Reason::ParameterUnknown, "query.other")];
    for (mode, refused, reported) in [
        (Unknown::Deny, unknown.clone(), vec![]),
        (Unknown::Monitor, vec![], unknown),
        (Unknown::Allow, vec![], vec![]),
    ] {
        let operation = json!({ "parameters": [parameter("query", "known", true, json!({}))] });
        let contract = contract_with(operation, json!({}), BodyRules::default(), mode);
        let Checked {
            refusals,
            reported: seen,
            needs_body: _,
        } = contract.check_head(&bodiless(&[]), &target, &[]);
        assert_eq!(
            (codes(&refusals), codes(&seen)),
            (refused, reported),
            "{mode:?}"
        );
    }
}

#[test]
fn refusals_are_bounded_and_hold_no_value() {
    let names: Vec<String> = (0..50).map(|n| format!("s3cret{n}")).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v4lue")).collect();
    let refusals = contract(json!({}))
        .check_head(&bodiless(&[]), &query(&pairs), &[])
        .refusals;
    assert_eq!(refusals.len(), MOST_REFUSALS);
    assert!(!format!("{refusals:?}").contains("v4lue"));
    let contract = contract(
        json!({ "parameters": [parameter("query", "p", true, json!({ "enum": ["a"] }))] }),
    );
    let refusals = contract
        .check_head(&bodiless(&[]), &query(&[("p", "s3cret")]), &[])
        .refusals;
    assert!(!format!("{refusals:?}").contains("s3cret"));
}

#[test]
fn endpoints_without_a_description_are_bounded_in_size() {
    let contract = Contract::none(BodyRules {
        max_size: Some(crate::config::Bytes(10)),
        ..BodyRules::default()
    });
    let target = query(&[("anything", "1")]);
    assert_eq!(
        contract.check_head(&head(&[("content-length", b"10")]), &target, &[]),
        Checked::default()
    );
    let refusals = contract
        .check_head(&head(&[("content-length", b"11")]), &target, &[])
        .refusals;
    assert_eq!(codes(&refusals), [(Reason::BodyTooLarge, "")]);
    assert_eq!(
        contract.check_size(11).map(|r| r.reason),
        Some(Reason::BodyTooLarge)
    );
    assert_eq!(contract.check_body(&head(&[]), &mut Held::new(b"{,")), []);
}

#[test]
fn says_what_is_not_read() {
    let object = parameter("cookie", "filter", true, json!({ "type": "object" }));
    let nested = parameter(
        "query",
        "matrix",
        true,
        json!({ "type": "array", "items": { "type": "array" } }),
    );
    let operation = json!({ "parameters": [object, nested], "body": { "content": {
        "application/xml": { "schema": { "type": "object", "required": ["a"] } },
        "application/octet-stream": { "schema": { "type": "string", "format": "binary" } },
        "application/json;v=1": {}, "application/json;v=2": {},
    } } });
    let description = description(operation, json!({}));
    let mut schemas = Schemas::new(&description);
    let filter = FilterRules::default();
    let rules = Rules {
        accept: Unknown::Allow,
        filter: &filter,
        responses: true,
        body: BodyRules::default(),
        unknown_query: Unknown::Deny,
        allowed_query: &[],
    };
    let _ = Contract::compile(&description.operations[0], rules, &mut schemas);
    let problems = schemas.finish();
    let found: Vec<_> = problems
        .iter()
        .map(|p| (p.severity, p.code, p.at.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (Severity::Warning, "parameter-style", "/parameters/0/schema"),
            (
                Severity::Warning,
                "parameter-nested",
                "/parameters/0/schema"
            ),
            (
                Severity::Error,
                "media-type-ambiguous",
                "/paths/~1x/post/requestBody/content/application~1json;v=2"
            ),
            (
                Severity::Warning,
                "schema-unchecked",
                "/paths/~1x/post/requestBody/content/application~1xml/schema"
            ),
        ]
    );
    assert!(
        problems
            .iter()
            .all(|p| p.file.as_deref() == Some("shop.yaml") && p.hint.is_some())
    );
}
