//! Whatever a client sends is answered, and the filter lives on.

use integration_tests::fixture::Fixture;
use std::fmt::Write as _;

const POLICY: &str = r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: input }
telemetry: { logAllowed: 1.0 }
delivery: { allowOnHeadersStopIteration: true }
identityProviders:
  keys: { apiKey: { in: header, name: x-api-key, keys: [{ id: a, sha256: "0000000000000000000000000000000000000000000000000000000000000000" }] } }
apis:
  - name: input
    hosts: [input.test]
    openapi: api.yaml
    defaults: { authenticate: { public: true } }
    endpoints:
      - match: { operation: keyed }
        authenticate: { anyOf: [keys] }
"#;

const DESCRIPTION: &str = r#"
openapi: 3.1.0
info: { title: Input, version: "1" }
paths:
  /orders:
    get: { operationId: list, responses: { "200": { description: ok } } }
    post:
      operationId: create
      requestBody: { required: true, content: { application/json: { schema: {} } } }
      responses: { "200": { description: ok } }
  /keyed:
    get: { operationId: keyed, responses: { "200": { description: ok } } }
"#;

fn get(path: &str, fields: &[u8]) -> Vec<u8> {
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: input.test\r\n").into_bytes();
    request.extend_from_slice(fields);
    request.extend_from_slice(b"\r\n");
    request
}

fn post(body: &str) -> Vec<u8> {
    let mut request = String::from(
        "POST /orders HTTP/1.1\r\nhost: input.test\r\ncontent-type: application/json\r\n",
    );
    let _ = write!(request, "content-length: {}\r\n\r\n{body}", body.len());
    request.into_bytes()
}

fn chunked(body: &str, trailers: &str) -> Vec<u8> {
    let mut request = String::from(
        "POST /orders HTTP/1.1\r\nhost: input.test\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    let _ = write!(request, "{:x}\r\n{body}\r\n0\r\n{trailers}\r\n", body.len());
    request.into_bytes()
}

#[test]
fn bad_input_is_refused_and_the_filter_lives_on() {
    let fixture = Fixture::start(POLICY, DESCRIPTION, 1);
    let good = get("/orders", b"");
    assert_eq!(fixture.client.raw(&good).status, 200);
    let vms = fixture.envoy.vms_made();

    let thousand: String = (0..1000).map(|n| format!("x-{n}: 1\r\n")).collect();
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let deeper = "[".repeat(500_000);
    let large = format!("\"{}\"", "x".repeat(10 << 20));
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        (
            "a header value that is not UTF-8 passes",
            get("/orders", b"x-bin: \xff\xfe\x80\r\n"),
            200,
        ),
        (
            "a key that is not UTF-8 is unknown",
            get("/keyed", b"x-api-key: \xff\xfe\x80\r\n"),
            401,
        ),
        (
            "a cookie that is not UTF-8 passes",
            get("/orders", b"cookie: a=\xff; b=\xc3\r\n"),
            200,
        ),
        (
            "odd characters that a header name may have pass",
            get("/orders", b"x!#$%&'*+^`|~: 1\r\n"),
            200,
        ),
        (
            "a header name with a space is refused",
            get("/orders", b"x y: 1\r\n"),
            400,
        ),
        (
            "a header value with NUL is refused",
            get("/orders", b"x-nul: a\0b\r\n"),
            400,
        ),
        (
            "1,000 header fields are refused",
            get("/orders", thousand.as_bytes()),
            431,
        ),
        (
            "a target of 64 KB is refused",
            get(&format!("/orders?q={}", "a".repeat(64 << 10)), b""),
            414,
        ),
        (
            "a host that is no name is refused",
            b"GET /orders HTTP/1.1\r\nhost: in put.test\r\n\r\n".to_vec(),
            400,
        ),
        ("JSON nested 100 levels deep is refused", post(&deep), 400),
        (
            "JSON nested half a million levels deep is refused",
            post(&deeper),
            400,
        ),
        ("a body of 10 MB is refused", post(&large), 413),
        (
            "a chunked body of 10 MB is refused",
            chunked(&large, ""),
            413,
        ),
        (
            "a chunked body with trailers is judged",
            chunked("{\"a\":1}", "x-trailer: 1\r\n"),
            200,
        ),
        (
            "a wrong chunked body with trailers is refused",
            chunked("{\"a\":", "x-trailer: 1\r\n"),
            400,
        ),
    ];
    for (name, request, status) in cases {
        let response = fixture.client.raw(&request);
        assert_eq!(response.status, status, "{name}: {}", response.text());
        assert_eq!(fixture.client.raw(&good).status, 200, "after `{name}`");
    }
    let deaths = fixture.envoy.deaths(vms);
    assert!(deaths.is_empty(), "{deaths:?}");
}
