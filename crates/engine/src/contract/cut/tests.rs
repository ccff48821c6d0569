use super::*;
use crate::contract::json::{self, Bounds};
use crate::contract::shape::Shapes;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
struct Cut {
    text: Option<String>,
    undeclared: Vec<String>,
}

fn run(schema: &Value, text: &str, undeclared: Undeclared, hide: &[(&str, Hide)]) -> Cut {
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
    let mut value = json::parse(text.as_bytes(), Bounds::default()).expect("JSON");
    let mut edits = Edits::default();
    let undeclared = cut(&mut value, &shapes, root, orders, &mut edits);
    let text = edits.apply(text.as_bytes());
    let text = text.map(|text| String::from_utf8(text).expect("UTF-8"));
    if let (Some(text), []) = (&text, orders.hide) {
        // What is validated is what is delivered.
        let delivered: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(value.into_value(), delivered);
    }
    Cut { text, undeclared }
}

fn user() -> Value {
    json!({ "properties": {
        "id": {}, "free": {}, "mail": { "x-personal": true }, "keys": { "items": { "x-secret": "yes" } },
        "friends": { "items": { "properties": { "id": {}, "mail": { "x-personal": true } } } },
    } })
}

fn text(cut: Cut) -> Option<String> {
    cut.text
}

#[test]
fn undeclared_members_are_taken_out_and_the_rest_stays_as_it_is_written() {
    let written = r#" { "a":1, "id" : 1.50e3 , "friends":[{"x":[{"y":"}"}],"id":12345678901234567890123},{}],"b":"\"","free":{"z": [1 , 2]} } "#;
    let cut = run(&user(), written, Undeclared::Remove, &[]);
    assert_eq!(cut.undeclared, ["/a", "/friends/0/x", "/b"]);
    assert_eq!(
        text(cut).as_deref(),
        Some(
            r#" { "id" : 1.50e3 , "friends":[{"id":12345678901234567890123},{}],"free":{"z": [1 , 2]} } "#
        )
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
    let noted = run(&user(), r#"{"a":1}"#, Undeclared::Note, &[]);
    assert_eq!(
        (noted.text, noted.undeclared),
        (None, vec!["/a".to_owned()])
    );
    let kept = run(&user(), r#"{"a":1}"#, Undeclared::Keep, &[]);
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
fn commas_stay_between_what_is_left() {
    let schema = json!({ "properties": { "k": {}, "l": {}, "h": { "x-secret": true } } });
    for (written, left) in [
        (r#"{ "a":1 , "b":2 }"#, "{  }"),
        (r#"{ "a":1 , "k":2 }"#, r#"{ "k":2 }"#),
        (r#"{ "k":1 , "a":2 }"#, r#"{ "k":1 }"#),
        (r#"{"a":1,"k":2,"b":3,"l":4,"c":5}"#, r#"{"k":2,"l":4}"#),
        (r#"{"h":1,"a":2}"#, "{}"),
        (r#"{"a":1,"h":2,"b":3}"#, "{}"),
        (r#"{"k":1,"h":2,"a":3,"l":4}"#, r#"{"k":1,"l":4}"#),
        (r#"{"h":{"a":1},"a":2,"k":3}"#, r#"{"k":3}"#),
    ] {
        let hide = [("x-secret", Hide::Remove)];
        assert_eq!(
            text(run(&schema, written, Undeclared::Remove, &hide)).as_deref(),
            Some(left),
            "{written}"
        );
    }
}

#[test]
fn large_objects_are_cut_in_the_order_of_the_text() {
    let members = |skip: &str| {
        let names = (0..200).rev().map(|n| format!("m{n}"));
        let kept = names.filter(|name| !name.ends_with(skip));
        let members: Vec<String> = kept.map(|name| format!(r#""{name}": 1"#)).collect();
        format!("{{{}}}", members.join(" , "))
    };
    let declared = (0..200).filter(|n| n % 10 != 3);
    let declared = declared.map(|n| (format!("m{n}"), json!({})));
    let schema = json!({ "properties": declared.collect::<serde_json::Map<_, _>>() });
    let cut = run(&schema, &members("x"), Undeclared::Remove, &[]);
    assert_eq!(cut.text, Some(members("3")));
}
