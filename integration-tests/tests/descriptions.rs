//! Descriptions as their makers publish them: mapped without an edit, and held to.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "the failure of a helper is the failure of its test, and what was measured is shown"
)]

use integration_tests::paths;
use meshward_engine::compile;
use meshward_engine::config::Document;
use meshward_engine::exchange::{Evaluator, Exchange, Outcome};
use meshward_engine::verdict::{Decision, Reason};
use meshward_openapi::{FileLoader, bundle};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// A description under a policy that lets everybody in.
struct Published {
    evaluator: Evaluator,
    operations: usize,
    /// Bytes of the bundle for every byte of the description.
    share: f64,
}

impl Published {
    fn load(folder: &Path, file: &str) -> Self {
        let policy = json!({
            "apiVersion": "meshward.dev/v1", "kind": "Policy", "metadata": { "name": "published" },
            "delivery": { "allowOnHeadersStopIteration": true },
            "apis": [{ "name": "published", "openapi": file, "defaults": { "authenticate": { "public": true } } }],
        });
        let document: Document = serde_json::from_value(policy).expect("the policy is one");
        let length = std::fs::metadata(folder.join(file))
            .expect("the file is there")
            .len();
        let (bundle, _) = bundle(&document, &mut FileLoader::new(folder))
            .unwrap_or_else(|problems| panic!("{file}: {problems:#?}"));
        let operations = bundle.apis.iter().flat_map(|api| &api.description);
        let operations = operations
            .map(|description| description.operations.len())
            .sum();
        let text = serde_json::to_string(&bundle).expect("the bundle is JSON");
        let compiled = compile(&bundle).unwrap_or_else(|problems| panic!("{file}: {problems:#?}"));
        Self {
            evaluator: Evaluator::new(Arc::new(compiled.policy)),
            operations,
            share: text.len() as f64 / length as f64,
        }
    }

    fn judge(&mut self, request: Value) -> Outcome {
        let exchange: Exchange =
            serde_json::from_value(json!({ "now": "2026-11-22T10:00:00Z", "request": request }))
                .expect("the exchange is one");
        let now = exchange.now.expect("the exchange says when");
        self.evaluator
            .evaluate(&exchange, now)
            .expect("the exchange can be judged")
    }
}

#[test]
fn githubs_description_is_held_to() {
    let folder = paths::archive("github").join("generated");
    let mut github = Published::load(&folder, "api.github.com.json");
    println!(
        "{} operations, the bundle is {:.1} % of the description",
        github.operations,
        github.share * 100.0
    );
    assert!(github.operations > 1_000);
    assert!(github.share <= 1.0 / 3.0);

    let get = |path: &str| json!({ "method": "GET", "authority": "api.github.com", "path": path });
    let send = |method: &str, path: &str, body: &str| {
        json!({
            "method": method, "authority": "api.github.com", "path": path, "body": body,
            "headers": [["content-type", "application/json"]],
        })
    };
    for (request, endpoint) in [
        (
            get("/repos/rust-lang/rust/issues?state=open&per_page=5"),
            "GET /repos/{owner}/{repo}/issues",
        ),
        (get("/users/octocat"), "GET /users/{username}"),
        (
            send(
                "POST",
                "/repos/o/r/issues",
                r#"{"title":"a","labels":["b",{"name":"c"}]}"#,
            ),
            "POST /repos/{owner}/{repo}/issues",
        ),
        (
            send(
                "PATCH",
                "/gists/1",
                r#"{"files":{"a.txt":{"content":"x"}}}"#,
            ),
            "PATCH /gists/{gist_id}",
        ),
    ] {
        let outcome = github.judge(request);
        assert_eq!(
            (outcome.decision, outcome.endpoint.as_deref()),
            (Decision::Allow, Some(endpoint)),
            "{outcome:?}"
        );
    }
    for (request, reason) in [
        (
            get("/repos/o/r/issues?state=ajar"),
            Reason::ParameterInvalid,
        ),
        (
            get("/repos/o/r/issues?per_page=many"),
            Reason::ParameterInvalid,
        ),
        (get("/repos/o/r/issues?admin=1"), Reason::ParameterUnknown),
        (
            send("POST", "/repos/o/r/issues", r#"{"body":"a"}"#),
            Reason::BodySchema,
        ),
        (
            send("POST", "/repos/o/r/issues", r#"{"title":[]}"#),
            Reason::BodySchema,
        ),
        (
            send("POST", "/repos/o/r/issues", r#"{"title":"a","title":"b"}"#),
            Reason::BodyDuplicateMember,
        ),
        (get("/no/such/endpoint/here"), Reason::EndpointUnknown),
        // Assets are taken by another server.
        (
            send("POST", "/repos/o/r/releases/1/assets?name=a", "{}"),
            Reason::MethodUnknown,
        ),
    ] {
        let outcome = github.judge(request);
        assert_eq!(outcome.reason, Some(reason), "{outcome:?}");
    }
    let asset = github.judge(json!({
        "method": "POST", "authority": "uploads.github.com", "path": "/repos/o/r/releases/1/assets?name=a", "body": "x",
        "headers": [["content-type", "application/octet-stream"]],
    }));
    assert_eq!(asset.decision, Decision::Allow, "{asset:?}");
}
