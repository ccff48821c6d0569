//! What is no message but a stream: a WebSocket speaks in both directions, and events arrive one by one.
#![expect(
    clippy::unwrap_used,
    reason = "the failure of a helper is the failure of its test"
)]

use integration_tests::{Envoy, bootstrap, fixture, paths};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

const POLICY: &str = r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: upgrades }
delivery: { allowOnHeadersStopIteration: true }
apis:
  - name: upgrades
    hosts: [upgrades.test]
    openapi: api.yaml
    defaults: { authenticate: { public: true }, modes: { response: enforce } }
"#;

const DESCRIPTION: &str = r#"
openapi: 3.1.0
info: { title: Streams, version: "1" }
paths:
  /chat:
    get:
      operationId: chat
      responses: { "101": { description: a WebSocket } }
  /events:
    get:
      operationId: events
      responses: { "200": { description: ok, content: { text/event-stream: {} } } }
"#;

/// How long anything here may take at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server for two connections, each of one kind.
fn server() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            if until(&mut stream, "\r\n\r\n").starts_with("GET /chat") {
                chat(stream);
            } else {
                events(stream);
            }
        }
    });
    (port, thread)
}

fn chat(mut stream: TcpStream) {
    let answer =
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    stream.write_all(answer.as_bytes()).unwrap();
    for word in ["one;", "two;"] {
        until(&mut stream, word);
        stream
            .write_all(format!("heard {word}").as_bytes())
            .unwrap();
    }
}

fn events(mut stream: TcpStream) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: 1\n\n";
    stream.write_all(head.as_bytes()).unwrap();
    // Nothing more is sent before the client goes: it has seen the first by then.
    assert_eq!(stream.read(&mut [0]).unwrap_or_default(), 0);
}

/// Reads until a text has come.
fn until(stream: &mut TcpStream, text: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(text.as_bytes()) {
        assert_eq!(
            stream.read(&mut byte).unwrap(),
            1,
            "it ended before `{text}`"
        );
        seen.push(byte[0]);
    }
    String::from_utf8(seen).unwrap()
}

#[test]
fn a_websocket_speaks_in_both_directions_and_events_arrive_one_by_one() {
    let (port, server) = server();
    let bundle = fixture::bundle(POLICY, DESCRIPTION);
    let filter = bootstrap::meshward("test", &bundle, &paths::wasm());
    let listener = bootstrap::listener("test", vec![filter]);
    let envoy = Envoy::with_workers(&bootstrap::bootstrap(&[listener], port), 1);
    let connect = || {
        let stream = envoy.client("test").connect(Ipv4Addr::LOCALHOST.into());
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    };

    let mut stream = connect();
    let request = "GET /chat HTTP/1.1\r\nhost: upgrades.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let head = until(&mut stream, "\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    for word in ["one;", "two;"] {
        stream.write_all(word.as_bytes()).unwrap();
        until(&mut stream, &format!("heard {word}"));
    }

    let mut stream = connect();
    let request = "GET /events HTTP/1.1\r\nhost: upgrades.test\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let seen = until(&mut stream, "data: 1\n\n");
    assert!(seen.starts_with("HTTP/1.1 200"), "{seen}");
    drop(stream);
    server.join().unwrap();
}
