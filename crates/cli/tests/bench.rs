//! `meshward bench` as people meet it, without a proxy. Figures are never compared with each other: they are another machine's.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn bench(requests: &str, options: &[&str]) -> Output {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_meshward"))
        .args(["bench", "policy.yaml", "--requests", "-"])
        .args(options)
        .current_dir(data)
        .env_clear()
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // A command that refuses its arguments does not read.
    let _ = input.write_all(requests.as_bytes());
    drop(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

const LIST: &str = r#"{"id":"list","request":{"method":"GET","authority":"orders.test","path":"/v1/orders?limit=5","headers":[["x-api-key","test"]]}}"#;
const ANONYMOUS: &str =
    r#"{"request":{"method":"GET","authority":"orders.test","path":"/v1/orders"}}"#;

#[test]
fn every_operation_and_verdict_has_its_figures() {
    let output = bench(
        &format!("{LIST}\n{LIST}\n\n{ANONYMOUS}\n"),
        &["--seconds", "1", "--json"],
    );
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["policy"]["name"], "shop");
    assert!(report["policy"]["bundleBytes"].as_u64().unwrap() > 1000);
    assert!(report["policy"]["acceptMs"]["median"].as_f64().unwrap() > 0.0);
    let operations = report["native"]["operations"].as_array().unwrap();
    assert_eq!(operations.len(), 2, "{operations:?}");
    let of = |decision: &str| operations.iter().find(|o| o["decision"] == decision);
    let (admitted, refused) = (of("allow").unwrap(), of("deny").unwrap());
    assert_eq!(admitted["exchanges"], 2);
    assert_eq!(refused["reason"], "credential_missing");
    for operation in operations {
        assert_eq!(operation["endpoint"], "GET /orders");
        let spread = &operation["decisionNs"];
        let figure = |name: &str| spread[name].as_f64().unwrap();
        assert!(figure("lowest") > 0.0);
        assert!(figure("lowest") <= figure("median") && figure("median") <= figure("highest"));
        assert!(operation["firstNs"].as_f64().unwrap() > 0.0);
    }
    let parts = admitted["partsNs"].as_object().unwrap();
    let names: Vec<&String> = parts.keys().collect();
    let expected = [
        "reading and route",
        "authenticate",
        "authorize",
        "limit",
        "contract",
    ];
    assert_eq!(names.len(), expected.len(), "{names:?}");
    for name in expected {
        assert!(parts.contains_key(name), "{name}: {names:?}");
    }
    assert!(refused.get("partsNs").is_none());
}

#[test]
fn people_see_what_each_operation_takes() {
    let output = bench(&format!("{LIST}\n{ANONYMOUS}\n"), &["--seconds", "1"]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for part in [
        "policy shop: a bundle of ",
        "admitted",
        "refused: credential_missing",
        "reading and route",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn what_cannot_be_measured_is_told_with_exit_code_2() {
    let unreadable = LIST.replace("[[\"x-api-key\",\"test\"]]", "[\"a secret\"]");
    for (requests, why) in [
        ("", "`-` has no exchange"),
        ("\n{", "`-`, line 2"),
        (&unreadable, "request.headers[0]: invalid type: a text"),
    ] {
        let output = bench(requests, &[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("error") && said.contains(why), "{said}");
        assert!(!said.contains("a secret"), "{said}");
    }
    for (options, why) in [
        (&["--seconds", "0"][..], "0 is not in 1..=3600"),
        (&["--wasm", "filter.wasm"], "--envoy"),
        (&["--envoy", "--connections", "0"], "0 is not in 1..=256"),
        (
            &["--envoy", "no-such-envoy", "--wasm", "policy.yaml"],
            "no-such-envoy",
        ),
        (
            &["--envoy", "policy.yaml", "--wasm", "no-such.wasm"],
            "no-such.wasm",
        ),
    ] {
        let output = bench(LIST, options);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        let elsewhere = cfg!(not(target_os = "linux")) && said.contains("as Linux tells it");
        assert!(said.contains(why) || elsewhere, "{options:?}: {said}");
    }
}
