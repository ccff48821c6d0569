use super::*;

fn shown(line: &str) -> String {
    match read_line(line) {
        Line::Decision(value) => anstream::adapter::strip_str(&decision(&value)).to_string(),
        Line::Trouble(text) => format!("trouble: {text}"),
        Line::Note(text) => format!("note: {text}"),
    }
}

#[test]
fn decisions_become_one_line() {
    let line = r#"info	wasm	wasm log meshward meshward meshward: {"time":"2026-11-22T10:00:00.123456Z","http.request.method":"GET","http.route":"/orders/{id}","http.response.status_code":403,"meshward.decision":"deny","meshward.reason":"scope_missing","meshward.control":"authorize","meshward.findings":[{"control":"authorize","reason":"scope_missing","mode":"enforce"}],"meshward.identity.provider":"partners","meshward.identity.subject":"acme"}"#;
    insta::assert_snapshot!(shown(line), @"10:00:00 403 GET    /orders/{id}                     deny  scope_missing (authorize) partners/acme");
    let line = r#"info	wasm	wasm log meshward meshward meshward: {"time":"2026-11-22T10:00:00Z","http.request.method":"POST","http.route":"/orders","http.response.status_code":201,"meshward.decision":"allow","meshward.findings":[{"control":"contract","reason":"body_schema","mode":"monitor","at":"/qty"}]}"#;
    insta::assert_snapshot!(shown(line), @"10:00:00 201 POST   /orders                          allow monitor body_schema at /qty");
}

#[test]
fn other_lines_are_told_apart_by_level() {
    assert_eq!(
        shown("error\twasm\twasm log meshward meshward meshward: no good: {x"),
        "trouble: no good: {x"
    );
    assert_eq!(
        shown("warning\tconfig\tFilesystem config update rejected: x"),
        "trouble: Filesystem config update rejected: x"
    );
    assert_eq!(
        shown("info\twasm\twasm log meshward meshward meshward: policy `shop` is in use"),
        "note: policy `shop` is in use"
    );
    assert_eq!(shown("a stack trace"), "note: a stack trace");
}
