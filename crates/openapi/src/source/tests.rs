//! Places, strictness and bounds of both readers.

use super::{MAX_DEPTH, Source};
use serde_json::json;

fn read(name: &str, text: &str) -> Source {
    Source::parse(name, text).unwrap()
}

/// `code line:column message` of a file that cannot be read.
fn refuse(name: &str, text: &str) -> String {
    let fault = Source::parse(name, text).unwrap_err();
    let hint = fault.problem.hint.unwrap_or_default();
    format!("{} {} [{hint}]", fault.problem.code, fault.problem.message)
}

/// The line, column, key and value that a pointer leads to.
fn show(source: &Source, pointer: &str) -> String {
    let span = source.place(pointer);
    let text = source.text();
    let key = span.key.map(|key| text.get(key).unwrap());
    format!(
        "{}:{} {:?} {:?}",
        span.line,
        span.column,
        key.unwrap_or_default(),
        text.get(span.value).unwrap()
    )
}

#[test]
fn yaml_places() {
    let source = read(
        "a.yaml",
        "# c\na: 1\nb:\n  - x: [no, 'q', 2027-01-01]\n  - |\n    é t\n  - \"z\"\nc: {d: 1.0}\n\n# end\n",
    );
    assert_eq!(
        *source.value(),
        json!({"a": 1, "b": [{"x": ["no", "q", "2027-01-01"]}, "é t\n", "z"], "c": {"d": 1.0}})
    );
    assert_eq!(show(&source, "/a"), r#"2:1 "a" "1""#);
    assert_eq!(show(&source, "/b/0/x/1"), r#"4:13 "" "'q'""#);
    assert_eq!(
        show(&source, "/b/0"),
        r#"4:5 "" "x: [no, 'q', 2027-01-01]""#
    );
    assert_eq!(show(&source, "/b/2"), r#"7:5 "" "\"z\"""#);
    assert_eq!(show(&source, "/c/d"), r#"8:5 "d" "1.0""#);
    assert_eq!(show(&source, "/c/gone/deeper"), r#"8:1 "c" "{d: 1.0}""#);
    assert_eq!(source.place("").line, 2);
}

#[test]
fn yaml_places_with_crlf() {
    let source = read("a.yaml", "a: ü\r\nb:\r\n  c: x\r\n");
    assert_eq!(show(&source, "/a"), r#"1:1 "a" "ü""#);
    assert_eq!(show(&source, "/b/c"), r#"3:3 "c" "x""#);
}

#[test]
fn json_places() {
    let source = read(
        "a.json",
        "{\n  \"a\": [1, {\"b~/\": \"\\ud83d\\ude00\"}],\n  \"é\": -1.5e3\n}",
    );
    assert_eq!(
        *source.value(),
        json!({"a": [1, {"b~/": "😀"}], "é": -1500.0})
    );
    assert_eq!(
        show(&source, "/a/1/b~0~1"),
        r#"2:13 "\"b~/\"" "\"\\ud83d\\ude00\"""#
    );
    assert_eq!(show(&source, "/é"), r#"3:3 "\"é\"" "-1.5e3""#);
}

#[test]
fn a_byte_order_mark_does_not_count() {
    assert_eq!(
        show(&read("a.yaml", "\u{feff}a: 1"), "/a"),
        r#"1:1 "a" "1""#
    );
    assert_eq!(
        show(&read("a.json", "\u{feff}{\"a\":1}"), "/a"),
        r#"1:2 "\"a\"" "1""#
    );
}

#[test]
fn aliases_are_copies() {
    let source = read("a.yaml", "a: &x {b: [1]}\nc: *x\n200: !!str 5\n");
    assert_eq!(
        *source.value(),
        json!({"a": {"b": [1]}, "c": {"b": [1]}, "200": "5"})
    );
    assert_eq!(show(&source, "/c/b/0"), r#"1:12 "" "1""#);
    assert_eq!(source.place("/c").line, 2);
}

#[test]
fn what_is_refused() {
    let cases = [
        (
            "a.yaml",
            "a: 1\nb: 2\na: 3\n",
            "duplicate-key line 3, column 1: the key `a` stands here twice, first at line 1, column 1 [keep one of them; readers do not agree on which one counts]",
        ),
        (
            "a.json",
            "{\"a\": 1,\n \"\\u0061\": 2}",
            "duplicate-key line 2, column 2: the key `a` stands here twice, first at line 1, column 2 [keep one of them; readers do not agree on which one counts]",
        ),
        (
            "a.json",
            "{\"a\": 1,\n}",
            "syntax line 2, column 1: this is not JSON: key must be a string []",
        ),
        (
            "a.json",
            "{\"a\": {\"b\": \"\\ud800\"}}",
            "syntax line 1, column 20: this is not JSON: unexpected end of hex escape []",
        ),
        (
            "a.json",
            "{\"a\": 1e999}",
            "syntax line 1, column 11: this is not JSON: number out of range []",
        ),
        (
            "a.yaml",
            "a: .inf",
            "unsupported-yaml line 1, column 4: `.inf` is not a number that JSON can hold [put it in quotes if it is text]",
        ),
        (
            "a.yaml",
            "true: 1",
            "unsupported-yaml line 1, column 1: the key `true` is not text [put it in quotes: \"true\"]",
        ),
        (
            "a.yaml",
            "[a]: 1",
            "unsupported-yaml line 1, column 1: a key must be text, not a list, a mapping or an alias []",
        ),
        (
            "a.yaml",
            "a: &x {b: *x}",
            "unsupported-yaml line 1, column 11: the alias refers to something that it is a part of []",
        ),
        (
            "a.yaml",
            "a: &x {b: 1}\nc:\n  <<: *x",
            "unsupported-yaml line 3, column 3: merge keys (`<<`) are not part of YAML 1.2 [write the members out, or use `$ref` or `allOf`]",
        ),
        (
            "a.yaml",
            "a: 1\n---\nb: 1",
            "unsupported-yaml line 2, column 1: a second document begins here [one file holds one document: take the `---` away, or split the file]",
        ),
        (
            "a.yaml",
            "a: !thing 1",
            "unsupported-yaml line 1, column 4: the tag `!thing` does not fit here [take the tag away: only the tags of the YAML core schema are read, on values that they fit]",
        ),
        (
            "a.yaml",
            "",
            "syntax line 1, column 1: the file is empty [write a YAML or JSON mapping into it]",
        ),
    ];
    for (name, text, expected) in cases {
        assert_eq!(refuse(name, text), expected, "{text}");
    }
    assert!(refuse("a.yaml", "a: 1\n b: 2\n").starts_with("syntax line 2, column "));
}

#[test]
fn nesting_is_bounded() {
    for name in ["a.yaml", "a.json"] {
        let nest = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Source::parse(name, &nest(MAX_DEPTH)).is_ok());
        assert!(refuse(name, &nest(MAX_DEPTH + 2)).starts_with("file-too-deep"));
        // Without an end it is no JSON, and YAML's own reader gives up first: no reader may overflow the stack.
        let endless = refuse(name, &"[".repeat(100_000));
        assert!(
            endless.starts_with("file-too-deep") || endless.starts_with("syntax"),
            "{endless}"
        );
    }
}

#[test]
fn aliases_cannot_multiply_without_bound() {
    let mut text = String::from("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for level in 1..9 {
        let inner = format!("*a{}, ", level - 1).repeat(10);
        text += &format!("a{level}: &a{level} [{}]\n", inner.trim_end_matches(", "));
    }
    assert!(refuse("a.yaml", &text).starts_with("file-too-large"));
}
