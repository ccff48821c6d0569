//! The proxy verifies signatures. The corpus (`signatures.toml`) says what comes of each; this says who did it.

use integration_tests::fixture::Fixture;

const POLICY: &str = r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: signatures }
apis:
  - name: signatures
    hosts: [signatures.test]
    defaults: { authenticate: { public: true } }
    endpoints: [{ match: { method: GET, path: /orders } }]
"#;

#[test]
fn envoy_verifies_all_that_it_has_an_algorithm_for() {
    let fixture = Fixture::start(POLICY, "", 1);
    let lines = fixture.envoy.log.awaited("verifies signatures of", 1);
    assert!(!lines.is_empty(), "{}", fixture.envoy.log.tail());
    for line in lines {
        assert!(
            line.contains("RS256, RS384, RS512, ES256, ES384; RustCrypto"),
            "{line}"
        );
    }
}
