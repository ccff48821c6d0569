//! Two policies in one VM: the ticks of either go on with the requests of both.

use integration_tests::{Client, Envoy, RateLimit, Redis, Upstream, bootstrap, fixture, paths};
use std::thread;

const REQUESTS: usize = 100;

/// What a request costs is more than the first lease of a key: after waiting for that, it asks the service itself.
fn policy(host: &str) -> String {
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: neighbours }}
limits:
  costly: {{ key: [header.x-tenant], cost: {{ fixed: 10 }}, global: {{ cluster: ratelimit, requests: 20, unit: day, timeout: 10s }} }}
apis:
  - name: neighbours
    hosts: [{host}]
    defaults: {{ authenticate: {{ public: true }}, limits: [costly] }}
    endpoints: [{{ match: {{ method: GET, path: /orders }} }}]
"
    )
}

/// Requests of as many tenants, one after the other: how many passed.
fn admitted(client: &Client, host: &str) -> usize {
    let one = |number: &usize| {
        let request =
            format!("GET /orders HTTP/1.1\r\nhost: {host}\r\nx-tenant: {host}-{number}\r\n\r\n");
        client.raw(request.as_bytes()).status == 200
    };
    (0..REQUESTS).filter(one).count()
}

#[test]
fn each_gets_the_answers_to_its_own_calls() {
    let hosts = ["one.test", "two.test"];
    let redis = Redis::start();
    let service = "domain: neighbours\ndescriptors:\n  - { key: costly, rate_limit: { unit: day, requests_per_unit: 20 } }\n";
    let service = RateLimit::start(service, &redis);
    let upstream = Upstream::start();
    let listeners = hosts.map(|host| {
        let bundle = fixture::bundle(&policy(host), "");
        let filter = bootstrap::meshward(host, &bundle, &paths::wasm());
        bootstrap::listener(host, vec![filter])
    });
    let mut bootstrap = bootstrap::bootstrap(&listeners, upstream.port);
    bootstrap::add_http2_cluster(&mut bootstrap, "ratelimit", service.port);
    let envoy = Envoy::with_workers(&bootstrap, 1);
    let passed: Vec<_> = thread::scope(|scope| {
        let running = hosts.map(|host| {
            let client = envoy.client(host);
            scope.spawn(move || admitted(&client, host))
        });
        running.into_iter().map(|one| one.join().ok()).collect()
    });
    assert_eq!(passed, [Some(REQUESTS); 2]);
}
