//! Descriptions whose parts are remote, and vendored beside them.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data fails")]

use meshward_openapi::describe;
use meshward_openapi::vendor::{Document, LOCK, Lock, RemoteUrl, digest};
use std::collections::BTreeMap;
use std::io;

const DESCRIPTION: &str = "\
openapi: 3.1.0
info: {}
paths:
  /a:
    get:
      parameters: [{ $ref: 'https://a.example/v1/parts.yaml#/limit' }]
      responses: {}
";

/// Refers to a neighbour on its own server, and from there to another server.
const PARTS: &str = "limit: { $ref: 'more/limit.json' }\n";
const LIMIT: &str =
    r#"{"in": "query", "name": "limit", "schema": {"$ref": "//b.example/int#/Int"}}"#;
const INT: &str = "Int: { type: integer, maximum: 7 }\n";

/// The files of the folder `apis`, with these documents vendored.
fn folder(documents: &[(&str, &str, &str, &str)]) -> BTreeMap<String, String> {
    let mut lock = Lock::default();
    let mut files = BTreeMap::from([("apis/api.yaml".to_owned(), DESCRIPTION.to_owned())]);
    for (url, location, file, text) in documents {
        let document = Document {
            location: RemoteUrl::parse(location).unwrap(),
            file: (*file).to_owned(),
            sha256: digest(text),
            size: text.len() as u64,
            fetched: "2026-11-23T00:00:00Z".to_owned(),
            used_by: Vec::new(),
        };
        lock.set(RemoteUrl::parse(url).unwrap(), document);
        files.insert(format!("apis/{file}"), (*text).to_owned());
    }
    files.insert(format!("apis/{LOCK}"), lock.write());
    files
}

/// The first document was found elsewhere than it is referred to, and its references are relative to where.
fn whole() -> BTreeMap<String, String> {
    folder(&[
        (
            "https://a.example/v1/parts.yaml",
            "https://a.example/v2/parts.yaml",
            "vendor/a.example/v1/parts.yaml",
            PARTS,
        ),
        (
            "https://a.example/v2/more/limit.json",
            "https://a.example/v2/more/limit.json",
            "vendor/a.example/v2/more/limit.json",
            LIMIT,
        ),
        (
            "https://b.example/int",
            "https://b.example/int",
            "vendor/b.example/int.yaml",
            INT,
        ),
    ])
}

/// What is wrong with `apis/api.yaml`, in lines.
fn problems(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut loader = |path: &str| {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "no such file");
        files.get(path).cloned().ok_or_else(missing)
    };
    match describe("apis/api.yaml", &mut loader) {
        Ok((description, warnings)) => {
            assert!(warnings.is_empty(), "{warnings:?}");
            let said = serde_json::to_string(&description).unwrap();
            assert!(
                said.contains("\"limit\"") && said.contains("\"maximum\":7"),
                "{said}"
            );
            Vec::new()
        }
        Err(problems) => problems
            .into_iter()
            .map(|problem| {
                format!(
                    "{} {} {}: {} ({})",
                    problem.code,
                    problem.file.unwrap_or_default(),
                    problem.at,
                    problem.message,
                    problem.hint.unwrap_or_default()
                )
            })
            .collect(),
    }
}

#[test]
fn vendored_documents_stand_for_their_urls() {
    assert_eq!(problems(&whole()), Vec::<String>::new());
}

#[test]
fn what_is_not_vendored_names_the_command_that_does_it() {
    let mut files = folder(&[]);
    files.remove(&format!("apis/{LOCK}"));
    let said = problems(&files).join("\n");
    assert!(
        said.starts_with("remote-reference apis/api.yaml /paths/~1a/get/parameters/0/$ref: `https://a.example/v1/parts.yaml` is remote"),
        "{said}"
    );
    assert!(said.contains("`meshward vendor apis/api.yaml`"), "{said}");
}

#[test]
fn a_file_that_is_not_what_was_fetched_is_never_read() {
    let mut files = whole();
    let changed = INT.replace('7', "8");
    files.insert("apis/vendor/b.example/int.yaml".to_owned(), changed.clone());
    let said = problems(&files).join("\n");
    for part in [
        "vendored-file-changed apis/vendor/b.example/int.yaml : ",
        &digest(INT),
        &digest(&changed),
        "meshward vendor --update apis/api.yaml",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    files.remove("apis/vendor/b.example/int.yaml");
    let said = problems(&files).join("\n");
    assert!(said.contains("no-vendored-file"), "{said}");
}

#[test]
fn a_lock_that_cannot_be_read_is_said() {
    let mut files = whole();
    let lock = format!("apis/{LOCK}");
    let wrong = files[&lock].replace("vendor/b.example/int.yaml", "../../etc/passwd");
    files.insert(lock, wrong);
    let said = problems(&files).join("\n");
    assert!(said.contains("bad-lock apis/meshward.lock.json"), "{said}");
    assert!(said.contains("../../etc/passwd"), "{said}");
}

#[test]
fn vendored_documents_lead_to_no_file_of_this_machine() {
    for reference in [
        "file:///apis/secret.yaml",
        "../../../apis/secret.yaml",
        "/apis/secret.yaml",
    ] {
        let text = format!("limit: {{ $ref: '{reference}' }}\n");
        let url = "https://a.example/v1/parts.yaml";
        let mut files = folder(&[(url, url, "vendor/a.example/v1/parts.yaml", &text)]);
        let secret = "{in: query, name: secret, schema: {}}".to_owned();
        files.insert("apis/secret.yaml".to_owned(), secret);
        let said = problems(&files).join("\n");
        assert!(said.contains("remote-reference"), "{said}");
    }
}

#[test]
fn a_vendored_schema_may_say_where_it_is() {
    let said = |id: &str| {
        let text = format!("$id: {id}\ntype: integer\nmaximum: 7\n");
        let url = "https://a.example/int.yaml";
        let mut files = folder(&[(url, url, "vendor/a.example/int.yaml", &text)]);
        let reference = format!("{{in: query, name: limit, schema: {{$ref: '{url}'}}}}");
        let description = DESCRIPTION.replace(
            "{ $ref: 'https://a.example/v1/parts.yaml#/limit' }",
            &reference,
        );
        files.insert("apis/api.yaml".to_owned(), description);
        problems(&files).join("\n")
    };
    assert_eq!(said("https://A.example/int.yaml#"), "");
    let other = said("https://b.example/int.yaml");
    assert!(other.contains("`$id` is not supported"), "{other}");
}

#[test]
fn credentials_in_urls_are_refused_and_not_told() {
    let mut files = whole();
    let text = DESCRIPTION.replace("a.example", "me:hush@a.example");
    files.insert("apis/api.yaml".to_owned(), text);
    let said = problems(&files).join("\n");
    assert!(said.contains("holds credentials"), "{said}");
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn a_description_has_a_bounded_number_of_files() {
    let references: Vec<String> = (0..1_001)
        .map(|number| format!("{{$ref: 'p{number}.yaml'}}"))
        .collect();
    let text = DESCRIPTION.replace(
        "{ $ref: 'https://a.example/v1/parts.yaml#/limit' }",
        &references.join(", "),
    );
    let mut files = folder(&[]);
    files.insert("apis/api.yaml".to_owned(), text);
    let mut parameter = 0;
    let mut loader = |path: &str| {
        let known = files.get(path).cloned();
        parameter += 1;
        Ok(known.unwrap_or_else(|| format!("{{in: query, name: p{parameter}, schema: {{}}}}")))
    };
    let problems = describe("apis/api.yaml", &mut loader).unwrap_err();
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    assert!(codes.contains(&"too-many-files"), "{codes:?}");
}
