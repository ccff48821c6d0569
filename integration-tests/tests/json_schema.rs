//! JSON Schema's own suite, through a description, the bundle and the engine: what every test says of a value is what becomes of
//! a request with it.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "the failure of a helper is the failure of its test, and what was measured is shown"
)]

use integration_tests::paths;
use meshward_engine::config::Document;
use meshward_engine::exchange::{Evaluator, Exchange};
use meshward_engine::verdict::Decision;
use meshward_engine::{Problem, compile};
use meshward_openapi::bundle;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

#[path = "json_schema/skips.rs"]
mod skips;

#[test]
fn draft_2020_12_passes() {
    let formats: Vec<String> = skips::FORMATS
        .iter()
        .map(|format| format!("optional/format/{format}"))
        .collect();
    let folder = "draft2020-12";
    let mut files = required(folder);
    files.extend(formats);
    run(folder, "3.1.0", &files);
}

#[test]
fn draft_4_passes_as_far_as_openapi_3_0_has_it() {
    let folder = "draft4";
    run(folder, "3.0.3", &required(folder));
}

/// The names of the files that every implementation must pass.
fn required(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(suite(folder)).expect("the suite is there");
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            Some(name.strip_suffix(".json")?.to_owned())
        })
        .collect();
    names.sort();
    names
}

fn suite(folder: &str) -> std::path::PathBuf {
    paths::archive("json-schema")
        .join("json/tests")
        .join(folder)
}

fn run(folder: &str, version: &str, files: &[String]) {
    let mut passed = 0;
    // For each reason: the tests that are left out, and whether any of them needs that.
    let mut left_out: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(suite(folder).join(format!("{file}.json")))
            .expect("the file can be read");
        let groups: Vec<Value> = serde_json::from_str(&text).expect("the file is JSON");
        for group in &groups {
            let title = group["description"].as_str().expect("a group has a name");
            let why = skips::why(folder == "draft4", file, &group["schema"]);
            let mut judge = Judge::new(version, &group["schema"]);
            for test in group["tests"].as_array().expect("a group has tests") {
                let name = test["description"].as_str().expect("a test has a name");
                let fits = test["valid"].as_bool().expect("a test has a verdict");
                let found = judge.fits(&test["data"]);
                if let Some(why) = why {
                    let (count, needed) = left_out.entry(why).or_default();
                    *count += 1;
                    *needed |= found != Ok(fits);
                } else if found == Ok(fits) {
                    passed += 1;
                } else {
                    wrong.push(format!("{file} | {title} | {name}: {found:?}, not {fits}"));
                }
            }
        }
    }
    println!("{folder}: {passed} tests pass");
    for (why, (count, needed)) in left_out {
        println!("{folder}: {count} do not apply: {why}");
        if !needed {
            wrong.push(format!("nothing needs to be left out any more: {why}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// One schema, as the body of a request.
struct Judge(Result<Evaluator, String>);

impl Judge {
    fn new(version: &str, schema: &Value) -> Self {
        let policy = json!({
            "apiVersion": "meshward.dev/v1", "kind": "Policy", "metadata": { "name": "suite" },
            "delivery": { "allowOnHeadersStopIteration": true },
            "apis": [{
                "name": "suite", "hosts": ["suite.test"], "openapi": "api.json",
                "defaults": { "authenticate": { "public": true } },
            }],
        });
        let description = json!({
            "openapi": version, "info": { "title": "suite", "version": "1" },
            "paths": { "/": { "post": {
                "requestBody": { "required": true, "content": { "application/json": { "schema": { "$ref": "schema.json" } } } },
                "responses": { "200": { "description": "fine" } },
            } } },
        });
        let (description, schema) = (description.to_string(), schema.to_string());
        let mut load = move |path: &str| match path {
            "api.json" => Ok(description.clone()),
            "schema.json" => Ok(schema.clone()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        let document: Document = serde_json::from_value(policy).expect("the policy is one");
        let evaluator = bundle(&document, &mut load)
            .and_then(|(bundle, _)| compile(&bundle))
            .map(|compiled| Evaluator::new(Arc::new(compiled.policy)))
            .map_err(|problems| {
                problems
                    .iter()
                    .map(|p: &Problem| format!("{}: {}; ", p.at, p.message))
                    .collect()
            });
        Self(evaluator)
    }

    fn fits(&mut self, value: &Value) -> Result<bool, String> {
        let evaluator = self.0.as_mut().map_err(|error| error.clone())?;
        let exchange: Exchange = serde_json::from_value(json!({
            "now": "2026-11-22T10:00:00Z",
            "request": {
                "method": "POST", "authority": "suite.test", "path": "/", "body": value.to_string(),
                "headers": [["content-type", "application/json"]],
            },
        }))
        .expect("the exchange is one");
        let now = exchange.now.expect("the exchange says when");
        let outcome = evaluator.evaluate(&exchange, now)?;
        match (outcome.decision, outcome.reason) {
            (Decision::Allow, _) => Ok(true),
            (Decision::Deny, Some(reason)) if reason.code() == "body_schema" => Ok(false),
            (Decision::Deny, reason) => Err(format!("{reason:?}")),
        }
    }
}
