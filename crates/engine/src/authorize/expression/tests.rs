use super::*;
use crate::http::{Headers, RequestHead, Source, Target};
use crate::identity::Identity;
use serde_json::json;

const NOW: Timestamp = Timestamp(1_795_341_600_000_000); // 2026-11-22T10:00:00Z

fn compile(text: &str) -> Result<Expression, Vec<String>> {
    Expression::compile(text, &Functions::new())
}

fn head() -> RequestHead {
    let fields: &[(&[u8], &[u8])] = &[
        (b"x-tenant", b"acme"),
        (b"x-twice", b"a"),
        (b"x-twice", b"b"),
        (b"x-raw", b"\xff"),
    ];
    let fields = fields.iter().map(|(n, v)| (n.to_vec(), v.to_vec()));
    RequestHead {
        method: b"POST".to_vec(),
        headers: Headers::new(fields.collect()),
        source: Source {
            address: "10.0.0.7".parse().ok(),
            principal: Some("spiffe://cluster.local/ns/shop/sa/web".to_owned()),
            verified: false,
        },
        ..RequestHead::default()
    }
}

fn target() -> Target {
    let query = [("tenant", "acme"), ("id", "1"), ("id", "2")];
    Target {
        host: "shop.test".to_owned(),
        segments: vec!["orders".to_owned(), "o-1".to_owned()],
        query: query.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec(),
        rewritten: None,
        with_semicolons: None,
    }
}

fn identity() -> Identity {
    let claims = json!({
        "tier": "gold", "level": 3, "share": 0.5, "big": u64::MAX, "none": null, "orders": ["o-1", "o-2"],
        "auth_time": 1_795_341_540, "nested": { "a": { "b": [1, 2] } }, "many": vec![1; 1000],
    });
    Identity {
        provider: "corp".into(),
        subject: "alice".into(),
        scopes: vec!["read".to_owned()].into(),
        claims: Arc::new(claims.as_object().cloned().unwrap_or_default()),
        by_key: false,
        with: Vec::new(),
        unproven: crate::identity::Unproven::default(),
        credential: None,
    }
}

/// `None` where the expression could not be evaluated.
fn evaluate(text: &str, identity: Option<&Identity>) -> Option<bool> {
    let parameters = [(Arc::from("order"), "o-1".to_owned())];
    let request = Request {
        providers: &[],
        identity,
        head: &head(),
        target: &target(),
        parameters: &parameters,
    };
    let compiled = compile(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
    match compiled.check(&request, NOW).map_err(|r| r.reason) {
        Ok(()) => Some(true),
        Err(Reason::ExpressionDenied) => Some(false),
        Err(Reason::ExpressionError) => None,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn expressions_see_the_exchange() {
    for text in [
        "request.method == 'POST' && request.host == 'shop.test' && request.path == '/orders/o-1'",
        "request.parameters.order in identity.claims.orders",
        "request.headers['x-tenant'] == request.query.tenant",
        "!has(request.headers.authorization) && !('limit' in request.query) && 'tenant' in request.query",
        "identity.subject == 'alice' && identity.provider == 'corp' && 'read' in identity.scopes",
        "identity.claims.tier == \"gold\" && identity.claims.level >= 3",
        "identity.claims['nested'].a.b[1] == 2",
        "identity.claims.share < 0.6 && identity.claims.big > 1u",
        "has(identity.claims.tier) && !has(identity.claims.gone)",
        "identity.claims.orders.exists(o, o == request.parameters.order)",
        "identity.claims.orders.map(o, o + '!').all(o, o.endsWith('!'))",
        "identity.claims.orders.filter(o, o != 'o-1') == ['o-2']",
        "source.address == '10.0.0.7' && source.principal.startsWith('spiffe://cluster.local/')",
        "now == timestamp('2026-11-22T10:00:00Z') && now.getHours() == 10",
        "now - timestamp(identity.claims.auth_time) < duration('5m')",
        "request.path.matches('^/orders/o-[0-9]+$')",
        "identity != null",
        "size(identity.claims) == 9",
        "request.method in ['GET', 'POST'] ? true : false",
    ] {
        assert_eq!(evaluate(text, Some(&identity())), Some(true), "{text}");
    }
    assert_eq!(evaluate("identity == null", None), Some(true));
    assert_eq!(evaluate("false", None), Some(false));
}

#[test]
fn what_cannot_be_decided_is_an_error() {
    for text in [
        "identity.claims.gone == 'x'",
        "identity.claims.tier == 'gold' && identity.claims.gone",
        "identity.claims.tier",
        "1",
        "request.headers.gone == ''",
        "request.headers['x-twice'] == 'a'",
        "'x-raw' in request.headers",
        "request.query.id == '1'",
        "!('id' in request.query)",
        "identity.claims.level / 0 == 1",
        "identity.claims.level + 9223372036854775807 > 0",
        "int(identity.claims.tier) == 1",
        "timestamp('yesterday') < now",
        "now + duration('999999999h') > now",
        "identity.claims.tier + 1 == 'x'",
        "identity.claims.orders[7] == 'x'",
    ] {
        assert_eq!(evaluate(text, Some(&identity())), None, "{text}");
    }
    assert_eq!(evaluate("identity.subject == 'alice'", None), None);
}

#[test]
fn mistakes_are_found_when_the_policy_is_loaded() {
    for (text, part) in [
        ("", ""),
        ("1 +", ""),
        ("request.metod == 'GET'", "`request.metod`"),
        ("request == request", "`request`"),
        ("request.headers.all(h, true)", "`request.headers`"),
        ("request.headers[request.method] == ''", "`request.headers`"),
        (
            "request.headers['X-Tenant'] == ''",
            "`request.headers.X-Tenant`",
        ),
        ("user.name == 'x'", "`user.name`"),
        ("now.seconds > 1", "`now.seconds`"),
        ("sleep(5)", "`sleep`"),
        ("request.path.matches(request.method)", "written out"),
        ("request.path.matches('(')", "not a regular expression"),
        ("request.path.matches('(?:a{1000}){1000}')", "too large"),
        ("[1].all(a, [1].all(b, [1].all(c, true)))", "nest at most 2"),
        (
            "(identity.scopes + identity.scopes).all(s, true)",
            "`+` makes longer ones",
        ),
        ("google.protobuf.Duration{} == now", "messages"),
        ("o.exists(o, true)", "`o`"),
    ] {
        let wrong = compile(text).unwrap_err().join("; ");
        assert!(wrong.contains(part), "{text}: {wrong}");
    }
    assert!(compile(&format!("'{}' == ''", "x".repeat(LONGEST))).is_err());
    assert!(
        compile(&vec!["true"; 400].join(" && ")).is_err(),
        "too many nodes"
    );
    for (open, close) in [("[", "]"), ("size(", ")"), ("{1: ", "}")] {
        let deep = format!("{}1{} == 1", open.repeat(70), close.repeat(70));
        assert!(compile(&deep).is_err(), "{deep}");
    }
    assert!(compile(&format!("1{} == 1", " + 1".repeat(100))).is_err());
    assert!(compile(&format!("string(now){}", ".a".repeat(500))).is_err());
}

#[test]
fn no_text_overflows_the_stack() {
    for part in [
        "(",
        "[",
        "!",
        "-",
        "{1:",
        "a.",
        "a(",
        "1?",
        "a[",
        "1+",
        "has(",
        "[1].all(x,",
    ] {
        let _ = compile(&part.repeat(LONGEST / part.len()));
        let half = LONGEST / (part.len() + 2);
        let _ = compile(&format!("{}1{}", part.repeat(half), ")".repeat(half)));
    }
}

#[test]
fn loops_are_bounded_by_what_they_run_over() {
    let text = "identity.claims.many.all(a, identity.claims.many.all(b, a == b))";
    assert_eq!(
        evaluate(text, Some(&identity())),
        None,
        "a thousand times a thousand"
    );
    let text = "identity.claims.many.all(a, a == 1)";
    assert_eq!(evaluate(text, Some(&identity())), Some(true));
}

#[test]
fn only_what_is_used_is_made() {
    let uses = compile("identity.claims.tier == 'gold'").unwrap().uses;
    assert_eq!(uses.claims, uses::Claims::Named(["tier".to_owned()].into()));
    assert!(!uses.source && !uses.now && !uses.parameters && uses.request.is_empty());
    assert!(compile("source.address == ''").unwrap().uses_source());
}

mod random {
    use super::*;
    use proptest::prelude::*;

    const WORDS: &[&str] = &[
        "request.path",
        "request.query.tenant",
        "request.headers['x-tenant']",
        "identity",
        "identity.claims",
        "identity.claims.orders",
        "identity.claims.level",
        "identity.claims.none",
        "identity.claims.nested.a",
        "source",
        "now",
        "now.getHours()",
        "'text'",
        "1",
        "-1",
        "9223372036854775807",
        "0u",
        "1.5",
        "1e308",
        "null",
        "true",
        "[1, 'a']",
        "{'a': 1}",
        "duration('1h')",
        "timestamp(0)",
        "size(identity.claims.orders)",
        "string(now)",
        "int('12')",
        "identity.claims.orders.map(x, x)",
        "identity.scopes.exists(x, x == 'read')",
    ];
    const OPERATORS: &[&str] = &[
        "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in",
    ];

    proptest! {
        #[test]
        fn no_evaluation_panics(words in prop::collection::vec((0..WORDS.len(), 0..OPERATORS.len()), 1..6), not in any::<bool>()) {
            let mut text = String::from(if not { "!(" } else { "(" });
            for (index, (word, operator)) in words.iter().enumerate() {
                if index > 0 { text.push_str(&format!(" {} ", OPERATORS[*operator])); }
                text.push_str(WORDS[*word]);
            }
            text.push(')');
            if compile(&text).is_ok() {
                let _ = evaluate(&text, Some(&identity()));
            }
        }
    }
}
