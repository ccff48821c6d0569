use crate::drive::Engine;
use crate::host::fake::Fake;
use crate::metrics::Metrics;
use crate::policy;
use crate::stream::{Flow, Stream};
use serde_json::{Value, json};
use std::rc::Rc;

const KEY: &str = "key";
const DIGEST: &str = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";

fn document(endpoint: Value) -> Value {
    let mut endpoint = endpoint;
    endpoint["match"] = json!({ "method": "GET", "path": "/a" });
    json!({
        "apiVersion": "meshward.dev/v1", "kind": "Bundle", "metadata": { "name": "test" },
        "transport": { "plainText": "allow" },
        "identityProviders": { "partners": { "apiKey": {
            "in": "header", "name": "x-api-key", "keys": [{ "id": "acme", "sha256": DIGEST, "scopes": ["read"] }],
        } }, "server": { "introspection": {
            "uri": "https://idp.test/introspect", "cluster": "idp", "clientId": "a", "clientSecret": { "value": "hush" },
        } } },
        "limits": { "once": { "key": ["identity.subject"], "rate": "1/h", "burst": 1 } },
        "apis": [{
            "name": "a", "hosts": ["shop"],
            "defaults": { "authenticate": { "anyOf": ["partners"] } },
            "endpoints": [endpoint],
        }],
    })
}

/// A worker with a policy and a candidate.
struct Worker {
    host: Fake,
    metrics: Rc<Metrics>,
    loaded: Rc<policy::Loaded>,
}

impl Worker {
    fn new(active: Value, candidate: Value, decides: f64) -> Self {
        let mut bundle = document(active);
        bundle["candidate"] = json!({ "policy": document(candidate), "decides": decides });
        let loaded = policy::load(bundle.to_string().as_bytes(), [0; 16])
            .unwrap_or_else(|problems| panic!("{problems:?}"));
        let metrics = Metrics::new();
        metrics.allow(100);
        Self {
            host: Fake::default(),
            metrics: Rc::new(metrics),
            loaded: Rc::new(loaded),
        }
    }

    /// The status of a refusal, or 0; and the log line.
    fn request(&self, key: &[u8]) -> (u16, String) {
        self.send(("x-api-key", key))
    }

    fn send(&self, field: (&str, &[u8])) -> (u16, String) {
        self.host.request(&[
            (":method", b"GET"),
            (":authority", b"shop"),
            (":path", b"/a"),
            field,
        ]);
        self.host.state.borrow_mut().reply = None;
        self.host.state.borrow_mut().log.clear();
        let metrics = Rc::clone(&self.metrics);
        let loaded = Some(Rc::clone(&self.loaded));
        let mut stream = Stream::new(self.host.clone(), Engine, metrics, loaded);
        let flow = stream.request_head(true);
        stream.over();
        let status = self
            .host
            .state
            .borrow()
            .reply
            .as_ref()
            .map_or(0, |r| r.status);
        assert_eq!(flow == Flow::Pass, status == 0);
        let lines = self.host.lines(log::Level::Info);
        (status, lines.concat())
    }
}

#[test]
fn the_active_policy_decides_and_every_difference_is_logged_and_counted() {
    let worker = Worker::new(
        json!({}),
        json!({ "authorize": { "scopes": ["write"] } }),
        0.0,
    );
    for count in 1..=3 {
        let (status, line) = worker.request(KEY.as_bytes());
        assert_eq!(status, 0);
        assert!(line.contains(r#""meshward.decision":"allow""#), "{line}");
        assert!(
            line.contains(r#""meshward.trial":{"outcome":"would_deny","reason":"scope_missing"}"#),
            "{line}"
        );
        let differences = worker.host.metric("meshward_candidate;");
        assert_eq!(differences, count);
    }
    let named = "outcome=would_deny;control=authorize;reason=scope_missing";
    assert_eq!(worker.host.metric(named), 3);
    let (status, line) = worker.request(b"wrong");
    assert_eq!(status, 401);
    assert!(!line.contains("trial"), "both refuse alike: {line}");
    assert_eq!(worker.host.metric("meshward_candidate;"), 3);
}

#[test]
fn the_candidate_decides_for_its_callers_and_for_nobody_else() {
    let worker = Worker::new(
        json!({}),
        json!({ "authorize": { "scopes": ["write"] } }),
        1.0,
    );
    let (status, line) = worker.request(KEY.as_bytes());
    assert_eq!(status, 403);
    assert!(
        line.contains(r#""meshward.policy":"test.candidate""#),
        "{line}"
    );
    assert!(
        line.contains(r#""meshward.trial":{"outcome":"would_have_allowed","reason":null}"#),
        "{line}"
    );

    let open = Worker::new(
        json!({}),
        json!({ "authenticate": { "public": true } }),
        1.0,
    );
    let (status, line) = open.request(b"wrong");
    assert_eq!(status, 401, "who nobody knows is the active policy's");
    assert!(
        line.contains(r#""outcome":"would_allow","reason":null"#),
        "{line}"
    );
}

#[test]
fn a_candidate_takes_nothing_from_the_limits_of_the_active_policy() {
    let limited = json!({ "limits": ["once"] });
    let worker = Worker::new(limited.clone(), limited, 0.0);
    assert_eq!(worker.request(KEY.as_bytes()).0, 0);
    let (status, line) = worker.request(KEY.as_bytes());
    assert_eq!(status, 429);
    assert!(
        !line.contains("trial"),
        "each has a bucket of its own: {line}"
    );
}

#[test]
fn what_the_candidate_cannot_judge_without_waiting_is_counted_and_not_held() {
    let worker = Worker::new(
        json!({ "authenticate": { "public": true } }),
        json!({ "authenticate": { "anyOf": ["server"] } }),
        1.0,
    );
    let (status, line) = worker.send(("authorization", b"Bearer opaque"));
    assert_eq!(status, 0);
    assert!(!line.contains("trial"), "{line}");
    let unknown = "meshward_candidate;api=a;endpoint=GET__a;outcome=unknown;";
    assert_eq!(worker.host.metric(unknown), 1);
    assert!(worker.host.state.borrow().calls.is_empty());
}
