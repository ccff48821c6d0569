//! `meshward run`: a real Envoy that follows the policy file.

use integration_tests::decisions::Log;
use integration_tests::{Client, Upstream, client, paths, wait};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};

/// A running `meshward run`, ended as by Ctrl-C, so that it ends its Envoy too.
struct Run(Child);

impl Drop for Run {
    fn drop(&mut self) {
        let id = self.0.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.0.wait();
    }
}

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
    let port = client::free_port();
    let mut child = Command::new(paths::meshward())
        .arg("run")
        .arg(&file)
        .args(["--upstream", &format!("127.0.0.1:{}", upstream.port)])
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .arg("--wasm")
        .arg(paths::wasm())
        .arg("--envoy")
        .arg(paths::envoy())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = Log::follow(child.stderr.take().unwrap());
    let _run = Run(child);
    let caller = Client::new(port);
    let status = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: followed.test\r\n\r\n");
        caller.raw(request.as_bytes()).status
    };
    let until_said = |text: &str| {
        wait::until(text, || (!said.lines_with(text).is_empty()).then_some(()));
    };

    until_said("policy v1 serves");
    wait::until("the listener", || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
    });
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
        !said.lines_with("mthod").is_empty(),
        "it says what is wrong"
    );

    std::fs::write(&file, policy(second)).unwrap();
    until_said("policy v3 serves");
    wait::until("the third policy", || {
        (status("/first") == 404).then_some(())
    });
    assert_eq!(status("/second"), 200);
}
