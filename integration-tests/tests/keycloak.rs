//! A real authorization server: its keys as they change, its word about tokens, and its absence.
//!
//! One test, because a Keycloak takes long to start: what it shows stands in its steps.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the failure of a helper is the failure of its test, and what was measured is shown"
)]

use integration_tests::fixture::Fixture;
use integration_tests::keycloak::{AUDIENCE, CLIENT, Keycloak, SECRET};
use integration_tests::{Client, Response, client, wait};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const REFRESH: u64 = 3;
const TIMEOUT: u64 = 2;

fn policy(issuer: &str) -> String {
    let times = format!("refresh: {REFRESH}s, maxStale: 5s, timeout: {TIMEOUT}s, cooldown: 1s");
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: keycloak }}
identityProviders:
  named:
    jwt:
      issuer: '{issuer}'
      audiences: [{AUDIENCE}]
      algorithms: [RS256]
      jwks: {{ uri: '{issuer}/protocol/openid-connect/certs', cluster: keycloak, {times} }}
  found:
    jwt:
      issuer: '{issuer}'
      audiences: [{AUDIENCE}]
      algorithms: [RS256]
      discovery: {{ cluster: keycloak, {times} }}
  asked:
    introspection:
      uri: '{issuer}/protocol/openid-connect/token/introspect'
      cluster: keycloak
      clientId: {CLIENT}
      clientSecret: {{ value: {SECRET} }}
      issuer: '{issuer}'
      audiences: [{AUDIENCE}]
      timeout: {TIMEOUT}s
      cache: {{ maxAge: 500ms, negativeMaxAge: 500ms }}
apis:
  - name: keycloak
    hosts: [keycloak.test]
    endpoints:
      - {{ match: {{ method: GET, path: /named }}, authenticate: {{ anyOf: [named] }} }}
      - {{ match: {{ method: GET, path: /found }}, authenticate: {{ anyOf: [found] }} }}
      - {{ match: {{ method: GET, path: /asked }}, authenticate: {{ anyOf: [asked] }} }}
"
    )
}

fn request(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: keycloak.test\r\nauthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

fn get(client: &Client, path: &str, token: &str) -> Response {
    client.raw(&request(path, token))
}

fn passes(client: &Client, path: &str, token: &str) {
    let response = get(client, path, token);
    assert_eq!(response.status, 200, "{path}: {}", response.text());
}

fn until_refused(client: &Client, path: &str, token: &str, reason: &str) -> Response {
    wait::until(reason, || {
        let response = get(client, path, token);
        if response.status == 200 {
            return None;
        }
        assert_eq!(response.json()["reason"], reason, "{path}");
        Some(response)
    })
}

/// Waits until no worker lets a token pass. Each request has a connection of its own, which goes to either worker: so many in a row miss none.
fn until_refused_by_all(client: &Client, path: &str, token: &str, reason: &str) {
    const IN_A_ROW: usize = 40;
    wait::until(reason, || {
        (0..IN_A_ROW)
            .all(|_| {
                let response = get(client, path, token);
                let refused = response.status != 200;
                assert!(!refused || response.json()["reason"] == reason, "{path}");
                refused
            })
            .then_some(())
    });
}

/// Requests without a pause, over several connections, with the tokens that are valid at that time.
struct Load {
    tokens: Mutex<Vec<String>>,
    ended: AtomicBool,
    passed: AtomicU64,
}

impl Load {
    fn run(&self, client: &Client, path: &str) {
        let mut stream: TcpStream = client.connect(IpAddr::V4(Ipv4Addr::LOCALHOST));
        while !self.ended.load(Ordering::Relaxed) {
            let tokens = self.tokens.lock().unwrap().clone();
            for token in tokens {
                stream.write_all(&request(path, &token)).unwrap();
                let response = client::read(&mut stream, "GET");
                assert_eq!(response.status, 200, "{path}: {}", response.text());
                self.passed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Waits until so many more requests have passed.
    fn more(&self, count: u64) {
        let before = self.passed.load(Ordering::Relaxed);
        wait::until("requests under load", || {
            (self.passed.load(Ordering::Relaxed) >= before + count).then_some(())
        });
    }
}

#[test]
fn keys_rotate_tokens_are_revoked_and_the_server_may_fail() {
    let mut keycloak = Keycloak::start();
    let issuer = keycloak.issuer();
    let servers = [("keycloak".to_owned(), keycloak.port)];
    let fixture = Fixture::with_servers(&policy(&issuer), "", 2, &servers);
    let client = &fixture.client;

    // What the server says of its keys and tokens is believed, wherever it says so.
    let first = keycloak.token();
    for path in ["/named", "/found", "/asked"] {
        passes(client, path, &first);
    }
    // A token that the server does not know.
    let opaque = get(client, "/asked", "not-a-token-of-this-server");
    assert_eq!(opaque.status, 401);
    assert_eq!(opaque.json()["reason"], "token_inactive");
    // A revoked token keeps its signature, but the server calls it inactive.
    let revoked = keycloak.token();
    passes(client, "/asked", &revoked);
    keycloak.revoke(&revoked);
    until_refused(client, "/asked", &revoked, "token_inactive");
    passes(client, "/named", &revoked);

    rotate(&keycloak, client, &first);

    // The server dies. Its keys serve for a while, its word does not.
    let token = keycloak.token();
    passes(client, "/named", &token);
    keycloak.kill();
    let response = get(client, "/asked", &token);
    assert_eq!(response.status, 503, "{}", response.text());
    assert_eq!(response.json()["reason"], "introspection_unavailable");
    assert!(response.header("retry-after").is_some());
    for path in ["/named", "/found"] {
        let refused = until_refused(client, path, &token, "jwks_unavailable");
        assert_eq!(refused.status, 503);
        assert!(refused.header("retry-after").is_some());
    }

    // It comes back, and nothing else is restarted.
    keycloak.restart();
    for path in ["/named", "/found", "/asked"] {
        wait::until("the server to be believed again", || {
            (get(client, path, &token).status == 200).then_some(())
        });
    }
    let log = &fixture.envoy.log;
    assert!(log.lines_with("panicked").is_empty());
    for secret in [SECRET, token.as_str(), first.as_str()] {
        assert!(log.lines_with(secret).is_empty(), "a secret is in the log");
    }
}

/// Keys change under load: no valid token is refused, and none of the removed key passes after the bound.
fn rotate(keycloak: &Keycloak, client: &Client, first: &str) {
    let load = Load {
        tokens: Mutex::new(vec![first.to_owned()]),
        ended: AtomicBool::new(false),
        passed: AtomicU64::new(0),
    };
    let watch = wait::Stopwatch::start();
    thread::scope(|scope| {
        // However this ends, the load ends with it.
        let _end = End(&load.ended);
        for path in ["/named", "/found", "/named", "/found"] {
            let load = &load;
            scope.spawn(move || load.run(client, path));
        }
        load.more(500);
        keycloak.add_key();
        let second = keycloak.token();
        *load.tokens.lock().unwrap() = vec![first.to_owned(), second.clone()];
        load.more(1_000);

        // From now on only tokens of the second key are valid.
        *load.tokens.lock().unwrap() = vec![second];
        load.more(100);
        keycloak.remove_first_key();
        let removed = wait::Stopwatch::start();
        for path in ["/named", "/found"] {
            until_refused_by_all(client, path, first, "jwt_key_unknown");
        }
        println!(
            "tokens of the removed key passed for at most {:.1} s; the bound is {} s",
            removed.seconds(),
            REFRESH + TIMEOUT
        );
        let before = load.passed.load(Ordering::Relaxed);
        while load.passed.load(Ordering::Relaxed) < before + 1_000 {
            for path in ["/named", "/found"] {
                let response = get(client, path, first);
                assert_eq!(response.status, 401, "a removed key was believed again");
            }
        }
    });
    let passed = load.passed.load(Ordering::Relaxed);
    let seconds = watch.seconds();
    println!(
        "{passed} requests passed under load, {:.0} a second",
        f64::from(u32::try_from(passed).unwrap()) / seconds
    );
}

/// Ends the load when it goes out of scope.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
