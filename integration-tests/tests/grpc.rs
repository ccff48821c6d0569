//! A gRPC caller is refused in gRPC's way: HTTP 200 and a status that its library understands.

use integration_tests::fixture::Fixture;

const POLICY: &str = r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: grpc }
identityProviders:
  keys: { apiKey: { in: header, name: x-api-key, keys: [{ id: a, sha256: "0000000000000000000000000000000000000000000000000000000000000000" }] } }
apis:
  - name: grpc
    hosts: [grpc.test]
    defaults: { authenticate: { anyOf: [keys] } }
    endpoints: [{ match: { method: POST, path: /shop.Orders/List } }]
"#;

fn call(method: &str, content_type: &str) -> Vec<u8> {
    format!(
        "POST {method} HTTP/1.1\r\nhost: grpc.test\r\ncontent-type: {content_type}\r\nte: trailers\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0"
    )
    .into_bytes()
}

#[test]
fn grpc_callers_get_a_grpc_status() {
    let fixture = Fixture::start(POLICY, "", 1);
    for (method, status) in [("/shop.Orders/List", "16"), ("/shop.Orders/Drop", "12")] {
        let response = fixture.client.raw(&call(method, "application/grpc"));
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.header("grpc-status"), Some(status), "{response:?}");
        assert_eq!(response.header("content-type"), Some("application/grpc"));
    }
    let response = fixture
        .client
        .raw(&call("/shop.Orders/List", "application/octet-stream"));
    assert_eq!(response.status, 401, "others get the HTTP status");
    assert_eq!(response.header("grpc-status"), None);
    assert_eq!(fixture.upstream.count(), 0);
}
