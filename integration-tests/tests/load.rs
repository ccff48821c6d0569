//! While the upstream is slow or has much under way, what matters less is shed, and what matters passes.

use integration_tests::client::Client;
use integration_tests::slow::Slow;
use integration_tests::{Envoy, Response, bootstrap, fixture, paths, wait};
use serde_json::Value;
use std::thread;
use std::time::Duration;

const POLICY: &str = r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: load }
apis:
  - name: crowded
    hosts: [crowded.test]
    load: { bulk: { inFlight: 4 }, normal: { inFlight: 1000 }, retryAfter: 5s }
    defaults: { authenticate: { public: true } }
    endpoints: &endpoints
      - { match: { method: GET, path: /held } }
      - { match: { method: GET, path: /export }, priority: bulk }
      - { match: { method: GET, path: /items } }
      - { match: { method: GET, path: /pay }, priority: critical }
      - { match: { method: GET, path: /hurried }, upstream: { timeout: 50ms } }
  - name: slow
    hosts: [slow.test]
    load: { bulk: { latency: 20ms }, normal: { latency: 10s } }
    defaults: { authenticate: { public: true } }
    endpoints: *endpoints
"#;

/// Bounds are per worker, so there is one.
struct Stage {
    _envoy: Envoy,
    upstream: Slow,
    client: Client,
}

impl Stage {
    fn start() -> Self {
        let bundle = fixture::bundle(POLICY, "");
        let filter = bootstrap::meshward("test", &bundle, &paths::wasm());
        let listener = bootstrap::listener("test", vec![filter]);
        let upstream = Slow::start();
        let envoy = Envoy::with_workers(&bootstrap::bootstrap(&[listener], upstream.port), 1);
        let client = envoy.client("test");
        Self {
            _envoy: envoy,
            upstream,
            client,
        }
    }

    fn get(&self, host: &str, path: &str) -> Response {
        self.client.raw(&request(host, path, ""))
    }
}

fn request(host: &str, path: &str, more: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{more}\r\n").into_bytes()
}

fn assert_shed(response: &Response, from: u64) {
    assert_eq!(response.status, 503, "{}", response.text());
    let body = response.json();
    let reason = body.get("reason").and_then(Value::as_str);
    assert_eq!(reason, Some("load_shed"));
    let wait: Option<u64> = response.header("retry-after").and_then(|w| w.parse().ok());
    assert!(wait.is_some_and(|wait| (from..=2 * from).contains(&wait)));
}

#[test]
fn what_matters_less_is_shed_while_the_upstream_has_too_much_to_do() {
    let stage = Stage::start();
    with_much_under_way(&stage);
    while_it_is_slow(&stage);
    an_upstream_gets_the_time_that_the_policy_gives_it_and_not_the_clients(&stage);
}

fn with_much_under_way(stage: &Stage) {
    assert_eq!(stage.get("crowded.test", "/export").status, 200);
    let held: Vec<_> = (0..4)
        .map(|_| {
            let client = stage.client.clone();
            thread::spawn(move || client.raw(&request("crowded.test", "/held", "")).status)
        })
        .collect();
    wait::until("the requests to be with the upstream", || {
        (stage.upstream.waiting() == 4).then_some(())
    });
    assert_shed(&stage.get("crowded.test", "/export"), 5);
    assert_eq!(stage.get("crowded.test", "/items").status, 200);
    assert_eq!(stage.get("crowded.test", "/pay").status, 200);
    let other = stage.get("slow.test", "/export");
    assert_eq!(other.status, 200, "another API has an upstream of its own");
    stage.upstream.open();
    for request in held {
        assert!(matches!(request.join(), Ok(200)));
    }
    wait::until("what was shed to pass again", || {
        (stage.get("crowded.test", "/export").status == 200).then_some(())
    });
}

fn while_it_is_slow(stage: &Stage) {
    assert_eq!(stage.get("slow.test", "/export").status, 200);
    stage.upstream.delay(Duration::from_millis(100));
    wait::until("what matters less to be shed", || {
        let response = stage.get("slow.test", "/export");
        (response.status == 503).then(|| assert_shed(&response, 2))
    });
    assert_eq!(stage.get("slow.test", "/pay").status, 200);
    assert_eq!(stage.get("slow.test", "/items").status, 200);
    stage.upstream.delay(Duration::ZERO);
    wait::until("what was shed to pass again", || {
        let passed = (0..3).all(|_| stage.get("slow.test", "/export").status == 200);
        passed.then_some(())
    });
}

fn an_upstream_gets_the_time_that_the_policy_gives_it_and_not_the_clients(stage: &Stage) {
    stage.upstream.delay(Duration::from_secs(5));
    for more in ["", "x-envoy-upstream-rq-timeout-ms: 60000\r\n"] {
        let hurried = request("crowded.test", "/hurried", more);
        assert_eq!(stage.client.raw(&hurried).status, 504, "{more}");
    }
}
