//! `meshward run`: a real Envoy that follows the policy file.

use integration_tests::{Client, Run, Upstream, wait};

fn policy(endpoints: &str) -> String {
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: followed }}
apis:
  - name: followed
    hosts: [followed.test]
    defaults: {{ authenticate: {{ public: true }} }}
    endpoints: [{endpoints}]
"
    )
}

#[test]
fn run_follows_the_policy_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    let first = "{ match: { method: GET, path: /first } }";
    let second = "{ match: { method: GET, path: /second } }";
    std::fs::write(&file, policy(first)).unwrap();
    let upstream = Upstream::start();
    let run = Run::start(&file, &upstream);
    let said = &run.said;
    let caller = Client::new(run.port);
    let status = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: followed.test\r\n\r\n");
        caller.raw(request.as_bytes()).status
    };
    let until_said = |text: &str| {
        assert!(!said.awaited(text, 1).is_empty(), "{text}: {}", said.tail());
    };

    run.until_it_serves();
    assert_eq!((status("/first"), status("/second")), (200, 404));

    std::fs::write(&file, policy(&format!("{first}, {second}"))).unwrap();
    until_said("policy v2 serves");
    wait::until("the second policy", || {
        (status("/second") == 200).then_some(())
    });

    std::fs::write(&file, policy("{ match: { mthod: GET } }")).unwrap();
    until_said("policy v2 goes on serving");
    assert_eq!((status("/first"), status("/second")), (200, 200));
    assert!(
        !said.awaited("mthod", 1).is_empty(),
        "it says what is wrong"
    );

    std::fs::write(&file, policy(second)).unwrap();
    until_said("policy v3 serves");
    wait::until("the third policy", || {
        (status("/first") == 404).then_some(())
    });
    assert_eq!(status("/second"), 200);
    let unknown = said.lines_with("Unknown field");
    assert!(
        unknown.is_empty(),
        "Envoy knows all of the file: {unknown:?}"
    );
}
