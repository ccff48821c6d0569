use super::Drift;
use crate::policy::Ready;
use serde_json::{Value, json};
use std::path::Path;

const POLICY: &str = "
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: drifting }
identityProviders:
  corp: { jwt: { issuer: 'https://idp.test', audiences: [a], algorithms: [RS256], jwks: { uri: 'https://idp.test/certs', cluster: idp } } }
apis:
  - name: a
    hosts: ['*']
    defaults: { authenticate: { anyOf: [corp] }, body: { maxSize: 2MiB } }
    endpoints:
      - match: { method: GET, path: /a }
      - match: { method: POST, path: /a }
        authorize: { bind: [{ value: body./owner, equals: claims.sub }] }
";

fn ready(folder: &Path) -> Ready {
    let path = folder.join("policy.yaml");
    std::fs::write(&path, POLICY).unwrap();
    Ready::read(&path, &[]).unwrap()
}

/// What a proxy shows that is configured as it should be.
fn dump(ready: &Ready) -> Value {
    let (bundle, _) = ready.bundle_json().unwrap();
    let wasm = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "meshward", "root_id": "meshward", "allow_on_headers_stop_iteration": true, "failure_policy": "FAIL_RELOAD",
            "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": bundle },
        },
    });
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "http_filters": [
            { "name": "meshward", "config_discovery": {} },
            { "name": "router", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } },
        ],
    });
    let listener = json!({
        "name": "inbound", "per_connection_buffer_limit_bytes": 2 << 20,
        "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }],
    });
    json!({ "configs": [
        { "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
          "static_clusters": [{ "cluster": { "name": "idp" } }] },
        { "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
          "static_listeners": [{ "listener": listener }] },
        { "@type": "type.googleapis.com/envoy.admin.v3.EcdsConfigDump",
          "ecds_filters": [{ "ecds_filter": { "name": "meshward", "typed_config": wasm } }] },
    ] })
}

const LISTENER: &str = "/configs/1/static_listeners/0/listener";
const FILTERS: &str =
    "/configs/1/static_listeners/0/listener/filter_chains/0/filters/0/typed_config/http_filters";
const PLUGIN: &str = "/configs/2/ecds_filters/0/ecds_filter/typed_config/config";

/// What is wrong after a change: codes and places.
fn found(change: impl FnOnce(&mut Value)) -> Vec<(&'static str, String)> {
    let folder = tempfile::tempdir().unwrap();
    let ready = ready(folder.path());
    let mut dump = dump(&ready);
    change(&mut dump);
    let path = folder.path().join("dump.json");
    std::fs::write(&path, dump.to_string()).unwrap();
    let drift = Drift::read(&path, &ready).unwrap();
    drift.problems.into_iter().map(|p| (p.code, p.at)).collect()
}

fn at<'a>(dump: &'a mut Value, pointer: &str) -> &'a mut Value {
    dump.pointer_mut(pointer).unwrap()
}

#[test]
fn nothing_is_wrong_with_what_fits() {
    assert_eq!(found(|_| {}), []);
}

#[test]
fn every_drift_is_found_at_its_place() {
    let lua = json!({ "name": "lua", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua" } });
    assert_eq!(
        found(|dump| at(dump, PLUGIN)["failure_policy"] = json!("FAIL_OPEN")),
        [("fail-open", PLUGIN.to_owned())]
    );
    assert_eq!(
        found(|dump| at(dump, PLUGIN)["allow_on_headers_stop_iteration"] = json!(false)),
        [("cannot-hold", PLUGIN.to_owned())]
    );
    assert_eq!(
        found(|dump| at(dump, LISTENER)["per_connection_buffer_limit_bytes"] = json!(1000)),
        [(
            "buffer-too-small",
            format!("{LISTENER}/per_connection_buffer_limit_bytes")
        )]
    );
    assert_eq!(
        found(|dump| dump["configs"][0]["static_clusters"] = json!([])),
        [("cluster-missing", "/configs".to_owned())]
    );
    assert_eq!(
        found(|dump| at(dump, FILTERS).as_array_mut().unwrap().insert(1, lua)),
        [("filter-order", format!("{FILTERS}/1"))]
    );
    assert_eq!(
        found(|dump| at(dump, FILTERS).as_array_mut().unwrap().reverse()),
        [("filter-order", format!("{FILTERS}/0"))]
    );
    assert_eq!(
        found(|dump| drop(at(dump, FILTERS).as_array_mut().unwrap().remove(0))),
        [
            ("not-on-listener", format!("{FILTERS}/0")),
            ("not-on-listener", "/configs".to_owned())
        ]
    );
}

#[test]
fn another_revision_and_another_policy_are_said_to_be_such() {
    let configured =
        |text: String| found(move |dump| at(dump, PLUGIN)["configuration"]["value"] = json!(text));
    let other = |name: &str, owner: &str| {
        json!({ "apiVersion": "meshward.dev/v1", "kind": "Bundle", "metadata": { "name": name, "owner": owner }, "apis": [] })
            .to_string()
    };
    let place = format!("{PLUGIN}/configuration");
    assert_eq!(
        configured(other("drifting", "x")),
        [("revision-differs", place.clone())]
    );
    assert_eq!(
        configured(other("else", "x")),
        [("other-policy", place.clone())]
    );
    assert_eq!(configured("{".to_owned()), [("bundle-malformed", place)]);
}

#[test]
fn what_is_no_dump_is_no_dump() {
    let folder = tempfile::tempdir().unwrap();
    let ready = ready(folder.path());
    let path = folder.path().join("dump.json");
    for text in ["{}", "{", r#"{"configs":[]}"#] {
        std::fs::write(&path, text).unwrap();
        assert!(Drift::read(&path, &ready).is_err(), "{text}");
    }
}
