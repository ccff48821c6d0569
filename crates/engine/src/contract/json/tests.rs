use super::{Bounds, Fault, FaultKind, Kind, parse, read};
use proptest::prelude::*;
use serde_json::{Value, json};

fn fault(bytes: &[u8]) -> Fault {
    read(bytes, Bounds::default()).expect_err("a fault")
}

#[test]
fn reads_what_json_is() {
    for (text, value) in [
        ("null", Value::Null),
        (" true ", json!(true)),
        ("-1", json!(-1)),
        ("18446744073709551615", json!(u64::MAX)),
        ("1e3", json!(1000.0)),
        (r#""a\u0000\ud83d\ude00""#, json!("a\u{0}😀")),
        (
            r#"{"a":[1,{"b":"x"}],"":{}}"#,
            json!({"a":[1,{"b":"x"}],"":{}}),
        ),
    ] {
        assert_eq!(
            read(text.as_bytes(), Bounds::default()),
            Ok(value),
            "{text}"
        );
    }
}

#[test]
fn refuses_what_is_not_json() {
    let cases: &[&[u8]] = &[
        b"",
        b" ",
        b"{",
        b"[1,]",
        b"{\"a\":1,}",
        b"{'a':1}",
        b"{a:1}",
        b"1 2",
        b"{}x",
        b"{}\0",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"+1",
        b"01",
        b"0x1",
        b".5",
        b"1.",
        b"1e400",
        b"-1e400",
        b"[1e400]",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b"\"\xff\"",
        b"\"\xc0\xaf\"",
        br#""\ud800""#,
        br#""\udc00""#,
        br#""\ud800\ud800""#,
        br#"{"\ud800":1}"#,
        b"\"\n\"",
        br#""\x""#,
        b"/**/1",
        b"True",
        b"{}{}",
        b"[1]//",
        b"\xfe\xff\0{\0}",
    ];
    for bytes in cases {
        assert_eq!(
            fault(bytes).kind,
            FaultKind::Malformed,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn says_where_it_breaks() {
    let fault = fault(b"{\n \"a\": x}");
    assert_eq!(
        (fault.at, fault.expected.as_str()),
        (
            None,
            "expected one JSON value; it breaks at line 2, column 7"
        )
    );
}

#[test]
fn refuses_repeated_members() {
    for (text, at) in [
        (r#"{"a":1,"a":1}"#, "/a"),
        (r#"{"x":[0,{"a/b":1,"a\u002fb":2}]}"#, "/x/1/a~1b"),
        (r#"{"":1,"":2}"#, "/"),
    ] {
        let fault = fault(text.as_bytes());
        assert_eq!(
            (fault.kind, fault.at.as_deref()),
            (FaultKind::Duplicate, Some(at)),
            "{text}"
        );
    }
}

#[test]
fn large_objects_are_read_and_searched_as_small_ones_are() {
    for count in [62, 64, 65, 66, 500] {
        let name = |n: usize| format!("m{}", n * 7 % count);
        let members: Vec<String> = (0..count)
            .map(|n| format!(r#""{}":{n}"#, name(n)))
            .collect();
        let text = format!("{{{}}}", members.join(","));
        let value = parse(text.as_bytes(), Bounds::default()).expect("an object");
        for n in 0..count {
            let found = value.member(&name(n)).map(|one| &one.kind);
            assert!(
                matches!(found, Some(Kind::Number(m)) if *m == n.into()),
                "{count} {n}"
            );
        }
        assert!(value.member("m").is_none() && value.member("m9999").is_none());
        for again in [0, count / 2, count - 1] {
            let twice = format!(r#"{{{},"m{again}":0}}"#, members.join(","));
            let fault = fault(twice.as_bytes());
            let at = format!("/m{again}");
            assert_eq!(
                (fault.kind, fault.at),
                (FaultKind::Duplicate, Some(at)),
                "{count}"
            );
        }
    }
}

#[test]
fn bounds_depth() {
    let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    assert!(read(nested(32).as_bytes(), Bounds::default()).is_ok());
    let fault = fault(nested(33).as_bytes());
    assert_eq!(
        (fault.kind, fault.expected.as_str()),
        (FaultKind::Deep, "expected at most 32 levels of nesting")
    );
    assert_eq!(fault.at, Some("/0".repeat(32)));

    let unbounded = Bounds {
        depth: u32::MAX,
        values: u32::MAX,
    };
    assert!(read(nested(100).as_bytes(), unbounded).is_ok());
    assert_eq!(
        read(nested(101).as_bytes(), unbounded).map_err(|f| f.kind),
        Err(FaultKind::Deep)
    );
    assert_eq!(
        read(nested(100_000).as_bytes(), unbounded).map_err(|f| f.kind),
        Err(FaultKind::Deep)
    );
    let objects = format!("{}1{}", r#"{"a":"#.repeat(33), "}".repeat(33));
    assert_eq!(
        read(objects.as_bytes(), Bounds::default()).map_err(|f| f.kind),
        Err(FaultKind::Deep)
    );
}

#[test]
fn bounds_values() {
    let bounds = Bounds {
        depth: 32,
        values: 4,
    };
    assert!(read(b"[1,2,3]", bounds).is_ok());
    let fault = read(b"[1,2,3,4]", bounds).expect_err("a fault");
    assert_eq!(
        (fault.kind, fault.at.as_deref()),
        (FaultKind::Complex, Some("/3"))
    );
}

#[test]
fn keeps_places_short() {
    let name = "n".repeat(10_000);
    let fault = fault(format!(r#"{{"{name}":1,"{name}":2}}"#).as_bytes());
    assert!(fault.at.expect("a place").chars().count() < 300);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_serde_json(value in any_json()) {
        let text = serde_json::to_vec_pretty(&value).expect("JSON");
        let expected: Value = serde_json::from_slice(&text).expect("JSON");
        prop_assert_eq!(read(&text, Bounds::default()), Ok(expected));
    }

    #[test]
    fn reads_numbers_as_serde_json_does(text in "-?[0-9]{1,22}(\\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?") {
        let expected = serde_json::from_str::<Value>(&text).ok();
        prop_assert_eq!(read(text.as_bytes(), Bounds::default()).ok(), expected);
    }

    #[test]
    fn reads_fractions_as_serde_json_does(text in "-?(0|[1-9][0-9]{0,9})\\.[0-9]{1,9}") {
        let expected = serde_json::from_str::<Value>(&text).ok();
        prop_assert_eq!(read(text.as_bytes(), Bounds::default()).ok(), expected);
    }

    #[test]
    fn reads_escapes_as_serde_json_does(text in r#""([ -!#-~é]|\\(["\\/bfnrtx]|u[0-9a-fA-F]{3,4}|ud[89ab]00\\ud[c-f]ff)){0,12}""#) {
        let expected = serde_json::from_str::<Value>(&text).ok();
        prop_assert_eq!(read(text.as_bytes(), Bounds::default()).ok(), expected);
    }

    #[test]
    fn accepts_nothing_that_serde_json_refuses(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(value) = read(&bytes, Bounds::default()) {
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).ok(), Some(value));
        }
    }

    #[test]
    fn accepts_nothing_that_serde_json_refuses_in_text(text in r#"[\[\]{}:,"\\0-9eE+.a-u \t-]{0,24}"#) {
        if let Ok(value) = read(text.as_bytes(), Bounds::default()) {
            prop_assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
        }
    }
}
