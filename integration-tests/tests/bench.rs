//! `meshward bench --envoy`: real Envoys with and without the filter, under load.

use integration_tests::paths;
use serde_json::Value;
use std::process::Command;

const POLICY: &str = "
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: measured }
identityProviders:
  partners:
    # printf %s test | sha256sum
    apiKey: { in: header, name: x-api-key, keys: [{ id: acme, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 }] }
limits:
  few: { key: [identity.subject], rate: 2/h }
apis:
  - name: measured
    hosts: [measured.test]
    defaults: { authenticate: { anyOf: [partners] }, limits: [few] }
    endpoints:
      - match: { method: GET, path: /things }
      - match: { method: POST, path: /things }
";

const EXCHANGES: &str = r#"
{"id":"get","request":{"method":"GET","authority":"measured.test","path":"/things","headers":[["x-api-key","test"]]},"response":{"status":418}}
{"id":"post","request":{"method":"POST","authority":"measured.test","path":"/things","headers":[["x-api-key","test"],["content-type","application/json"]],"body":"{}"}}
{"id":"nobody","request":{"method":"GET","authority":"measured.test","path":"/things"}}
{"id":"broken","request":{"method":"GET","authority":"measured.test","path":"/things and more"}}
"#;

#[test]
fn a_load_shows_what_the_filter_adds() {
    let folder = tempfile::tempdir().unwrap();
    let (policy, requests) = (folder.path().join("p.yaml"), folder.path().join("r.jsonl"));
    std::fs::write(&policy, POLICY).unwrap();
    std::fs::write(&requests, EXCHANGES).unwrap();
    let output = Command::new(paths::meshward())
        .args(["bench", "--json", "--seconds", "4", "--connections", "2"])
        .arg(&policy)
        .arg("--requests")
        .arg(&requests)
        .arg("--envoy")
        .arg(paths::envoy())
        .arg("--wasm")
        .arg(paths::wasm())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let envoy = &report["envoy"];
    // The limit admits two requests an hour, the load many more: it was lifted. And every other answer was the one that was written down.
    let doubts = envoy["doubts"].as_array().unwrap();
    assert_eq!(doubts.len(), 1, "{doubts:?}");
    let left = doubts[0].as_str().unwrap();
    assert!(
        left.starts_with("1 of 4 exchanges are not sent: `broken`"),
        "{left}"
    );
    assert!(said.contains("`broken`"), "{said}");

    let variants = envoy["variants"].as_array().unwrap();
    assert_eq!(variants.len(), 2, "{variants:?}");
    for (place, variant) in variants.iter().enumerate() {
        let median = |name: &str| variant[name]["median"].as_f64();
        assert!(median("cpuMicrosPerRequest").unwrap() > 0.0, "{variant}");
        assert!(median("requestsPerSecond").unwrap() > 0.0, "{variant}");
        assert!(
            variant["residentBytes"].as_u64().unwrap() > 1 << 20,
            "{variant}"
        );
        assert_eq!(median("addedMicros").is_some(), place > 0, "{variant}");
    }
}
