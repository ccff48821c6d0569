//! A policy on trial: compared for everybody, deciding for its share, and promoted by a push.

use integration_tests::Client;
use integration_tests::pushed::Fleet;

/// The digests of the keys `key-0`, `key-1`, …: `printf key-0 | sha256sum`.
const DIGESTS: [&str; 12] = [
    "d5ead6fdd3d16630aad4f07f5e49486337a42e58fb4eef0deaabb814c003b134",
    "be2974546978e3739e6d6da85c4be9f334ce32df2b9fd4b6ff1b55c0d57e9d44",
    "7c36b0a9dedde119c75165957c6c9c187e65df1ee5db87c4c58ad503ad88cbe3",
    "d9ef8196557c9da69806fb5d777f4e5ad6d5c18593039e0ff62f9fdf003b0198",
    "f5404d68a86b01ee138f6d135cb9952fc6f804f5ab4104a8d4a5fb06e4e1b197",
    "043e30951bc4eac6c587191be09ec64110933b6c5e633e695462333318561e55",
    "f3166bdf439d0b1da048ef0d3ad2459c77c99ba779b9f5e32cf2bc42559b58c6",
    "78ed7d2bf2a8c4af4a3d3652a89fe8b9f46addb8bc8e7cb69106a6467900f5e6",
    "2ef94a67f93c79a6fe2710bb5f2907658c1f96d8cc6bae6bf8c8e180119897e1",
    "1a4d5bcb1c7d0500b0f6566d599bf7a5492d0fded14c7bed41a682815d6bec92",
    "8cfe286af19b18d866b425865ff494fcd329d4a73274d67ad0643b305040d350",
    "0e6f3e7f1be7ab10cdbe06ac405cbbffa2af6f4a64289540c9b7799989d3973a",
];

fn policy(scope: &str) -> String {
    let keys = DIGESTS.iter().enumerate();
    let keys =
        keys.map(|(n, digest)| format!("{{ id: caller-{n}, sha256: {digest}, scopes: [read] }}"));
    let keys: Vec<_> = keys.collect();
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: pushed }}
transport: {{ plainText: allow }}
telemetry: {{ logAllowed: 1.0 }}
identityProviders:
  partners: {{ apiKey: {{ in: header, name: x-api-key, keys: [{}] }} }}
apis:
  - name: pushed
    hosts: [pushed.test]
    defaults: {{ authenticate: {{ anyOf: [partners] }} }}
    endpoints: [{{ match: {{ method: GET, path: /orders }}, authorize: {{ scopes: [{scope}] }} }}]
",
        keys.join(", ")
    )
}

/// What each caller gets.
fn statuses(client: &Client) -> Vec<u16> {
    let one = |n: usize| {
        let request =
            format!("GET /orders HTTP/1.1\r\nhost: pushed.test\r\nx-api-key: key-{n}\r\n\r\n");
        client.raw(request.as_bytes()).status
    };
    (0..DIGESTS.len()).map(one).collect()
}

#[test]
fn a_candidate_is_compared_then_decides_for_some_then_for_all() {
    let (active, candidate) = (policy("read"), policy("write"));
    let fleet = Fleet::start(&active, 2);
    let clients: Vec<_> = fleet.envoys.iter().map(|e| e.client("inbound")).collect();
    let differences = |name: &str| -> u64 {
        let named = |stat: &str| {
            stat.starts_with("wasmcustom.meshward_candidate;")
                && stat.contains(&format!("outcome={name};"))
        };
        fleet
            .envoys
            .iter()
            .flat_map(|envoy| envoy.stats(named))
            .sum()
    };

    let pushed = fleet.push_with(&active, &candidate, "0");
    assert_eq!(pushed.text("/outcome"), "serves", "{pushed:?}");
    for client in &clients {
        assert_eq!(statuses(client), [200; 12]);
    }
    assert_eq!(differences("would_deny"), 24);
    let line = "\"meshward.trial\":{\"outcome\":\"would_deny\",\"reason\":\"scope_missing\"}";
    for envoy in &fleet.envoys {
        assert_eq!(envoy.log.awaited(line, 12).len(), 12);
    }

    let mut refused = 0;
    for share in ["0.3", "0.7"] {
        let pushed = fleet.push_with(&active, &candidate, share);
        assert_eq!(pushed.text("/outcome"), "serves", "{pushed:?}");
        let at: Vec<_> = clients.iter().map(statuses).collect();
        assert_eq!(at[0], at[1], "the same callers at every proxy");
        let now = at[0].iter().filter(|status| **status == 403).count();
        assert!(now > refused && now < 12, "{share}: {at:?}");
        refused = now;
    }
    assert!(differences("would_have_allowed") > 0);

    let pushed = fleet.push(&candidate);
    assert_eq!(pushed.text("/outcome"), "serves", "{pushed:?}");
    for client in &clients {
        assert_eq!(statuses(client), [403; 12]);
    }

    let other = candidate.replace("name: pushed }", "name: another }");
    let wrong = fleet.push_with(&candidate, &other, "0");
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.said.contains("`another`"), "{}", wrong.said);
}
