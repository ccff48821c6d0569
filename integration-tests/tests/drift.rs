//! `meshward check --envoy`, with what a real Envoy says of itself.

use integration_tests::paths;
use integration_tests::pushed::Fleet;
use std::process::Command;

fn policy(size: &str) -> String {
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: drifting }}
apis:
  - name: drifting
    hosts: [drifting.test]
    defaults: {{ authenticate: {{ public: true }}, body: {{ maxSize: {size} }} }}
    endpoints: [{{ match: {{ method: GET, path: /orders }} }}]
"
    )
}

#[test]
fn a_rendered_proxy_fits_its_policy_and_not_one_that_needs_more() {
    let fleet = Fleet::start(&policy("2MiB"), 1);
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump.json");
    std::fs::write(&dump, fleet.envoys[0].admin("/config_dump").body).unwrap();
    let check = |text: &str| {
        let path = folder.path().join("policy.yaml");
        std::fs::write(&path, text).unwrap();
        let mut command = Command::new(paths::meshward());
        command.arg("check").arg(&path).arg("--envoy").arg(&dump);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text)
    };
    let (code, text) = check(&policy("2MiB"));
    assert_eq!(code, Some(0), "{text}");
    for said in ["revision-differs", "not-on-listener", "filter-order"] {
        assert!(!text.contains(said), "{text}");
    }
    let (code, text) = check(&policy("8MiB"));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("buffer-too-small"), "{text}");
    assert!(text.contains("revision-differs"), "{text}");
}
