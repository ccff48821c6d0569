//! Descriptions that cannot be used: each is answered with exit code 1, a place and a hint, and in bounded time.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::process::Command;

const POLICY: &str = "\
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: bad }
apis:
  - { name: bad, hosts: [a.test], openapi: FILE, defaults: { authenticate: { public: true } } }
";

/// A description with one operation that takes a body of this schema, and with these shared schemas.
fn described(schema: &str, schemas: &str) -> String {
    format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"t","version":"1"}},"components":{{"schemas":{{{schemas}}}}},
"paths":{{"/a":{{"post":{{"requestBody":{{"content":{{"application/json":{{"schema":{schema}}}}}}},"responses":{{"200":{{"description":"ok"}}}}}}}}}}}}"#
    )
}

/// The exit code, and all that was printed.
fn check(name: &str, text: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::write(
        folder.path().join("policy.yaml"),
        POLICY.replace("FILE", name),
    )
    .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_meshward"))
        .args(["check", "policy.yaml", "--format", "json"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn what_cannot_be_used_is_refused_with_a_place() {
    let whole = described("{}", "");
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!(r#"{}{{}}{}"#, r#"{"items":"#.repeat(200), "}".repeat(200));
    let laughs = (1..30).fold(String::from("a0: &a0 [x, x]\n"), |text, n| {
        let before = n - 1;
        format!("{text}a{n}: &a{n} [*a{before}, *a{before}]\n")
    });
    let many = format!("[{}0]", "0,".repeat(25_000_000));
    assert!(many.len() > 50_000_000);
    let cases: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("cut off", "api.json", whole.as_bytes()[..whole.len() / 2].to_vec(), "api.json"),
        ("cut off in YAML", "api.yaml", b"openapi: 3.1.0\npaths: { /a: { get: ".to_vec(), "api.yaml"),
        ("no text", "api.json", vec![0xff, 0xfe, 0, 1], "api.json"),
        ("nested without end", "api.json", deep.into_bytes(), "nest"),
        ("schemas nested deeply", "api.json", described(&nested, "").into_bytes(), "nest"),
        ("aliases that multiply", "api.yaml", laughs.into_bytes(), "values"),
        ("50 MB of values", "api.json", many.into_bytes(), "values"),
        (
            "a reference to nothing",
            "api.json",
            described(r##"{"$ref":"#/components/schemas/Ordr"}"##, r#""Order":{}"#).into_bytes(),
            "did you mean `Order`",
        ),
        (
            "a reference to a file that is not there",
            "api.json",
            described(r#"{"$ref":"gone.yaml#/A"}"#, "").into_bytes(),
            "gone.yaml",
        ),
        (
            "a remote reference",
            "api.json",
            described(r#"{"$ref":"https://a.example/s.json"}"#, "").into_bytes(),
            "not fetched",
        ),
        (
            "a schema that is itself",
            "api.json",
            described(
                r##"{"$ref":"#/components/schemas/A"}"##,
                r##""A":{"allOf":[{"$ref":"#/components/schemas/B"}]},"B":{"$ref":"#/components/schemas/A"}"##,
            )
            .into_bytes(),
            "never be decided",
        ),
        (
            "look-around",
            "api.json",
            described(r#"{"type":"string","pattern":"^(?=a)b"}"#, "").into_bytes(),
            "look-around",
        ),
        (
            "a back-reference",
            "api.json",
            described(r#"{"type":"string","pattern":"(a)\\1"}"#, "").into_bytes(),
            "back-references",
        ),
        (
            "a pattern that grows",
            "api.json",
            described(r#"{"type":"string","pattern":"((a{1000}){1000}){1000}"}"#, "").into_bytes(),
            "repetitions",
        ),
    ];
    for (why, name, text, expected) in cases {
        let (code, shown) = check(name, &text);
        assert_eq!(code, Some(1), "{why}: {shown}");
        assert!(shown.contains(expected), "{why}: {shown}");
        assert!(!shown.contains("panicked"), "{why}: {shown}");
    }
}

#[test]
fn fifty_megabytes_of_words_are_read() {
    let words = "word ".repeat(10 << 20);
    let text = described("{}", "").replacen(r#""title":"t""#, &format!(r#""title":"{words}""#), 1);
    assert!(text.len() > 50_000_000);
    let (code, shown) = check("api.json", text.as_bytes());
    assert_eq!(code, Some(0), "{}", shown.get(..2_000).unwrap_or(&shown));
}
