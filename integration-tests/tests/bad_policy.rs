//! A policy that cannot be used changes nothing: Envoy refuses it, and the last good one serves.

use integration_tests::{Envoy, Upstream, bootstrap, fixture, paths, wait};
use serde_json::{Value, json};

const DESCRIPTION: &str = r#"
openapi: 3.1.0
info: { title: Updates, version: "1" }
paths:
  /first: { get: { operationId: first, responses: { "200": { description: ok } } } }
"#;

fn policy(endpoints: &str) -> String {
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: updates }}
apis:
  - name: updates
    hosts: [updates.test]
    defaults: {{ authenticate: {{ public: true }} }}
    endpoints: [{endpoints}]
"
    )
}

#[test]
fn a_bad_policy_is_refused_and_the_last_good_one_serves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("filter.json");
    let wasm = paths::wasm();
    let configured = |endpoints: &str| {
        let bundle = fixture::bundle(&policy(endpoints), DESCRIPTION);
        bootstrap::meshward_config("updates", &bundle, &wasm)
    };
    let first = configured("{ match: { method: GET, path: /first } }");
    let second = configured(
        "{ match: { method: GET, path: /first } }, { match: { method: GET, path: /second } }",
    );
    let mut unknown_field = json!(fixture::bundle(
        &policy("{ match: { method: GET, path: /second } }"),
        DESCRIPTION
    ));
    unknown_field["apis"][0]["authentcate"] = json!({});
    let mut broken = first.clone();
    broken["config"]["configuration"]["value"] = Value::from(unknown_field.to_string());
    let mut no_json = first.clone();
    no_json["config"]["configuration"]["value"] = Value::from("{");

    bootstrap::deliver(&file, "1", &first);
    let upstream = Upstream::start();
    let listener = bootstrap::listener("test", vec![bootstrap::discovered(&file)]);
    let envoy = Envoy::start(&bootstrap::bootstrap(&[listener], upstream.port));
    let client = envoy.client("test");
    let status = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: updates.test\r\n\r\n");
        client.raw(request.as_bytes()).status
    };
    let stat = |name: &str| -> u64 {
        let values =
            envoy.stats(|n| n.starts_with("extension_config_discovery.") && n.ends_with(name));
        values.into_iter().sum()
    };
    wait::until("the first policy", || {
        (status("/first") == 200).then_some(())
    });
    assert_eq!(status("/second"), 404);

    for (version, config) in [("2", &broken), ("3", &no_json)] {
        let before = stat(".update_rejected");
        bootstrap::deliver(&file, version, config);
        wait::until("Envoy to refuse a broken policy", || {
            (stat(".update_rejected") > before).then_some(())
        });
        assert_eq!(status("/first"), 200, "the last good one serves");
        assert_eq!(status("/second"), 404, "the last good one serves");
    }
    let said = envoy.log.lines_with("authentcate");
    assert!(!said.is_empty(), "the log says what is wrong");

    bootstrap::deliver(&file, "4", &second);
    wait::until("the next good policy", || {
        (status("/second") == 200).then_some(())
    });
}
