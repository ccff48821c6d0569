use super::*;
use crate::config::BodyRules;
use crate::http::Headers;
use serde_json::{Value, json};

fn post(rules: Value) -> Graphql {
    let rules: GraphqlRules = serde_json::from_value(rules).unwrap();
    Graphql::compile(&rules, With::Post)
}

fn head() -> RequestHead {
    let fields = vec![(b"content-type".to_vec(), b"application/json".to_vec())];
    RequestHead {
        headers: Headers::new(fields),
        ..RequestHead::default()
    }
}

/// The reason and the place of a refusal.
fn sent(graphql: &Graphql, body: &Value) -> Option<(&'static str, String)> {
    let body = body.to_string();
    let refusal = graphql.check_body(&head(), body.as_bytes(), &Body::any(BodyRules::default()))?;
    Some((refusal.reason.code(), refusal.at.unwrap_or_default()))
}

fn query(graphql: &Graphql, text: &str) -> Option<(&'static str, String)> {
    sent(graphql, &json!({ "query": text }))
}

fn said(reason: &'static str, at: &str) -> Option<(&'static str, String)> {
    Some((reason, at.to_owned()))
}

#[test]
fn depth_is_that_of_fields_with_fragments_expanded() {
    let graphql = post(json!({ "maxDepth": 3 }));
    let deep = said("graphql_too_deep", "graphql.depth");
    for text in [
        "{a{b{c}}}",
        "{a{... on T{b{... @include(if: true){c}}}}}",
        "query Q {...F} fragment F on T {a{...G}} fragment G on T {b{c}}",
    ] {
        assert_eq!(query(&graphql, text), None, "{text}");
    }
    for text in [
        "{a{b{c{d}}}}",
        "{a{...F}} fragment F on T {b{...G}} fragment G on T {c{d}}",
    ] {
        assert_eq!(query(&graphql, text), deep, "{text}");
    }
}

#[test]
fn fragments_count_wherever_they_are_spread() {
    let complex = |what: &str| said("graphql_too_complex", &format!("graphql.{what}"));
    let text = "{a{...F} b{...F}} fragment F on T {x: c d @skip(if: true)}";
    for (rules, found) in [
        (
            json!({ "maxFields": 6, "maxAliases": 2, "maxDirectives": 2, "maxRootFields": 2 }),
            None,
        ),
        (json!({ "maxFields": 5 }), complex("fields")),
        (json!({ "maxAliases": 1 }), complex("aliases")),
        (json!({ "maxDirectives": 1 }), complex("directives")),
        (json!({ "maxRootFields": 1 }), complex("rootFields")),
    ] {
        assert_eq!(query(&post(rules), text), found);
    }
    let root = "{...F ...F} fragment F on T {a b{c d e}}";
    assert_eq!(query(&post(json!({ "maxRootFields": 4 })), root), None);
    assert_eq!(
        query(&post(json!({ "maxRootFields": 3 })), root),
        complex("rootFields")
    );
}

#[test]
fn fragments_that_double_each_other_are_counted_at_once() {
    let mut text = "{...F0}".to_owned();
    for n in 0..200 {
        text.push_str(&format!(" fragment F{n} on T {{...F{0} ...F{0}}}", n + 1));
    }
    text.push_str(" fragment F200 on T {a}");
    let found = query(&post(json!({})), &text);
    assert_eq!(found, said("graphql_too_complex", "graphql.rootFields"));
}

#[test]
fn a_long_chain_of_fragments_needs_no_stack() {
    let mut text = "{...F0}".to_owned();
    for n in 0..10_000 {
        text.push_str(&format!("fragment F{n} on T{{a{{...F{}}}}}", n + 1));
    }
    text.push_str("fragment F10000 on T{a}");
    let found = query(&post(json!({ "maxTokens": 1_000_000 })), &text);
    assert_eq!(found, said("graphql_too_deep", "graphql.depth"));
    let nested = format!("{}a{}", "{a".repeat(40_000), "}".repeat(40_000));
    let found = query(&post(json!({ "maxTokens": 1_000_000 })), &nested);
    assert_eq!(found, said("graphql_too_deep", "graphql.depth"));
}

#[test]
fn what_fragments_must_not_do() {
    let graphql = post(json!({}));
    let fragments = said("graphql_malformed", "graphql.fragments");
    for text in [
        "{...F} fragment F on T {...F}",
        "{a} fragment F on T {b{...G}} fragment G on T {c{...F}}",
        "{...F}",
        "{a} fragment F on T {...G}",
    ] {
        assert_eq!(query(&graphql, text), fragments, "{text}");
    }
}

#[test]
fn lists_multiply_what_stands_in_them() {
    // users 1, each of 10: id and posts 2, each of those 5: title 1.
    let text = "{users(first: 10) {id posts(x: {a: [1, {}]} last: 5) {title}}}";
    let costly = said("graphql_too_costly", "graphql.cost");
    assert_eq!(query(&post(json!({ "maxCost": 71 })), text), None);
    assert_eq!(query(&post(json!({ "maxCost": 70 })), text), costly);
    assert_eq!(
        query(
            &post(json!({ "maxCost": 7, "costArguments": ["last"] })),
            text
        ),
        costly
    );
    assert_eq!(
        query(
            &post(json!({ "maxCost": 8, "costArguments": ["last"] })),
            text
        ),
        None
    );
    let fragment = "{users(first: 10) {...F}} fragment F on U {id posts(last: 5) {...G}} fragment G on P {title}";
    assert_eq!(query(&post(json!({ "maxCost": 71 })), fragment), None);
    assert_eq!(query(&post(json!({ "maxCost": 70 })), fragment), costly);
}

#[test]
fn lengths_come_from_variables() {
    let text = "query Q($n: Int = 3) {users(first: $n) {id}}";
    let costs = |variables: Value, most: u64| {
        let request = json!({ "query": text, "variables": variables });
        sent(&post(json!({ "maxCost": most })), &request).is_none()
    };
    for (variables, cost) in [
        (json!({ "n": 10 }), 11),
        (json!({}), 4),
        (Value::Null, 4),
        (json!({ "n": null }), 2),
        (json!({ "n": -5 }), 2),
    ] {
        assert!(costs(variables.clone(), cost), "{variables}");
        assert!(!costs(variables.clone(), cost - 1), "{variables}");
    }
    for unreadable in [
        json!("10"),
        json!(1.5),
        json!(1e300),
        json!([1]),
        json!(true),
    ] {
        assert!(
            !costs(json!({ "n": unreadable }), u64::MAX - 1),
            "{unreadable}"
        );
    }
    for literal in [
        "\"10\"",
        "1.0",
        "[1]",
        "{a: 1}",
        "TEN",
        "99999999999999999999",
    ] {
        let text = format!("{{users(first: {literal}) {{id}}}}");
        let found = query(&post(json!({ "maxCost": u64::MAX - 1 })), &text);
        assert_eq!(
            found,
            said("graphql_too_costly", "graphql.cost"),
            "{literal}"
        );
    }
}

#[test]
fn all_operations_are_judged_whichever_is_named() {
    let graphql = post(json!({ "maxDepth": 2, "operationTypes": ["query"] }));
    let both = "query A {a} query B {a{b{c}}}";
    let named =
        |name: Value, text: &str| sent(&graphql, &json!({ "query": text, "operationName": name }));
    assert_eq!(
        named(json!("A"), both),
        said("graphql_too_deep", "graphql.depth")
    );
    let name = said("graphql_malformed", "graphql.operationName");
    assert_eq!(named(Value::Null, both), name);
    assert_eq!(named(json!("C"), both), name);
    assert_eq!(named(json!(""), both), name);
    assert_eq!(named(json!("A"), "query A {a} query B {b}"), None);
    assert_eq!(named(json!(""), "{a}"), None);
    assert_eq!(
        named(json!("A"), "query A {a} mutation B {b}"),
        said("graphql_operation_type", "graphql.mutation")
    );
}

#[test]
fn allow_lists() {
    let graphql = post(json!({ "operations": ["Orders"] }));
    assert_eq!(query(&graphql, "query Orders {a}"), None);
    for text in ["{a}", "query Others {a}", "query {a}"] {
        assert_eq!(
            query(&graphql, text),
            said("graphql_operation_unknown", ""),
            "{text}"
        );
    }
    let digest = &"0".repeat(64);
    let known: String = Sha256::digest(b"{a}")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let hash = |digest: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": digest } });
    let graphql = post(json!({ "documents": [known] }));
    for (request, found) in [
        (json!({ "query": "{a}" }), None),
        (
            json!({ "query": "{ a}" }),
            said("graphql_operation_unknown", ""),
        ),
        (json!({ "extensions": hash(&known) }), None),
        (json!({ "query": "{a}", "extensions": hash(&known) }), None),
        (
            json!({ "extensions": hash(digest) }),
            said("graphql_operation_unknown", ""),
        ),
        (
            json!({ "query": "{a}", "extensions": hash(digest) }),
            said("graphql_malformed", "graphql.sha256Hash"),
        ),
        (
            json!({ "extensions": { "persistedQuery": {} } }),
            said("graphql_malformed", "graphql.extensions"),
        ),
    ] {
        assert_eq!(sent(&graphql, &request), found, "{request}");
    }
    let free = post(json!({}));
    assert_eq!(
        sent(&free, &json!({ "extensions": hash(&known) })),
        said("graphql_operation_unknown", "")
    );
    let both = post(json!({ "documents": [known], "operations": ["A"] }));
    assert_eq!(
        sent(
            &both,
            &json!({ "extensions": hash(&known), "operationName": "A" })
        ),
        None
    );
    assert_eq!(
        sent(&both, &json!({ "extensions": hash(&known) })),
        said("graphql_operation_unknown", "")
    );
}

#[test]
fn lists_of_requests_count_together() {
    let one = json!({ "query": "{a b}" });
    let refused = said("graphql_batch", "");
    assert_eq!(sent(&post(json!({})), &json!([one])), refused);
    let graphql = post(json!({ "maxBatch": 2, "maxRootFields": 4 }));
    assert_eq!(sent(&graphql, &json!([one, one])), None);
    assert_eq!(sent(&graphql, &json!([one, one, one])), refused);
    assert_eq!(sent(&graphql, &json!([])), refused);
    let graphql = post(json!({ "maxBatch": 2, "maxRootFields": 3 }));
    assert_eq!(
        sent(&graphql, &json!([one, one])),
        said("graphql_too_complex", "graphql.rootFields")
    );
}

#[test]
fn what_makes_no_request_is_malformed() {
    let graphql = post(json!({}));
    for (request, at) in [
        (json!("{a}"), "body"),
        (json!({}), "query"),
        (json!({ "query": 1 }), "query"),
        (
            json!({ "query": "{a}", "operationName": 1 }),
            "operationName",
        ),
        (json!({ "query": "{a}", "variables": [] }), "variables"),
        (json!({ "query": "{a}", "extensions": "" }), "extensions"),
        (json!({ "query": "{a}", "id": "x" }), "id"),
        (json!({ "query": "" }), "query"),
    ] {
        let at = format!("graphql.{at}");
        assert_eq!(
            sent(&graphql, &request),
            said("graphql_malformed", &at),
            "{request}"
        );
    }
}

#[test]
fn the_grammar() {
    let graphql = post(json!({ "operationTypes": ["query", "mutation", "subscription"] }));
    for text in [
        "{a}",
        "query{a}",
        "query Q($a: [[Int!]!]! = [[1]] @d, $b: In = {x: {y: []}, z: null}) @e(x: 1) {a(x: $a, y: [$b, {k: $a}]) @f}",
        "subscription on {on query fragment: mutation}",
        "{... on on {a ...on1}} fragment on1 on T {a}",
        "\"what it does\" query Q {a}",
        "{a: b(s: \"\"\"x\"\"\") ...{c} ... @include(if: $x) {d}}",
    ] {
        assert_eq!(query(&graphql, text), None, "{text}");
    }
    for text in [
        "",
        "#",
        "{",
        "{}",
        "{a{}}",
        "{a}}",
        "{a} {b}",
        "query Q {a} query Q {b}",
        "query Q {a} {b}",
        "type T {a: Int}",
        "{a} type T {b: Int}",
        "extend schema {query: Q}",
        "fragment F on T {a}",
        "{a} fragment on on T {b}",
        "{a} fragment F on T {b} fragment F on T {c}",
        "{a(}",
        "{a()}",
        "{a(x)}",
        "{a(x: )}",
        "{a(x: [1}])}",
        "{a(x: {1: 2})}",
        "{a:}",
        "{a: b: c}",
        "{...}",
        "{... on {a}}",
        "{@d}",
        "{a @}",
        "query Q() {a}",
        "query Q($a) {a}",
        "query Q($a: Int = $b) {a}",
        "query Q($a: [Int) {a}",
        "{a!}",
        "{a b: }",
        "fragment F($x: Int) on T {a} {b}",
    ] {
        let found = query(&graphql, text);
        assert_eq!(found, said("graphql_malformed", "graphql.query"), "{text}");
    }
    let nested = format!("{{a(x: {}1{})}}", "[".repeat(33), "]".repeat(33));
    assert_eq!(
        query(&graphql, &nested),
        said("graphql_malformed", "graphql.query")
    );
    let refusal = graphql.refusal(Fault::Malformed { line: 1, column: 2 });
    assert!(refusal.detail.unwrap().ends_with("line 1, column 2"));
}

#[test]
fn introspection_is_found_anywhere() {
    let (closed, open) = (post(json!({})), post(json!({ "introspection": true })));
    for text in [
        "{__schema{types{name}}}",
        "{x: __type(name: \"T\"){name}}",
        "{...F} fragment F on Q {__schema{a}}",
    ] {
        assert_eq!(
            query(&closed, text),
            said("graphql_introspection", ""),
            "{text}"
        );
        assert_eq!(query(&open, text), None, "{text}");
    }
    assert_eq!(query(&closed, "{a{__typename}}"), None);
}

#[test]
fn with_get_only_queries_pass() {
    let graphql = Graphql::compile(&GraphqlRules::default(), With::Get);
    let sent = |query: &[(&str, &str)]| {
        let pairs = query
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let target = Target {
            query: pairs.collect(),
            ..Target::default()
        };
        let head = RequestHead {
            end_of_stream: true,
            ..RequestHead::default()
        };
        let refusal = graphql.check_head(&head, &target, &Body::any(BodyRules::default()))?;
        Some((refusal.reason.code(), refusal.at.unwrap_or_default()))
    };
    assert_eq!(
        sent(&[
            ("query", "query A($n: Int){a(first: $n){b}}"),
            ("variables", "{\"n\": 10}"),
            ("x", "1")
        ]),
        None
    );
    assert_eq!(
        sent(&[
            ("query", "query A($n: Int){a(first: $n){b}}"),
            ("variables", "{\"n\": 10000}")
        ]),
        said("graphql_too_costly", "graphql.cost")
    );
    assert_eq!(
        sent(&[("query", "mutation{a}")]),
        said("graphql_operation_type", "graphql.mutation")
    );
    assert_eq!(sent(&[]), said("graphql_malformed", "graphql.query"));
    assert_eq!(
        sent(&[("query", "{a}"), ("query", "{b}")]),
        said("graphql_malformed", "graphql.query")
    );
    assert_eq!(
        sent(&[("query", "{a}"), ("variables", "[]")]),
        said("graphql_malformed", "graphql.variables")
    );
}
