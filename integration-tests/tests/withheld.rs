//! A policy that says that the proxy holds messages, on a proxy that does not show their bodies: nobody waits for ever.
#![expect(
    clippy::indexing_slicing,
    reason = "the failure of a helper is the failure of its test"
)]

use integration_tests::upstream::Answer;
use integration_tests::{Client, Envoy, Response, Upstream, bootstrap, fixture, paths};
use serde_json::json;

const DESCRIPTION: &str = r#"
openapi: 3.1.0
info: { title: Withheld, version: "1" }
paths:
  /orders:
    get:
      operationId: list
      responses: { "200": { description: ok, content: { application/json: { schema: { type: object, required: [id] } } } } }
    post:
      operationId: create
      requestBody: { required: true, content: { application/json: { schema: { type: object } } } }
      responses: { "200": { description: ok } }
"#;
const POST: &[u8] =
    b"POST /orders HTTP/1.1\r\nhost: withheld.test\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
const GET: &[u8] = b"GET /orders HTTP/1.1\r\nhost: withheld.test\r\nx-request-id: one\r\n\r\n";
/// How the one line of the log begins that says it.
const COMPLAINT: &str = "meshward: the policy `withheld` says `delivery.allowOnHeadersStopIteration: true`, and the proxy does not show";

struct Proxy {
    envoy: Envoy,
    client: Client,
    _upstream: Upstream,
}

/// A proxy whose plugin lacks the setting that the policy counts on.
fn proxy(otherwise: &str, response: &str) -> Proxy {
    let policy = format!(
        r"
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: withheld }}
delivery: {{ allowOnHeadersStopIteration: true, otherwise: {otherwise} }}
apis:
  - name: withheld
    hosts: [withheld.test]
    openapi: api.yaml
    defaults: {{ authenticate: {{ public: true }}, modes: {{ response: {response} }} }}
"
    );
    let bundle = fixture::bundle(&policy, DESCRIPTION);
    let mut filter = bootstrap::meshward("withheld", &bundle, &paths::wasm());
    filter["typed_config"]["config"]["allow_on_headers_stop_iteration"] = json!(false);
    let upstream = Upstream::start();
    let answer = Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: br#"{"id":1}"#.to_vec(),
    };
    upstream.answer("one", answer);
    let listener = bootstrap::listener("withheld", vec![filter]);
    let envoy = Envoy::start(&bootstrap::bootstrap(&[listener], upstream.port));
    let client = envoy.client("withheld");
    Proxy {
        envoy,
        client,
        _upstream: upstream,
    }
}

impl Proxy {
    fn complaints(&self) -> usize {
        self.envoy.log.awaited(COMPLAINT, 1).len()
    }
}

fn refusal(response: &Response) -> (u16, String) {
    let reason = response.json()["reason"].as_str().map(str::to_owned);
    (response.status, reason.unwrap_or_default())
}

#[test]
fn a_body_that_is_not_shown_is_refused() {
    let proxy = proxy("refuse", "enforce");
    let body = (503, "body_not_held".to_owned());
    assert_eq!(refusal(&proxy.client.raw(POST)), body);
    assert_eq!(proxy.complaints(), 1);
    // From then on nobody waits, on neither side.
    assert_eq!(refusal(&proxy.client.raw(POST)), body);
    let response = (502, "response_not_held".to_owned());
    assert_eq!(refusal(&proxy.client.raw(GET)), response);
    assert_eq!(proxy.complaints(), 1);
}

#[test]
fn a_response_that_is_not_shown_is_not_delivered() {
    let proxy = proxy("refuse", "enforce");
    let response = (502, "response_not_held".to_owned());
    assert_eq!(refusal(&proxy.client.raw(GET)), response);
    assert_eq!(proxy.complaints(), 1);
}

#[test]
fn a_policy_may_let_both_pass() {
    let proxy = proxy("headOnly", "monitor");
    let first = proxy.client.raw(GET);
    assert_eq!((first.status, &*first.body), (200, &br#"{"id":1}"#[..]));
    assert_eq!(proxy.client.raw(POST).status, 200);
    assert_eq!(proxy.complaints(), 1);
}
