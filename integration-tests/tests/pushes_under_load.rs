//! Two hundred pushes, one in five broken, while requests come: none is lost, none is refused wrongly, each is decided by
//! one revision, and memory does not grow.

use integration_tests::load;
use integration_tests::pushed::Fleet;
use integration_tests::wait::Stopwatch;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const PUSHES: usize = 200;
/// After so many, what is needed once has been allocated.
const SETTLED: usize = 20;
const CONNECTIONS: usize = 10;
/// Of each connection: 500 requests a second in all.
const INTERVAL: Duration = Duration::from_millis(20);
/// What memory may grow by from then on: the proxy's own buffers breathe.
const BREATH_MIB: u64 = 12;

fn policy(number: usize) -> String {
    format!(
        r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: pushed, owner: "team-{number}" }}
telemetry: {{ logAllowed: 1.0 }}
apis:
  - name: pushed
    hosts: [pushed.test]
    defaults: {{ authenticate: {{ public: true }} }}
    endpoints:
      - match: {{ method: GET, path: /orders }}
      - match: {{ method: POST, path: /orders }}
        body: {{ maxSize: 1KiB }}
"#
    )
}

/// A request; every third has a body that is judged.
fn request(number: usize, id: &str) -> Vec<u8> {
    let head = format!("/orders HTTP/1.1\r\nhost: pushed.test\r\nx-request-id: {id}\r\n");
    let text = if number.is_multiple_of(3) {
        format!("POST {head}content-length: 4\r\n\r\nbody")
    } else {
        format!("GET {head}\r\n")
    };
    text.into_bytes()
}

#[test]
fn pushes_under_load_lose_no_request_and_no_memory() {
    let fleet = Fleet::start(&policy(0), 1);
    let envoy = &fleet.envoys[0];
    let client = envoy.client("inbound");
    let done = AtomicBool::new(false);
    let watch = Stopwatch::start();
    let (answered, revisions, settled) = thread::scope(|scope| {
        let load: Vec<_> = (0..CONNECTIONS)
            .map(|connection| {
                let (client, done) = (&client, &done);
                let name = format!("load-{connection}");
                scope.spawn(move || load::run(client, &name, INTERVAL, done, request))
            })
            .collect();
        let mut revisions = HashSet::new();
        let mut settled = 0;
        for number in 1..=PUSHES {
            if number.is_multiple_of(5) {
                let mut bundle: Value =
                    serde_json::from_str(&fleet.build(&policy(number))).unwrap();
                bundle["metadata"]["owner"] = Value::from("somebody else");
                let pushed = fleet.push_unchecked(&bundle.to_string());
                assert_eq!(pushed.text("/outcome"), "refused", "{pushed:?}");
            } else {
                let pushed = fleet.push(&policy(number));
                assert_eq!(pushed.text("/outcome"), "serves", "{pushed:?}");
                revisions.insert(pushed.text("/revision").to_owned());
            }
            if number == SETTLED {
                settled = envoy.resident_mib();
            }
        }
        done.store(true, Ordering::Relaxed);
        let answered: Vec<_> = load.into_iter().map(|load| load.join().unwrap()).collect();
        (answered, revisions, settled)
    });
    let took = watch.seconds();
    let resident = envoy.resident_mib();

    let requests: Vec<_> = answered.into_iter().flat_map(|a| a.requests).collect();
    let other: Vec<_> = requests
        .iter()
        .filter(|(_, status)| *status != 200)
        .collect();
    assert!(other.is_empty(), "{other:?}");
    assert_eq!(fleet.upstream.count(), requests.len());

    // The last lines may still be on their way.
    for (id, _) in requests.iter().rev().take(CONNECTIONS) {
        assert!(envoy.log.decision(id).is_some(), "{id}");
    }
    let mut decided: HashMap<String, Vec<String>> = HashMap::new();
    for line in envoy.log.lines_with("\"meshward.decision\"") {
        let json = line.get(line.find('{').unwrap()..).unwrap();
        let line: Value = serde_json::from_str(json).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let revision = text("meshward.revision");
        decided
            .entry(text("meshward.request_id"))
            .or_default()
            .push(revision);
    }
    let mut seen = HashSet::new();
    for (id, _) in &requests {
        let by = decided.remove(id).unwrap_or_default();
        assert_eq!(by.len(), 1, "{id} was decided by {by:?}");
        seen.extend(by);
    }
    let unknown: Vec<_> = seen.difference(&revisions).collect();
    assert!(
        unknown.len() <= 1,
        "only the first policy was not pushed: {unknown:?}"
    );
    assert_eq!(revisions.len(), PUSHES - PUSHES / 5);
    eprintln!(
        "{PUSHES} pushes in {took:.1} s under {:.0} requests/s, {} revisions decided; {settled} MiB after {SETTLED}, {resident} MiB after all",
        f64::from(u32::try_from(requests.len()).unwrap()) / took,
        seen.len(),
    );
    assert!(
        resident <= settled + BREATH_MIB,
        "memory grew from {settled} to {resident} MiB"
    );
    assert!(envoy.log.lines_with("panicked").is_empty());
}
