//! Requests that schemathesis makes from descriptions, through `meshward run`: those that fit pass, those that are broken are refused.
#![expect(
    clippy::expect_used,
    reason = "the failure of a helper is the failure of its test"
)]

mod holes;

use integration_tests::{Run, Upstream, paths};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How many requests of each kind are made for an operation.
const EXAMPLES: usize = 8;

/// Descriptions: a name, the file, how many of its operations are tried at most, and how many requests of each kind come of them at least.
fn descriptions() -> [(&'static str, PathBuf, usize, usize); 3] {
    let sample = |name: &str| {
        let home = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        home.join(format!("../envoy-config/apis/{name}.openapi.yaml"))
    };
    let figma = paths::archive("figma").join("openapi/openapi.yaml");
    [
        ("orders", sample("orders"), 10, 30),
        ("users", sample("users"), 10, 20),
        ("figma", figma, 8, 30),
    ]
}

/// What came of the requests.
#[derive(Default)]
struct Found {
    fit: usize,
    broken: usize,
    /// Broken requests that are not, each kind with how often.
    holes: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Found {
    fn take(&mut self, line: &Value) {
        let problem = &line["problem"];
        let (Some(wanted), Some(status)) = (line["wanted"].as_str(), line["status"].as_u64())
        else {
            // It could not be made, or not be sent: there is nothing to judge.
            return;
        };
        let refused = problem["reason"].is_string() || (400..500).contains(&status);
        match (wanted, refused) {
            ("positive", false) => self.fit += 1,
            ("negative", true) => self.broken += 1,
            (wanted, _) => match holes::of(wanted, line) {
                Some(hole) => *self.holes.entry(hole).or_default() += 1,
                None => {
                    let mut text = format!("{wanted}, but {status}: {}", line["operation"]);
                    // Writing to a string cannot fail.
                    let _ = write!(
                        text,
                        "\n  {} {}\n  {}\n  {problem}",
                        line["broken"], line["why"], line["request"]
                    );
                    self.wrong.push(text);
                }
            },
        }
    }
}

#[test]
fn what_schemathesis_makes_passes_or_is_refused_as_it_should() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut policy = "
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: generated }
errors: { detail: full }
apis:
"
    .to_owned();
    let mut sending = vec![EXAMPLES.to_string().into()];
    for (name, published, operations, _) in descriptions() {
        let description = folder.path().join(format!("{name}.json"));
        let operations = operations.to_string().into();
        let part = script("part", [published.into_os_string(), operations]);
        std::fs::write(&description, part).expect("the description can be written");
        sending.push(description.into_os_string());
        policy.push_str(&format!(
            "  - {{ name: {name}, hosts: [{name}.test], basePaths: [/], openapi: {name}.json, defaults: {{ authenticate: {{ public: true }} }} }}\n"
        ));
    }
    let file = folder.path().join("policy.yaml");
    std::fs::write(&file, policy).expect("the policy can be written");
    let upstream = Upstream::start();
    let run = Run::start(&file, &upstream);
    run.until_it_serves();
    sending.insert(0, format!("http://127.0.0.1:{}", run.port).into());
    let lines: Vec<Value> = script("send", sending)
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("every line is JSON"))
        .collect();
    let mut wrong = Vec::new();
    for (name, _, _, least) in descriptions() {
        let mut found = Found::default();
        for line in lines.iter().filter(|line| line["description"] == name) {
            found.take(line);
        }
        println!(
            "{name}: {} that fit passed, {} that are broken were refused, besides {:?}; {} wrong",
            found.fit,
            found.broken,
            found.holes,
            found.wrong.len()
        );
        if found.fit.min(found.broken) < least {
            wrong.push(format!("{name}: too few requests came to anything"));
        }
        wrong.extend(found.wrong);
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What the script writes.
fn script(task: &str, arguments: impl IntoIterator<Item = OsString>) -> Vec<u8> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis/drive.py");
    let output = Command::new("python3")
        .env("PYTHONPATH", paths::schemathesis())
        .env("PYTHONHASHSEED", "1")
        .args([file, task])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "the script failed");
    output.stdout
}
