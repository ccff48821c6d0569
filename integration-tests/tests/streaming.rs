//! Nothing reaches the upstream before the verdict.

use integration_tests::client::read;
use integration_tests::fixture::Fixture;
use integration_tests::wait;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};

const POLICY: &str = r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: streaming }
delivery: { allowOnHeadersStopIteration: true }
apis:
  - name: streaming
    hosts: [streaming.test]
    openapi: api.yaml
    defaults: { authenticate: { public: true } }
"#;

const DESCRIPTION: &str = r#"
openapi: 3.1.0
info: { title: Streaming, version: "1" }
paths:
  /orders:
    post:
      operationId: create
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [id], properties: { id: { type: integer } } } } } }
      responses: { "200": { description: ok } }
"#;

const HEAD: &str =
    "POST /orders HTTP/1.1\r\nhost: streaming.test\r\ncontent-type: application/json\r\n";

#[test]
fn the_upstream_sees_nothing_until_the_body_is_judged() {
    let fixture = Fixture::start(POLICY, DESCRIPTION, 1);
    let bodies = [("7}", 200, 1), ("\"\"}", 422, 1), ("8}", 200, 2)];
    for (sent, (last, status, heads)) in (1..).zip(bodies) {
        let before = fixture.upstream.count();
        let (first, length) = ("{\"id\":", 6 + last.len());
        let mut stream = fixture.client.connect(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let head = format!("{HEAD}content-length: {length}\r\n\r\n{first}");
        stream.write_all(head.as_bytes()).unwrap();
        wait::until("Envoy to take the head", || {
            let taken = fixture.envoy.stat("http.in.downstream_rq_total");
            (taken >= sent).then_some(())
        });
        // The head and half of the body are with the filter, and with nobody else.
        assert_eq!(fixture.upstream.count(), before);
        let upstream_requests = fixture.envoy.stat("cluster.upstream.upstream_rq_total");
        assert_eq!(usize::try_from(upstream_requests).unwrap(), before);
        stream.write_all(last.as_bytes()).unwrap();
        let response = read(&mut stream, "POST");
        assert_eq!(response.status, status, "{}", response.text());
        assert_eq!(fixture.upstream.count(), heads);
    }
}
