//! `meshward vendor` against a real server, and what the other commands make of its files.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod server;
mod tls;

use server::{Answer, Server};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const POLICY: &str = "\
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: vendored }
apis:
  - { name: shop, hosts: [a.test], openapi: apis/shop.yaml, defaults: { authenticate: { public: true } } }
";

/// A description with one parameter that stands at this URL.
fn description(reference: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{ title: t, version: '1' }}\npaths:\n  /a:\n    get:\n      parameters: [{{ $ref: '{reference}' }}]\n      responses: {{ '200': {{ description: ok }} }}\n"
    )
}

const LIMIT: &str = "limit: { in: query, name: limit, schema: { $ref: 'types/int.json' } }\n";
const INT: &str = r#"{ "type": "integer", "minimum": 1, "maximum": 77 }"#;

/// A policy with a description.
struct Desk {
    folder: TempDir,
    server: Server,
}

impl Desk {
    /// A desk whose description refers to a path of a new server.
    fn new(path: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            server: Server::start(),
        };
        std::fs::create_dir(desk.path("apis")).unwrap();
        desk.write("policy.yaml", POLICY);
        desk.write("apis/shop.yaml", &description(&desk.server.url(path)));
        desk
    }

    /// A desk with two documents on the server, one of which refers to the other.
    fn whole() -> Self {
        let desk = Self::new("/v1/parts.yaml#/limit");
        desk.server.document("/v1/parts.yaml", LIMIT);
        desk.server.document("/v1/types/int.json", INT);
        desk
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    /// The path of a vendored file.
    fn vendored(&self, path: &str) -> String {
        format!("apis/vendor/127.0.0.1_{}/{path}", self.server.port())
    }

    /// Runs a command, and answers with its exit code and all that it prints, the port being `PORT`.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = program(arguments, self.folder.path()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let port = self.server.port().to_string();
        (
            output.status.code().unwrap(),
            String::from_utf8(text).unwrap().replace(&port, "PORT"),
        )
    }

    /// Vendors, which must go well.
    fn vendor(&self, more: &[&str]) -> String {
        let (code, text) = self.run(&[&["vendor", "--allow-http", "policy.yaml"], more].concat());
        assert_eq!(code, 0, "{text}");
        text
    }

    /// Vendors in vain: nothing is written.
    fn refused(&self, more: &[&str]) -> String {
        let before = files(self.folder.path());
        let (code, text) = self.run(&[&["vendor", "policy.yaml"], more].concat());
        assert_eq!(code, 1, "{text}");
        assert_eq!(files(self.folder.path()), before);
        text
    }
}

/// The program in a folder, with nothing of the environment: neither proxies nor colours.
fn program(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshward"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100");
    command
}

/// All files of a folder, with what they say.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push((path.clone(), std::fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_is_vendored_is_read_in_the_place_of_its_url() {
    let desk = Desk::whole();
    let (code, text) = desk.run(&["build", "policy.yaml"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("meshward vendor apis/shop.yaml"), "{text}");
    let text = desk.vendor(&[]);
    assert!(text.contains("2 documents, 2 new"), "{text}");
    assert_eq!(
        desk.server.asked(),
        ["/v1/parts.yaml", "/v1/types/int.json"]
    );
    assert_eq!(desk.read(&desk.vendored("v1/parts.yaml")), LIMIT);
    assert_eq!(desk.read(&desk.vendored("v1/types/int.json")), INT);
    let lock: serde_json::Value =
        serde_json::from_str(&desk.read("apis/meshward.lock.json")).unwrap();
    let entry = &lock["documents"][1];
    assert_eq!(entry["url"], desk.server.url("/v1/types/int.json"));
    assert_eq!(entry["sha256"], digest(INT));
    assert_eq!(entry["size"], INT.len());
    assert_eq!(entry["usedBy"][0], "shop.yaml");
    for command in [
        &["build", "policy.yaml"] as &[&str],
        &["check", "policy.yaml"],
        &["explain", "policy.yaml", "GET", "http://a.test/a"],
        &["init", "--openapi", "apis/shop.yaml"],
    ] {
        let (code, text) = desk.run(command);
        assert_eq!(code, 0, "{command:?}: {text}");
        assert!(
            command[0] != "build" || text.contains("\"maximum\":77"),
            "{text}"
        );
    }
    // Neither the other commands nor a second run ask the network.
    let before = files(desk.folder.path());
    let text = desk.vendor(&[]);
    assert!(!text.contains("new"), "{text}");
    assert_eq!(files(desk.folder.path()), before);
    assert_eq!(desk.server.asked(), Vec::<String>::new());
}

#[test]
fn check_says_without_the_network_whether_all_is_as_it_was_fetched() {
    let desk = Desk::whole();
    let check = ["--check"];
    assert!(desk.refused(&check).contains("it is not vendored"));
    desk.vendor(&[]);
    desk.server.asked();
    assert_eq!(desk.run(&["vendor", "--check", "policy.yaml"]).0, 0);
    let int = desk.vendored("v1/types/int.json");
    let changed = INT.replace("77", "78");
    desk.write(&int, &changed);
    for said in [
        desk.refused(&check),
        desk.refused(&[]),
        desk.run(&["check", "policy.yaml"]).1,
    ] {
        for part in ["types/int.json", &digest(INT), &digest(&changed)] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
    std::fs::remove_file(desk.path(&int)).unwrap();
    assert!(desk.refused(&check).contains("is not there"));
    assert!(
        desk.run(&["check", "policy.yaml"])
            .1
            .contains("no-vendored-file")
    );
    assert_eq!(desk.server.asked(), Vec::<String>::new());
    // What is gone is fetched again, but only if it is still the same.
    let text = desk.vendor(&[]);
    assert!(text.contains("1 restored"), "{text}");
    assert_eq!(desk.read(&int), INT);
    std::fs::remove_file(desk.path(&int)).unwrap();
    desk.server.document("/v1/types/int.json", &changed);
    let said = desk.refused(&["--allow-http"]);
    assert!(said.contains("another document"), "{said}");
}

#[test]
fn update_fetches_everything_again_and_says_what_changed() {
    let desk = Desk::whole();
    desk.vendor(&[]);
    let lock = desk.read("apis/meshward.lock.json");
    desk.server.asked();
    let report = desk.vendor(&["--update"]);
    assert!(!report.contains("changed"), "{report}");
    assert_eq!(desk.server.asked().len(), 2);
    assert_eq!(desk.read("apis/meshward.lock.json"), lock);
    let changed = INT.replace("77", "78");
    desk.server.document("/v1/types/int.json", &changed);
    let report: serde_json::Value =
        serde_json::from_str(&desk.vendor(&["--update", "--json"])).unwrap();
    let documents = report["folders"][0]["documents"].as_array().unwrap();
    let states: Vec<_> = documents
        .iter()
        .map(|d| d["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["kept", "changed"]);
    assert_eq!(documents[1]["was"], digest(INT));
    assert_eq!(documents[1]["sha256"], digest(&changed));
    assert_eq!(report["outcome"], "vendored");
    assert!(
        desk.run(&["build", "policy.yaml"])
            .1
            .contains("\"maximum\":78")
    );
}

#[test]
fn what_nothing_refers_to_any_more_goes() {
    let desk = Desk::whole();
    let other = description(&desk.server.url("/v1/parts.yaml#/limit"));
    desk.write("apis/other.yaml", &other);
    desk.vendor(&["apis/other.yaml"]);
    desk.server.document(
        "/v1/parts.yaml",
        "limit: { in: query, name: limit, schema: {} }\n",
    );
    let text = desk.vendor(&["--update"]);
    // The other description was not asked, and still needs it as far as the lock knows.
    assert!(!text.contains("unused"), "{text}");
    let text = desk.vendor(&["apis/other.yaml"]);
    assert!(text.contains("1 unused"), "{text}");
    assert!(!desk.path(&desk.vendored("v1/types/int.json")).exists());
    desk.write(
        "apis/shop.yaml",
        &description("#/components/parameters/p").replace(
            "paths:",
            "components: { parameters: { p: { in: query, name: p, schema: {} } } }\npaths:",
        ),
    );
    std::fs::remove_file(desk.path("apis/other.yaml")).unwrap();
    desk.vendor(&[]);
    assert!(!desk.path("apis/meshward.lock.json").exists());
    assert!(!desk.path(&desk.vendored("v1/parts.yaml")).exists());
}

#[test]
fn redirects_are_followed_and_references_are_relative_to_where_they_lead() {
    let desk = Desk::new("/latest/parts.yaml#/limit");
    desk.server.set(
        "/latest/parts.yaml",
        Answer::Redirect("../v2/parts.yaml".to_owned()),
    );
    desk.server.document("/v2/parts.yaml", LIMIT);
    desk.server.document("/v2/types/int.json", INT);
    desk.vendor(&[]);
    assert!(
        desk.run(&["build", "policy.yaml"])
            .1
            .contains("\"maximum\":77")
    );
    assert!(desk.path(&desk.vendored("v2/types/int.json")).exists());
    assert!(desk.path(&desk.vendored("latest/parts.yaml")).exists());
}

#[test]
fn what_a_server_gets_wrong_is_said_and_writes_nothing() {
    let page = "<!DOCTYPE html><html><body>Log in</body></html>".to_owned();
    let cases = [
        (Answer::Status(404), "the answer is 404"),
        (Answer::Status(503), "the answer is 503"),
        (Answer::Status(204), "the answer is 204"),
        (Answer::Status(304), "without a place"),
        (Answer::CutOff(LIMIT.to_owned()), "ended too early"),
        (Answer::CutOffChunks(LIMIT.to_owned()), "ended too early"),
        (
            Answer::Unmeasured(LIMIT.to_owned()),
            "does not say how long it is",
        ),
        (Answer::Huge, "larger than 50 MB"),
        (Answer::Endless, "larger than 50 MB"),
        (Answer::Silent, "no whole answer within 1 s"),
        (
            Answer::Redirect("/v1/parts.yaml".to_owned()),
            "leads on more than 5 times",
        ),
        (
            Answer::Redirect("file:///etc/passwd".to_owned()),
            "neither `https:` nor `http:`",
        ),
        (
            Answer::Redirect("//me:hush@127.0.0.1/".to_owned()),
            "holds credentials",
        ),
        (Answer::Document(page), "neither JSON nor YAML"),
        (
            Answer::Document("log in".to_owned()),
            "the answer is no document",
        ),
        (
            Answer::Document("{\"a\": 1, \"a\": 2}".to_owned()),
            "neither JSON nor YAML",
        ),
        (Answer::Document(String::new()), "the file is empty"),
        (Answer::Raw("", vec![0xff, 0xfe, 0, 1]), "not UTF-8"),
        (
            Answer::Raw("content-encoding: gzip\r\n", vec![1]),
            "compressed",
        ),
    ];
    let desk = Desk::new("/v1/parts.yaml#/limit");
    for (answer, expected) in cases {
        desk.server.set("/v1/parts.yaml", answer.clone());
        let is_silent = matches!(answer, Answer::Silent);
        let patience = if is_silent { "1" } else { "600" };
        let said = desk.refused(&["--allow-http", "--timeout", patience]);
        assert!(said.contains(expected), "{answer:?}: {said}");
        assert!(said.contains("/v1/parts.yaml"), "{answer:?}: {said}");
        assert!(!said.contains("hush"), "{answer:?}: {said}");
    }
    assert_eq!(desk.server.asked().len(), 19 + 5);
}

#[test]
fn only_what_may_be_asked_is_asked() {
    let desk = Desk::whole();
    let said = desk.refused(&[]);
    assert!(said.contains("--allow-http"), "{said}");
    for (reference, expected) in [
        ("file:///etc/passwd", "neither `https:` nor `http:`"),
        ("http://me:hush@127.0.0.1/a.yaml", "holds credentials"),
        ("//127.0.0.1/a.yaml", "has no scheme"),
    ] {
        desk.write("apis/shop.yaml", &description(reference));
        let said = desk.refused(&["--allow-http"]);
        assert!(said.contains(expected), "{said}");
        let (code, told) = desk.run(&["check", "policy.yaml"]);
        assert_eq!(code, 1);
        assert!(told.contains(expected), "{told}");
        assert!(!(said + &told).contains("hush"), "{told}");
    }
    // The description itself is never fetched.
    desk.write(
        "policy.yaml",
        &POLICY.replace("apis/shop.yaml", "http://me:hush@127.0.0.1/a.yaml"),
    );
    let (code, told) = desk.run(&["check", "policy.yaml"]);
    assert_eq!(code, 1);
    let said = desk.refused(&["--allow-http"]) + &told;
    assert!(
        said.contains("127.0.0.1/a.yaml") && !said.contains("hush"),
        "{said}"
    );
    assert_eq!(desk.server.asked(), Vec::<String>::new());
}

#[test]
fn what_nothing_needs_may_be_missing() {
    let desk = Desk::whole();
    let example = format!(
        "limit: {{ in: query, name: limit, schema: {{}}, example: {{ $ref: '{}' }} }}\n",
        desk.server.url("/gone.yaml")
    );
    desk.server.document("/v1/parts.yaml", &example);
    let said = desk.vendor(&[]);
    assert!(said.contains("nothing that is enforced needs it"), "{said}");
    assert_eq!(desk.run(&["build", "policy.yaml"]).0, 0);
}

#[test]
fn names_on_the_server_lead_nowhere_else_on_the_disk() {
    let desk = Desk::new("/..%2f..%2f..%2fescape.yaml?a=../../b#/limit");
    let limit = "limit: { in: query, name: limit, schema: {} }\n";
    desk.server
        .document("/..%2F..%2F..%2Fescape.yaml?a=../../b", limit);
    desk.vendor(&[]);
    let below = desk.path("apis/vendor");
    let new = files(desk.folder.path()).into_iter().map(|(path, _)| path);
    let outside: Vec<PathBuf> = new.filter(|path| !path.starts_with(&below)).collect();
    assert_eq!(outside.len(), 3, "{outside:?}");
    assert_eq!(desk.run(&["build", "policy.yaml"]).0, 0);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link_or_over_what_is_not_ours() {
    let desk = Desk::whole();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), desk.path("apis/vendor")).unwrap();
    let (code, said) = desk.run(&["vendor", "--allow-http", "policy.yaml"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("symbolic link"), "{said}");
    assert_eq!(files(elsewhere.path()), Vec::new());
    std::fs::remove_file(desk.path("apis/vendor")).unwrap();
    let mine = desk.vendored("v1/parts.yaml");
    std::fs::create_dir_all(desk.path(&mine).parent().unwrap()).unwrap();
    desk.write(&mine, "mine");
    let said = desk.refused(&["--allow-http"]);
    assert!(said.contains("move it away"), "{said}");
    // As a run leaves it that was ended before it wrote the lock.
    desk.write(&mine, LIMIT);
    desk.vendor(&[]);
}

#[test]
fn a_lock_that_was_tampered_with_is_refused() {
    let desk = Desk::whole();
    desk.vendor(&[]);
    let lock = desk.read("apis/meshward.lock.json");
    let file = format!("vendor/127.0.0.1_{}/v1/parts.yaml", desk.server.port());
    assert!(lock.contains(&file));
    desk.write(
        "apis/meshward.lock.json",
        &lock.replace(&file, "../policy.yaml"),
    );
    for more in [&[] as &[&str], &["--check"], &["--update", "--allow-http"]] {
        let said = desk.refused(more);
        assert!(
            said.contains("`../policy.yaml` is no file below `vendor/`"),
            "{said}"
        );
    }
    let (code, said) = desk.run(&["check", "policy.yaml"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("bad-lock"), "{said}");
}

#[test]
fn what_is_named_must_be_a_policy_or_a_description() {
    let desk = Desk::whole();
    desk.write("other.yaml", "a: 1\n");
    assert_eq!(desk.run(&["vendor", "other.yaml"]).0, 2);
    assert_eq!(desk.run(&["vendor", "gone.yaml"]).0, 2);
    assert_eq!(desk.run(&["vendor"]).0, 2);
    desk.write("other.yaml", "openapi: 4.0.0\n");
    assert_eq!(desk.run(&["vendor", "other.yaml"]).0, 1);
}
