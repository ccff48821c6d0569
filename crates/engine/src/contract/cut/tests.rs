use super::*;
use crate::contract::shape::Shapes;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn run(schema: &Value, text: &str, undeclared: Undeclared, hide: &[(&str, Hide)]) -> Option<Cut> {
    let definitions = BTreeMap::new();
    let mut shapes = Shapes::new(&definitions);
    let hide: Vec<(u64, Hide)> = hide
        .iter()
        .map(|(tag, how)| (shapes.tag(tag).expect("a tag"), *how))
        .collect();
    let root = shapes.add(schema);
    let shapes = shapes.finish().expect("few shapes");
    let orders = Orders {
        undeclared,
        hide: &hide,
    };
    cut(text.as_bytes(), &shapes, root, orders)
}

fn user() -> Value {
    json!({ "properties": {
        "id": {}, "free": {}, "mail": { "x-personal": true }, "keys": { "items": { "x-secret": "yes" } },
        "friends": { "items": { "properties": { "id": {}, "mail": { "x-personal": true } } } },
    } })
}

fn text(cut: Option<Cut>) -> Option<String> {
    let text = cut.expect("it is JSON").text?;
    Some(String::from_utf8(text).expect("UTF-8"))
}

#[test]
fn undeclared_members_are_taken_out_and_the_rest_stays_as_it_is_written() {
    let written = r#" { "a":1, "id" : 1.50e3 , "friends":[{"x":[{"y":"}"}],"id":12345678901234567890123},{}],"b":"\"","free":{"z": [1 , 2]} } "#;
    let cut = run(&user(), written, Undeclared::Remove, &[]);
    assert_eq!(
        cut.as_ref().map(|cut| cut.undeclared.clone()),
        Some(vec![
            "/a".to_owned(),
            "/friends/0/x".to_owned(),
            "/b".to_owned()
        ])
    );
    assert_eq!(
        text(cut).as_deref(),
        Some(r#"{"id":1.50e3,"friends":[{"id":12345678901234567890123},{}],"free":{"z":[1 , 2]}}"#)
    );
}

#[test]
fn a_text_without_anything_to_cut_stays() {
    for written in [
        "{}",
        "[]",
        "1",
        r#"{"id": 1}"#,
        r#"{"friends": []}"#,
        r#""x""#,
    ] {
        assert_eq!(
            text(run(&user(), written, Undeclared::Remove, &[])),
            None,
            "{written}"
        );
    }
    let noted = run(&user(), r#"{"a":1}"#, Undeclared::Note, &[]).expect("JSON");
    assert_eq!(
        (noted.text, noted.undeclared),
        (None, vec!["/a".to_owned()])
    );
    let kept = run(&user(), r#"{"a":1}"#, Undeclared::Keep, &[]).expect("JSON");
    assert_eq!((kept.text, kept.undeclared), (None, Vec::new()));
}

#[test]
fn tagged_members_are_taken_out_or_masked() {
    let written = r#"{"id":1,"mail":"a@b","keys":["k",2],"friends":[{"mail":5,"id":2}]}"#;
    assert_eq!(
        text(run(
            &user(),
            written,
            Undeclared::Keep,
            &[("x-personal", Hide::Remove)]
        ))
        .as_deref(),
        Some(r#"{"id":1,"keys":["k",2],"friends":[{"id":2}]}"#)
    );
    assert_eq!(
        text(run(
            &user(),
            written,
            Undeclared::Keep,
            &[("x-personal", Hide::Mask), ("x-secret", Hide::Remove)]
        ))
        .as_deref(),
        Some(r#"{"id":1,"mail":"***","keys":[],"friends":[{"mail":null,"id":2}]}"#)
    );
}

#[test]
fn an_escaped_name_is_its_name() {
    assert_eq!(
        text(run(
            &user(),
            r#"{"m\u0061il":"a","\u0069d":1}"#,
            Undeclared::Remove,
            &[("x-personal", Hide::Remove)]
        ))
        .as_deref(),
        Some(r#"{"\u0069d":1}"#)
    );
}

#[test]
fn what_is_no_json_is_not_cut() {
    for written in [
        "",
        "{",
        r#"{"id""#,
        r#"{"id":}"#,
        r#"{"id":1"#,
        r#"{"id":1,}"#,
        "[1",
        "[1,]",
        "{} {}",
        r#"{"id":1]"#,
        r#"{"a":"#,
        r#"{"a":]}"#,
        "\"",
        "\"\\",
    ] {
        assert_eq!(
            run(&user(), written, Undeclared::Remove, &[]),
            None,
            "{written}"
        );
    }
    let deep = "[".repeat(200) + &"]".repeat(200);
    let nested = (0..150).fold(json!({}), |inner, _| json!({ "items": inner }));
    assert_eq!(run(&nested, &deep, Undeclared::Remove, &[]), None);
}
