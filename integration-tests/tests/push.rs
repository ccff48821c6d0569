//! `meshward push`: to every worker of two Envoys, or to none.

use integration_tests::pushed::{Fleet, Pushed};
use serde_json::{Value, json};
use std::thread;

fn policy(endpoints: &str) -> String {
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: pushed }}
telemetry: {{ logAllowed: 1.0 }}
apis:
  - name: pushed
    hosts: [pushed.test]
    defaults: {{ authenticate: {{ public: true }} }}
    endpoints: [{endpoints}]
"
    )
}

fn endpoint(path: &str) -> String {
    policy(&format!("{{ match: {{ method: GET, path: {path} }} }}"))
}

/// The statuses of a path at every proxy.
fn statuses(fleet: &Fleet, path: &str) -> Vec<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: pushed.test\r\n\r\n");
    let of = |envoy: &integration_tests::Envoy| {
        let client = envoy.client("inbound");
        client.raw(request.as_bytes()).status
    };
    fleet.envoys.iter().map(of).collect()
}

fn served(pushed: &Pushed) {
    assert_eq!(pushed.code, Some(0), "{pushed:?}");
    assert_eq!(pushed.text("/outcome"), "serves");
    for envoy in pushed.envoys() {
        assert_eq!(envoy.get("workers"), Some(&json!(2)), "{pushed:?}");
        assert_eq!(envoy.get("serving"), Some(&json!(2)), "{pushed:?}");
    }
}

#[test]
fn a_push_reaches_every_worker_of_two_proxies_and_can_be_taken_back() {
    let fleet = Fleet::start(&endpoint("/first"), 2);
    assert_eq!(statuses(&fleet, "/first"), [200, 200]);

    let pushed = fleet.push(&endpoint("/second"));
    served(&pushed);
    eprintln!("a push to two proxies took {:.3} s", pushed.seconds());
    assert!(pushed.seconds() < 2.0, "{pushed:?}");
    assert_eq!(statuses(&fleet, "/second"), [200, 200]);
    assert_eq!(statuses(&fleet, "/first"), [404, 404]);
    let second = pushed.text("/revision").to_owned();
    for envoy in &fleet.envoys {
        let named = format!("revision {second} serves");
        assert!(!envoy.log.awaited(&named, 1).is_empty(), "{named}");
        let revision = format!("\"meshward.revision\":\"{second}\"");
        let decided = envoy.log.awaited(&revision, 2);
        assert_eq!(decided.len(), 2, "{decided:?}");
    }

    let again = fleet.push(&endpoint("/second"));
    served(&again);
    let back = fleet.roll_back();
    served(&back);
    assert_ne!(back.text("/revision"), second);
    assert_eq!(statuses(&fleet, "/first"), [200, 200]);
    let forth = fleet.roll_back();
    served(&forth);
    assert_eq!(forth.text("/revision"), second);
    assert_eq!(statuses(&fleet, "/second"), [200, 200]);

    let packed = fleet.push_compact(&endpoint("/second"));
    served(&packed);
    assert_eq!(
        packed.text("/revision"),
        second,
        "both forms are one policy"
    );
    assert!(fleet.content().contains("meshward-bundle/1"));

    let (third, fourth) = (endpoint("/third"), endpoint("/fourth"));
    let both = thread::scope(|scope| {
        let pushes = [&third, &fourth].map(|policy| scope.spawn(|| fleet.push(policy)));
        pushes.map(|push| push.join().unwrap())
    });
    both.iter().for_each(served);
    let open = |path: &str| statuses(&fleet, path) == [200, 200];
    assert!(
        open("/third") != open("/fourth"),
        "the one that came last serves"
    );
}

#[test]
fn what_is_broken_is_refused_with_its_reason_and_the_last_good_policy_serves() {
    let fleet = Fleet::start(&endpoint("/first"), 2);
    served(&fleet.push(&endpoint("/second")));
    let good = fleet.content();
    let next = fleet.build(&endpoint("/third"));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&next).unwrap();
        change(&mut value);
        value.to_string()
    };
    let half = next.len() / 2;
    let cases = [
        ("bundle-malformed", next.split_at(half).0.to_owned()),
        (
            "bundle-newer",
            changed(&|v| v["build"]["format"] = json!(2)),
        ),
        ("invalid", changed(&|v| v["apis"][0]["hots"] = json!([]))),
        (
            "bundle-digest",
            changed(&|v| v["metadata"]["owner"] = json!("x")),
        ),
        ("bundle-too-large", " ".repeat(20_000_000) + &next),
        ("not-a-bundle", json!({ "rules": [] }).to_string()),
        ("bundle-empty", String::new()),
        (
            "bundle-malformed",
            format!("meshward-bundle/1 {} AAAA", "0".repeat(64)),
        ),
    ];
    for (reason, bundle) in cases {
        let pushed = fleet.push_unchecked(&bundle);
        assert_eq!(pushed.code, Some(1), "{reason}: {pushed:?}");
        assert_eq!(pushed.text("/outcome"), "refused", "{reason}: {pushed:?}");
        for envoy in pushed.envoys() {
            assert_eq!(envoy["reasons"], json!([reason]), "{pushed:?}");
        }
        for envoy in &fleet.envoys {
            let said = envoy.log.awaited(&format!("meshward: error [{reason}]"), 1);
            assert!(!said.is_empty(), "{reason}");
        }
        assert_eq!(fleet.content(), good, "{reason}: put back");
        assert_eq!(statuses(&fleet, "/second"), [200, 200], "{reason}");
    }
    assert_eq!(statuses(&fleet, "/third"), [404, 404]);

    let wrong = fleet.push(&policy("{ match: { mthod: GET } }"));
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.said.contains("mthod"), "{}", wrong.said);
    assert_eq!(fleet.content(), good);

    let back = fleet.roll_back();
    served(&back);
    assert_eq!(
        statuses(&fleet, "/first"),
        [200, 200],
        "what was refused is not what was before"
    );
}
