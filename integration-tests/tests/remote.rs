//! Servers that the filter asks, when they are late, wrong, or asked too often.
#![expect(
    clippy::unwrap_used,
    reason = "the failure of a helper is the failure of its test"
)]

use integration_tests::fixture::Fixture;
use integration_tests::pushed::Fleet;
use integration_tests::{Client, Envoy, Server, client, wait};
use meshward_engine::exchange::ServerAnswer;
use meshward_testkit::{Keys, load, token};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::thread;

const ISSUER: &str = "https://idp.test";

/// A policy whose provider is written by the test.
fn policy(provider: &str) -> String {
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: remote }}
identityProviders:
  corp: {{ {provider} }}
apis:
  - name: remote
    hosts: [remote.test]
    defaults: {{ authenticate: {{ anyOf: [corp] }} }}
    endpoints:
      - match: {{ method: GET, path: /orders }}
      - match: {{ method: POST, path: /orders }}
"
    )
}

fn keys_from(server: &str) -> String {
    format!(
        "jwt: {{ issuer: '{ISSUER}', audiences: [orders], algorithms: [RS256], jwks: {{ uri: 'https://idp.test/certs', cluster: idp, {server} }} }}"
    )
}

fn introspection(server: &str) -> String {
    format!(
        "introspection: {{ uri: 'https://idp.test/introspect', cluster: idp, clientId: orders, clientSecret: {{ value: hush }}, {server} }}"
    )
}

fn answer(path: &str, body: &Value) -> ServerAnswer {
    let answer = json!({ "cluster": "idp", "path": path, "body": body.to_string() });
    serde_json::from_value(answer).unwrap()
}

fn failing(path: &str) -> ServerAnswer {
    ServerAnswer {
        status: 500,
        ..answer(path, &json!({}))
    }
}

fn certs() -> ServerAnswer {
    answer("/certs", &keys().jwks("rsa").unwrap())
}

fn keys() -> Keys {
    Keys::load(&load::testdata()).unwrap()
}

/// A token that `rsa` has signed, under any key's name.
fn signed(kid: &str) -> String {
    let token = json!({
        "key": "rsa",
        "header": { "alg": "RS256", "kid": kid },
        "claims": { "iss": ISSUER, "aud": "orders", "sub": "alice", "exp": "+600" },
    });
    token::fresh(&serde_json::from_value(token).unwrap(), &keys()).unwrap()
}

fn get(token: &str) -> Vec<u8> {
    format!("GET /orders HTTP/1.1\r\nhost: remote.test\r\nauthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

fn start(provider: &str, server: &Server, workers: u32) -> Fixture {
    let servers = [("idp".to_owned(), server.port)];
    Fixture::with_servers(&policy(provider), "", workers, &servers)
}

fn active(envoy: &Envoy) -> u64 {
    envoy
        .stats(|name| name == "http.in.downstream_rq_active")
        .iter()
        .sum()
}

fn no_panic(envoy: &Envoy) {
    assert!(envoy.log.lines_with("panicked").is_empty());
}

#[test]
fn requests_wait_for_the_first_keys_and_one_worker_fetches_them() {
    let server = Server::start(vec![certs()]);
    server.hold();
    let fixture = start(&keys_from("timeout: 30s"), &server, 4);
    let request = get(&signed("rsa"));
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..24)
            .map(|_| scope.spawn(|| fixture.client.raw(&request).status))
            .collect();
        wait::until("all requests to be there", || {
            (active(&fixture.envoy) == 24 && !server.seen().is_empty()).then_some(())
        });
        assert_eq!(fixture.upstream.count(), 0);
        server.release();
        for status in waiting {
            assert_eq!(status.join().unwrap(), 200);
        }
    });
    // One for all five VMs; on a busy machine it may outlive its timeout, and is made once more.
    assert!(server.seen().len() <= 2, "{} fetches", server.seen().len());
    no_panic(&fixture.envoy);
}

#[test]
fn made_up_key_names_make_one_fetch() {
    let server = Server::start(vec![certs()]);
    let fixture = start(&keys_from("timeout: 50ms, cooldown: 1h"), &server, 4);
    wait::until("the first keys", || {
        (fixture.client.raw(&get(&signed("rsa"))).status == 200).then_some(())
    });
    thread::scope(|scope| {
        for client in 0..8 {
            let fixture = &fixture;
            scope.spawn(move || {
                for number in 0..50 {
                    let request = get(&signed(&format!("made-up-{client}-{number}")));
                    let response = fixture.client.raw(&request);
                    assert_eq!(response.status, 401, "{}", response.text());
                    assert_eq!(response.json()["reason"], "jwt_key_unknown");
                }
            });
        }
    });
    // The first keys, and once more for all the names together.
    assert!(server.seen().len() <= 2, "{} fetches", server.seen().len());
    assert_eq!(fixture.client.raw(&get(&signed("rsa"))).status, 200);
    no_panic(&fixture.envoy);
}

#[test]
fn keys_are_asked_for_again_and_come_back_after_a_failure() {
    let server = Server::start(vec![failing("/certs")]);
    let fixture = start(
        &keys_from("refresh: 1s, cooldown: 1s, maxStale: 1s, timeout: 1s"),
        &server,
        2,
    );
    let request = get(&signed("rsa"));
    let refused = wait::until("a refusal", || {
        let response = fixture.client.raw(&request);
        (response.status == 503).then_some(response)
    });
    assert_eq!(refused.json()["reason"], "jwks_unavailable");
    assert!(refused.header("retry-after").is_some());

    let tagged = ServerAnswer {
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("etag".to_owned(), "\"v1\"".to_owned()),
        ],
        ..certs()
    };
    server.answers(vec![tagged]);
    let passes = || (fixture.client.raw(&request).status == 200).then_some(());
    wait::until("keys without a restart", passes);
    wait::until("the tag to come back", || {
        let seen = server.seen();
        let last = seen.last()?.seen.headers.iter();
        let mut tags = last.filter(|(name, value)| name == "if-none-match" && value == "\"v1\"");
        tags.next().map(|_| ())
    });

    // Nothing new, said in the shortest way: the keys go on serving.
    let unchanged = ServerAnswer {
        status: 304,
        headers: Vec::new(),
        body: String::new(),
        ..certs()
    };
    server.answers(vec![unchanged]);
    let before = server.seen().len();
    wait::until("three more fetches", || {
        assert_eq!(fixture.client.raw(&request).status, 200);
        (server.seen().len() >= before + 3).then_some(())
    });

    server.answers(vec![failing("/certs")]);
    wait::until("keys that are too old", || {
        (fixture.client.raw(&request).status == 503).then_some(())
    });
    server.answers(vec![certs()]);
    wait::until("keys once more", passes);
    no_panic(&fixture.envoy);
}

#[test]
fn a_new_policy_takes_over_what_was_fetched_and_who_waits() {
    let server = Server::start(vec![certs()]);
    server.hold();
    let configured = |how: &str| policy(&keys_from(how));
    let fleet = Fleet::with_servers(&configured("timeout: 30s"), 1, &[("idp", server.port)]);
    let envoy = &fleet.envoys[0];
    let client = envoy.client("inbound");
    let request = get(&signed("rsa"));
    let waiting = || envoy.stat("http.inbound.downstream_rq_active");
    thread::scope(|scope| {
        let requests: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| client.raw(&request).status))
            .collect();
        wait::until("all requests to be there", || {
            (waiting() == 6).then_some(())
        });
        let pushed = fleet.push(&configured("timeout: 30s, refresh: 10m"));
        assert_eq!(pushed.code, Some(0), "{pushed:?}");
        server.release();
        for status in requests {
            assert_eq!(status.join().unwrap(), 200);
        }
    });
    let fetched = server.seen().len();
    server.hold();
    let pushed = fleet.push(&configured("timeout: 30s, refresh: 20m"));
    assert_eq!(pushed.code, Some(0), "{pushed:?}");
    // The server says nothing now: these keys were there already.
    assert_eq!(client.raw(&request).status, 200);
    assert_eq!(server.seen().len(), fetched);
    no_panic(envoy);
}

#[test]
fn nothing_goes_upstream_while_a_token_is_asked_about() {
    let server = Server::start(vec![answer(
        "/introspect",
        &json!({ "active": true, "sub": "alice" }),
    )]);
    server.hold();
    let fixture = start(&introspection("timeout: 30s"), &server, 1);
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut stream = fixture.client.connect(local);
    let head = "POST /orders HTTP/1.1\r\nhost: remote.test\r\nauthorization: Bearer opaque\r\nx-request-id: slow\r\ncontent-length: 10\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"first").unwrap();
    wait::until("the question", || (!server.seen().is_empty()).then_some(()));
    stream.write_all(b"later").unwrap();
    assert_eq!(fixture.upstream.count(), 0);
    server.release();
    assert_eq!(client::read(&mut stream, "POST").status, 200);
    let seen = fixture.upstream.seen("slow").unwrap();
    assert_eq!(seen.seen.body, b"firstlater");

    let question = server.seen().remove(0).seen;
    let sent = |name: &str| {
        let mut fields = question.headers.iter().filter(|(n, _)| n == name);
        fields.next().map(|(_, value)| value.as_str())
    };
    assert_eq!(sent("authorization"), Some("Basic b3JkZXJzOmh1c2g="));
    assert_eq!(question.body, b"token_type_hint=access_token&token=opaque");
    no_panic(&fixture.envoy);
}

#[test]
fn who_hangs_up_while_waiting_leaves_nothing_behind() {
    let server = Server::start(vec![answer(
        "/introspect",
        &json!({ "active": true, "sub": "alice" }),
    )]);
    server.hold();
    let fixture = start(&introspection("timeout: 30s"), &server, 1);
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let streams: Vec<_> = (0..50)
        .map(|number| {
            let mut stream = fixture.client.connect(local);
            stream.write_all(&get(&format!("opaque-{number}"))).unwrap();
            stream
        })
        .collect();
    wait::until("all questions", || {
        (server.seen().len() == 50).then_some(())
    });
    drop(streams);
    wait::until("all requests to be gone", || {
        (active(&fixture.envoy) == 0).then_some(())
    });
    server.release();
    let calm = |client: &Client| client.raw(&get("another")).status;
    assert_eq!(calm(&fixture.client), 200);
    assert_eq!(fixture.upstream.count(), 1);
    no_panic(&fixture.envoy);
}

#[test]
fn a_server_that_is_down_is_not_asked_for_every_request() {
    let server = Server::start(vec![failing("/introspect")]);
    let fixture = start(&introspection("timeout: 1s"), &server, 1);
    for number in 0..200 {
        let response = fixture.client.raw(&get(&format!("opaque-{number}")));
        assert_eq!(response.status, 503);
        assert_eq!(response.json()["reason"], "introspection_unavailable");
    }
    assert!(
        server.seen().len() < 100,
        "{} questions",
        server.seen().len()
    );
    server.answers(vec![answer(
        "/introspect",
        &json!({ "active": true, "sub": "alice" }),
    )]);
    wait::until("the server to be asked again", || {
        (fixture.client.raw(&get("opaque")).status == 200).then_some(())
    });
    no_panic(&fixture.envoy);
}
