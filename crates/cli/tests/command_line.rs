//! The command line as people meet it: arguments in; standard output, standard error and exit code out.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::Path;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_meshward");

fn data() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"))
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(data())
        .env_clear()
        .env("COLUMNS", "100");
    command
}

/// Everything that came of a command, as one text.
fn outcome(arguments: &[&str]) -> String {
    let output = program(arguments).output().unwrap();
    let part = |title: &str, bytes: &[u8]| match String::from_utf8(bytes.to_vec()).unwrap() {
        text if text.is_empty() => String::new(),
        text => format!("--- {title}\n{text}"),
    };
    format!(
        "exit {}\n{}{}",
        output.status.code().unwrap(),
        part("stdout", &output.stdout),
        part("stderr", &output.stderr)
    )
}

fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_slice(&program(arguments).output().unwrap().stdout).unwrap()
}

#[test]
fn check_shows_every_mistake_in_the_structure() {
    let shown = outcome(&["check", "structure.yaml"]);
    for secret in ["a private key", "a-plain-key"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn check_shows_mistakes_in_descriptions() {
    insta::assert_snapshot!(outcome(&["check", "description.yaml"]));
}

#[test]
fn check_shows_where_the_syntax_is_wrong() {
    insta::assert_snapshot!(outcome(&["check", "syntax.yaml"]));
}

#[test]
fn check_of_a_good_policy_says_what_it_covers() {
    insta::assert_snapshot!(outcome(&["check", "policy.yaml"]));
}

#[test]
fn check_answers_tools_in_json() {
    let report = json(&["check", "structure.yaml", "--format", "json"]);
    let problems = report["problems"].as_array().unwrap();
    assert_eq!(report["summary"]["errors"], problems.len());
    insta::assert_json_snapshot!(problems[0]);
    assert_eq!(
        json(&["check", "policy.yaml", "--format", "json"])["coverage"]
            .as_array()
            .unwrap()
            .len(),
        10
    );
}

#[test]
fn check_answers_code_scanning_in_sarif() {
    let log = json(&["check", "structure.yaml", "--format", "sarif"]);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 10);
    for result in results {
        assert!(
            rules.contains(&result["ruleId"].as_str().unwrap()),
            "{result}"
        );
        assert!(matches!(
            result["level"].as_str(),
            Some("error" | "warning")
        ));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let physical = &result["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "structure.yaml");
        assert!(physical["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(physical["region"]["startColumn"].as_u64().unwrap() >= 1);
    }
    insta::assert_json_snapshot!(results[0]);
}

#[test]
fn build_makes_a_bundle_that_is_a_policy_itself() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle.json");
    let bundle = bundle.to_str().unwrap();
    assert_eq!(outcome(&["build", "policy.yaml", "-o", bundle]), "exit 0\n");
    let text = std::fs::read_to_string(bundle).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["kind"], "Bundle");
    assert_eq!(
        value["apis"][0]["description"]["operations"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    assert_eq!(
        value["identityProviders"]["corp"]["jwt"]["jwks"]["inline"]["keys"][0]["kid"],
        "test"
    );
    let again = program(&["build", bundle]).output().unwrap();
    assert_eq!(String::from_utf8(again.stdout).unwrap().trim(), text.trim());
}

#[test]
fn build_writes_nothing_when_there_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle.json");
    let shown = outcome(&["build", "structure.yaml", "-o", bundle.to_str().unwrap()]);
    assert!(shown.starts_with("exit 1\n--- stderr\n"), "{shown}");
    assert!(!bundle.exists());
}

#[test]
fn explain_lists_all_endpoints() {
    insta::assert_snapshot!(outcome(&["explain", "policy.yaml"]));
}

#[test]
fn explain_says_what_applies_to_a_request() {
    insta::assert_snapshot!(outcome(&["explain", "policy.yaml", "POST", "/v1/orders"]));
    insta::assert_snapshot!(outcome(&[
        "explain",
        "policy.yaml",
        "DELETE",
        "http://orders.test/v1/orders/7"
    ]));
    let shown = json(&["explain", "policy.yaml", "GET", "/v1/orders/7", "--json"]);
    assert_eq!(shown["operation"], "getOrder");
    assert_eq!(shown["request"]["parameters"][0], "path.orderId");
}

#[test]
fn explain_says_who_may_call_and_which_level_says_so() {
    insta::assert_snapshot!(outcome(&["explain", "allowed.yaml", "GET", "/orders/1"]));
}

#[test]
fn check_shows_rules_that_nobody_can_keep() {
    insta::assert_snapshot!(outcome(&["check", "disallowed.yaml"]));
}

#[test]
fn check_lists_gaps_for_tools() {
    let report = json(&["check", "policy.yaml", "--format", "json"]);
    let gaps = report["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    let lints = report["lints"].as_array().unwrap();
    let codes: Vec<_> = lints.iter().map(|lint| &lint["code"]).collect();
    assert_eq!(codes, ["unbounded-string", "unbounded-integer"]);
    let log = json(&["check", "policy.yaml", "--format", "sarif"]);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let notes = results.iter().filter(|result| result["level"] == "note");
    assert_eq!(notes.count(), 4 + lints.len());
}

#[test]
fn explain_says_why_a_request_meets_no_endpoint() {
    for (method, url, reason) in [
        ("GET", "/v1/nothing", "endpoint_unknown"),
        ("PUT", "/v1/orders", "method_unknown"),
        ("GET", "https://else.test/v1/orders", "host_unknown"),
        ("GET", "/v1/orders/..%2fadmin", "target_ambiguous"),
    ] {
        let shown = outcome(&["explain", "policy.yaml", method, url]);
        assert!(
            shown.starts_with("exit 1") && shown.contains(reason),
            "{shown}"
        );
    }
}

#[test]
fn eval_answers_line_by_line() {
    insta::assert_snapshot!(outcome(&[
        "eval",
        "policy.yaml",
        "--requests",
        "requests.jsonl"
    ]));
}

#[test]
fn eval_stops_at_a_line_that_cannot_be_read() {
    let shown = outcome(&["eval", "policy.yaml", "--requests", "wrong-requests.jsonl"]);
    assert!(
        shown.starts_with("exit 2\n--- stdout\n{\"id\":\"fine\""),
        "{shown}"
    );
    assert!(
        shown.contains("`wrong-requests.jsonl`, line 2: request.path: invalid type"),
        "{shown}"
    );
}

#[test]
fn check_shows_what_the_engine_finds() {
    insta::assert_snapshot!(outcome(&["check", "meaning.yaml"]));
}

#[test]
fn init_writes_a_policy_that_passes_check() {
    let folder = tempfile::tempdir().unwrap();
    let description = folder.path().join("orders.openapi.yaml");
    std::fs::copy(data().join("orders.openapi.yaml"), &description).unwrap();
    let policy = folder.path().join("policy.yaml");
    let arguments = [
        "init",
        "--openapi",
        description.to_str().unwrap(),
        "-o",
        policy.to_str().unwrap(),
    ];
    let first = outcome(&arguments);
    assert!(first.starts_with("exit 0"), "{first}");
    insta::assert_snapshot!(std::fs::read_to_string(&policy).unwrap());
    let checked = outcome(&["check", policy.to_str().unwrap()]);
    assert!(checked.starts_with("exit 0"), "{checked}");
    let second = outcome(&arguments);
    assert!(
        second.starts_with("exit 2") && second.contains("is not overwritten"),
        "{second}"
    );
}

#[test]
fn init_says_what_is_wrong_with_a_description() {
    insta::assert_snapshot!(outcome(&["init", "--openapi", "broken.openapi.yaml"]));
}

#[test]
fn render_envoy_writes_a_bootstrap_with_the_bundle() {
    let shown = outcome(&[
        "render",
        "envoy",
        "policy.yaml",
        "--upstream",
        "orders:9000",
    ]);
    let value = shown
        .lines()
        .filter_map(|line| line.trim().strip_prefix("value: "))
        .map(|text| serde_json::from_str::<String>(text).unwrap())
        .next()
        .unwrap();
    let bundle: serde_json::Value = serde_json::from_str(&value).unwrap();
    assert_eq!(bundle["delivery"]["allowOnHeadersStopIteration"], true);
    let value = serde_json::Value::from(value).to_string();
    insta::assert_snapshot!(shown.replace(&value, "\"BUNDLE\""));
}

#[test]
fn reference_pages_are_generated() {
    // The pages themselves are in the manual, and compared there.
    let policy = outcome(&["reference", "policy"]);
    for line in [
        "| **`metadata`** | [Metadata](#metadata) |",
        "| `limits` | map from name to [Limit](#limit) |",
        "| `monitor` | Decide, log and count, but let the exchange pass. |",
        "| `headOnly` | ",
    ] {
        assert!(policy.contains(line), "{line}: {policy}");
    }
    let reasons = outcome(&["reference", "reasons"]);
    assert!(
        reasons.contains("| `jwt_expired` | 401 | authenticate |"),
        "{reasons}"
    );
}

#[test]
fn wrong_use_is_told_with_exit_code_2() {
    for arguments in [
        &["check"][..],
        &["check", "no-such-policy.yaml"],
        &["explain", "policy.yaml", "GET"],
        &["explain", "policy.yaml", "GET", "orders"],
        &["render", "envoy", "policy.yaml", "--upstream", "9000"],
        &[
            "render",
            "envoy",
            "policy.yaml",
            "--listen",
            "localhost:8080",
        ],
        &[
            "run",
            "policy.yaml",
            "--upstream",
            "127.0.0.1:9",
            "--wasm",
            "no-such.wasm",
        ],
        &[
            "run",
            "policy.yaml",
            "--upstream",
            "127.0.0.1:9",
            "--wasm",
            "policy.yaml",
            "--envoy",
            "no-such-envoy",
        ],
    ] {
        let shown = outcome(arguments);
        assert!(
            shown.starts_with("exit 2\n--- stderr\nerror"),
            "{arguments:?}: {shown}"
        );
    }
}

#[test]
fn every_command_has_help_with_examples() {
    for command in [
        "init",
        "vendor",
        "check",
        "build",
        "eval",
        "explain",
        "run",
        "bench",
        "completions",
    ] {
        let shown = outcome(&[command, "--help"]);
        assert!(shown.contains("Examples:"), "{shown}");
    }
    insta::assert_snapshot!(outcome(&["--help"]));
}

#[test]
fn render_envoy_gateway_refuses_bodies_unless_told_and_names_the_module_by_digest() {
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let image = format!("oci://registry.test/meshward@sha256:{digest}");
    let target = |more: &[&str]| {
        let mut words = vec![
            "render",
            "envoy-gateway",
            "policy.yaml",
            "--namespace",
            "shop",
            "--target",
            "front",
        ];
        words.extend(more);
        outcome(&words)
    };
    insta::assert_snapshot!(target(&["--wasm", &image]));
    insta::assert_snapshot!(target(&[
        "--wasm",
        &image,
        "--without-bodies",
        "--pull-secret",
        "registry"
    ]));
    insta::assert_snapshot!(target(&["--wasm", "/f.wasm", "--without-bodies"]));
}

#[test]
fn render_istio_takes_an_envoy_filter_where_bodies_are_judged() {
    let target = [
        "render",
        "istio",
        "policy.yaml",
        "--namespace",
        "shop",
        "--selector",
        "app=orders",
        "--wasm",
        "/etc/meshward_filter.wasm",
        "--cluster",
        "idp=https://idp.test:443",
    ];
    insta::assert_snapshot!(outcome(&target));
}

#[test]
fn render_istio_writes_a_plugin_that_says_what_it_cannot_do() {
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let image = format!("oci://registry.test/meshward@sha256:{digest}");
    let target = [
        "render",
        "istio",
        "policy.yaml",
        "--namespace",
        "istio-system",
        "--at",
        "gateway",
        "--wasm",
        &image,
        "--form",
        "wasm-plugin",
        "--pull-secret",
        "registry",
        "--stats-tags",
    ];
    insta::assert_snapshot!(outcome(&target));
}

#[test]
fn render_istio_refuses_what_no_object_can_say() {
    let render = |options: &[&str]| {
        let common = ["render", "istio", "policy.yaml", "--namespace", "shop"];
        outcome(&[&common, options].concat())
    };
    let shown = [
        render(&["--wasm", "oci://registry.test/meshward:latest"]),
        render(&["--wasm", "/f.wasm", "--phase", "authz"]),
        render(&["--wasm", "/f.wasm", "--pull-secret", "registry"]),
        render(&["--wasm", "/f.wasm", "--selector", "app"]),
        render(&["--wasm", "/f.wasm", "--name", "Orders"]),
    ];
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn render_istio_packs_a_bundle_into_one_word() {
    let target = [
        "render",
        "istio",
        "policy.yaml",
        "--namespace",
        "shop",
        "--wasm",
        "/f.wasm",
        "--compact",
    ];
    for form in ["wasm-plugin", "envoy-filter"] {
        let shown = outcome(&[&target[..], &["--form", form]].concat());
        assert!(shown.starts_with("exit 0"), "{shown}");
        assert!(shown.contains("\"meshward-bundle/1 "), "{shown}");
        assert!(!shown.contains("identityProviders"), "{shown}");
    }
}
