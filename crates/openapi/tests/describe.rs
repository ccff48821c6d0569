//! Descriptions as data: every file in `tests/data/good` and `tests/data/bad`, with what becomes of it as a snapshot.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data fails")]

use meshward_engine::config::Description;
use meshward_engine::{Problem, Severity};
use meshward_openapi::{FileLoader, describe, source::Source};
use serde_json::Value;
use std::path::Path;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// The names of the files in a directory below the data.
fn files(directory: &str) -> Vec<String> {
    let entries = std::fs::read_dir(Path::new(DATA).join(directory)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| format!("{directory}/{name}"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

/// `error code file:line:column pointer`, and below it what it says.
fn show(problem: &Problem) -> String {
    let file = problem.file.as_deref().unwrap_or("policy");
    let place = std::fs::read_to_string(Path::new(DATA).join(file))
        .ok()
        .and_then(|text| Source::parse(file, &text).ok())
        .map(|source| source.place(&problem.at))
        .map_or(String::new(), |span| {
            format!(":{}:{}", span.line, span.column)
        });
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!(
        "{severity} {} {file}{place} {}\n  {}\n",
        problem.code, problem.at, problem.message
    );
    if let Some(hint) = &problem.hint {
        text += &format!("  hint: {hint}\n");
    }
    text
}

fn check(directory: &str) {
    for name in files(directory) {
        let result = describe(&name, &mut FileLoader::new(DATA));
        let (description, problems) = match result {
            Ok((description, warnings)) => (Some(description), warnings),
            Err(problems) => (None, problems),
        };
        assert_eq!(
            description.is_some(),
            directory == "good",
            "{name}: {problems:#?}"
        );
        let mut text: String = problems.iter().map(show).collect();
        if let Some(description) = description {
            check_schemas(&description);
            text += &serde_json::to_string_pretty(&description).unwrap();
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.replace('/', "-"), text);
        });
    }
}

/// Every schema is one of JSON Schema 2020-12, and every reference leads to a shared schema.
fn check_schemas(description: &Description) {
    let value = serde_json::to_value(description).unwrap();
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/$defs/").unwrap();
            assert!(description.schemas.contains_key(name), "{reference}");
        }
        open.extend(
            value
                .as_object()
                .into_iter()
                .flat_map(|members| members.values()),
        );
        open.extend(value.as_array().into_iter().flatten());
    }
    for (name, schema) in &description.schemas {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name}");
    }
}

#[test]
fn descriptions_that_are_read() {
    check("good");
}

#[test]
fn descriptions_that_are_refused() {
    check("bad");
}

/// Following references takes no stack.
#[test]
fn a_long_chain_of_references_is_followed() {
    let length = 5_000;
    let mut text = String::from(
        "openapi: 3.1.0\npaths: {/a: {get: {parameters: [{name: q, in: query, schema: {$ref: '#/components/schemas/S0'}}]}}}\ncomponents:\n  schemas:\n",
    );
    for index in 0..length {
        let next = index + 1;
        text += &format!(
            "    S{index}: {{allOf: [{{$ref: '#/components/schemas/S{next}'}}], required: [a]}}\n"
        );
    }
    text += &format!("    S{length}: {{properties: {{a: {{type: string}}}}}}\n");
    let mut loader = |_: &str| Ok(text.clone());
    let (description, warnings) = describe("chain.yaml", &mut loader).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(description.schemas.len(), length + 1);
}

/// Whatever a slip of the hand makes of a description, there is an answer.
#[test]
fn damaged_descriptions_are_answered() {
    for name in files("good").into_iter().chain(files("bad")) {
        let text = std::fs::read_to_string(Path::new(DATA).join(&name)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let without_line = (0..lines.len()).map(|gone| {
            let kept = lines.iter().enumerate().filter(|(index, _)| *index != gone);
            kept.map(|(_, line)| format!("{line}\n"))
                .collect::<String>()
        });
        let cut = (0..text.len()).step_by(7).filter_map(|end| text.get(..end));
        for damaged in without_line.chain(cut.map(str::to_owned)) {
            let mut loader = |path: &str| {
                if path == name {
                    return Ok(damaged.clone());
                }
                std::fs::read_to_string(Path::new(DATA).join(path))
            };
            match describe(&name, &mut loader) {
                Ok((description, _)) => check_schemas(&description),
                Err(problems) => assert!(!problems.is_empty()),
            }
        }
    }
}
