//! Requests in flight are counted over all workers, and every end of a stream counts one less.

use integration_tests::fixture::Fixture;
use integration_tests::wait;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, TcpStream};

const POLICY: &str = r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: in-flight }
modes: { contract: off }
limits:
  eight: { key: [header.x-tenant], concurrent: 8, announce: always }
apis:
  - name: in-flight
    hosts: [flight.test]
    defaults: { authenticate: { public: true }, limits: [eight] }
    endpoints:
      - match: { method: POST, path: /orders }
      - match: { method: GET, path: /orders }
"#;

const HEAD: &str =
    "POST /orders HTTP/1.1\r\nhost: flight.test\r\nx-tenant: t\r\ncontent-length: 2\r\n\r\n1";
const MOST: usize = 8;
const SENT: usize = 20;

/// Sends many heads whose bodies do not end, and waits until each is answered or with the upstream.
fn hold(fixture: &Fixture, limited_before: u64) -> Vec<TcpStream> {
    let seen = fixture.upstream.count();
    let streams: Vec<_> = (0..SENT)
        .map(|_| {
            let mut stream = fixture.client.connect(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let sent = stream.write_all(HEAD.as_bytes());
            assert!(sent.is_ok(), "{sent:?}");
            stream
        })
        .collect();
    wait::until("every request to be held or answered", || {
        let refused = fixture.envoy.stat("http.in.downstream_rq_4xx") - limited_before;
        let held = fixture.upstream.count() - seen;
        let refused = usize::try_from(refused).ok()?;
        (held + refused == SENT).then_some(())
    });
    assert_eq!(fixture.upstream.count() - seen, MOST);
    streams
}

/// Waits until no request but the one that asks is in flight.
fn wait_until_none_is_left(fixture: &Fixture) {
    let request = b"GET /orders HTTP/1.1\r\nhost: flight.test\r\nx-tenant: t\r\n\r\n";
    wait::until("every request to be counted as ended", || {
        let response = fixture.client.raw(request);
        (response.header("ratelimit") == Some("\"eight\";r=7")).then_some(())
    });
}

#[test]
fn as_many_requests_as_may_be_are_in_flight_and_their_ends_count_whatever_ends_them() {
    let fixture = Fixture::start(POLICY, "", 4);

    let mut streams = hold(&fixture, 0);
    let request = b"GET /orders HTTP/1.1\r\nhost: flight.test\r\nx-tenant: t\r\n\r\n";
    let refused = fixture.client.raw(request);
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["reason"], "concurrency_limited");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let other = b"GET /orders HTTP/1.1\r\nhost: flight.test\r\nx-tenant: u\r\n\r\n";
    assert_eq!(fixture.client.raw(other).status, 200, "another key");

    // Those that were refused are answered; the others end now.
    let passed_before = fixture.envoy.stat("http.in.downstream_rq_2xx");
    for stream in &mut streams {
        // Envoy may have closed the connection of a request that it answered early.
        let _ = stream.write_all(b"2");
    }
    wait::until("the requests that were held to be answered", || {
        let passed = fixture.envoy.stat("http.in.downstream_rq_2xx") - passed_before;
        (usize::try_from(passed).unwrap() == MOST).then_some(())
    });
    wait_until_none_is_left(&fixture);

    // The same once more, and the clients hang up.
    let limited = fixture.envoy.stat("http.in.downstream_rq_4xx");
    drop(hold(&fixture, limited));
    wait_until_none_is_left(&fixture);
}
