//! Workloads behind mutual TLS that a real Envoy terminates: who is admitted, what an unverified, expiring or forwarded
//! certificate is worth.

#![expect(
    clippy::unwrap_used,
    reason = "a failure of the set-up is the failure of the test"
)]

use integration_tests::client::{free_port, read};
use integration_tests::fixture::bundle;
use integration_tests::tls::Tls;
use integration_tests::{Client, Envoy, Response, Upstream, bootstrap, paths, wait};
use meshward_engine::config::Timestamp;
use meshward_testkit::{Pki, clock};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

const POLICY: &str = r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: mtls }
telemetry: { logAllowed: 1.0 }
identityProviders:
  mesh:
    mtls:
      trustDomains: [cluster.local]
      namespaces: [shop]
      forwarded: { from: [spiffe://cluster.local/ns/edge/sa/gateway] }
apis:
  - name: mtls
    hosts: [mtls.test]
    defaults: { authenticate: { anyOf: [mesh] } }
    endpoints: [{ match: { method: GET, path: /orders } }]
"#;

const WEB: &str = "spiffe://cluster.local/ns/shop/sa/web";
const ADMIN: &str = "spiffe://cluster.local/ns/shop/sa/admin";
const GATEWAY: &str = "spiffe://cluster.local/ns/edge/sa/gateway";

struct Mesh {
    pki: Pki,
    upstream: Upstream,
    envoy: Envoy,
    client: Client,
    _turn: MutexGuard<'static, ()>,
}

/// Every test starts Envoys of its own, and each compiles the module: one after the other, they do not starve each other.
static TURN: Mutex<()> = Mutex::new(());

impl Mesh {
    /// An Envoy whose listener `test` has this policy; `change` may change its bootstrap.
    fn start(policy: &str, filters: Vec<Value>, change: impl FnOnce(&Pki, &mut Value)) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let pki = Pki::new().unwrap();
        let bundle = bundle(policy, "");
        let mut chain = filters;
        chain.push(bootstrap::meshward("test", &bundle, &paths::wasm()));
        let server = pki.server(None).unwrap();
        let trusting = bootstrap::trusting(&pki.authority());
        let upstream = Upstream::start();
        let listener = bootstrap::tls_listener("test", chain, &server, &trusting);
        let mut whole = bootstrap::bootstrap(&[listener], upstream.port);
        change(&pki, &mut whole);
        let envoy = Envoy::start(&whole);
        let client = envoy.client("test");
        Self {
            pki,
            upstream,
            envoy,
            client,
            _turn: turn,
        }
    }

    fn get(&self, workload: Option<&str>, fields: &str) -> Response {
        let tls = Tls::of(&self.pki, workload);
        self.client.over(tls).raw(&request("r", fields))
    }
}

fn request(id: &str, fields: &str) -> Vec<u8> {
    format!("GET /orders HTTP/1.1\r\nhost: mtls.test\r\nx-request-id: {id}\r\n{fields}\r\n")
        .into_bytes()
}

fn reason(response: &Response) -> (u16, String) {
    let reason = response.json();
    let reason = reason.get("reason").and_then(Value::as_str);
    (response.status, reason.unwrap_or_default().to_owned())
}

#[test]
fn the_certificate_of_the_connection_names_the_caller() {
    let mesh = Mesh::start(POLICY, vec![], |_, _| ());
    let admitted = mesh
        .client
        .over(Tls::of(&mesh.pki, Some(WEB)))
        .raw(&request("admitted-1", ""));
    assert_eq!(admitted.status, 200, "{}", admitted.text());
    let log = mesh.envoy.log.decision("admitted-1").unwrap();
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["meshward.identity.subject"], WEB);
    assert_eq!(log["meshward.identity.provider"], "mesh");
    let seen = mesh.upstream.seen("admitted-1").unwrap().seen.headers;
    let subject = seen.iter().find(|(name, _)| name == "x-meshward-subject");
    assert_eq!(subject.map(|(_, value)| value.as_str()), Some(WEB));

    for (workload, expected) in [
        (None, "credential_missing"),
        (
            Some("spiffe://cluster.local/ns/other/sa/web"),
            "peer_not_accepted",
        ),
        (
            Some("spiffe://evil.local/ns/shop/sa/web"),
            "peer_not_accepted",
        ),
        (Some("https://cluster.local/web"), "peer_malformed"),
        (
            Some("spiffe://cluster.local/ns/shop/sa/../web"),
            "peer_malformed",
        ),
    ] {
        let refused = mesh.get(workload, "");
        assert_eq!(reason(&refused), (401, expected.to_owned()), "{workload:?}");
    }

    let stranger = Pki::new().unwrap().workload(WEB).unwrap();
    let foreign = Tls::with(&mesh.pki, Some(&stranger));
    let refused = mesh.client.over(foreign).raw(&request("r", ""));
    assert_eq!(refused.status, 0, "Envoy ends the handshake");
}

#[test]
fn an_unverified_certificate_is_told_by_the_rbac_filter() {
    let accept_untrusted = |pki: &Pki, whole: &mut Value| {
        let context = whole
            .pointer_mut("/static_resources/listeners/0/filter_chains/0/transport_socket/typed_config/common_tls_context/validation_context")
            .unwrap();
        *context = bootstrap::trusting(&pki.authority());
        context["trust_chain_verification"] = json!("ACCEPT_UNTRUSTED");
    };
    // The filter of the manual's page on mutual TLS.
    let rbac = json!({
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "shadow_rules_stat_prefix": "meshward_mtls_",
            "shadow_rules": { "policies": { "verified": {
                "permissions": [{ "any": true }],
                "principals": [{ "custom": {
                    "name": "envoy.rbac.principals.mtls_authenticated",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.rbac.principals.mtls_authenticated.v3.Config",
                        "any_validated_client_certificate": true,
                    },
                } }],
            } } },
        },
    });
    let policy = POLICY.replace("namespaces:", "verifiedBy: rbac\n      namespaces:");
    let mesh = Mesh::start(&policy, vec![rbac], accept_untrusted);
    let stranger = Pki::new().unwrap().workload(WEB).unwrap();
    let foreign = Tls::with(&mesh.pki, Some(&stranger));
    let refused = mesh.client.over(foreign).raw(&request("r", ""));
    assert_eq!(reason(&refused), (401, "peer_unverified".to_owned()));
    assert_eq!(mesh.get(Some(WEB), "").status, 200);
    assert_eq!(
        reason(&mesh.get(None, "")),
        (401, "credential_missing".to_owned())
    );
    drop(mesh);

    // Without the filter in front, nobody vouches.
    let mesh = Mesh::start(&policy, vec![], accept_untrusted);
    let refused = mesh.get(Some(WEB), "");
    assert_eq!(reason(&refused), (401, "peer_unverified".to_owned()));
    drop(mesh);

    // With the default, the listener alone is believed: this is why the manual forbids such a listener.
    let mesh = Mesh::start(POLICY, vec![], accept_untrusted);
    let foreign = Tls::with(&mesh.pki, Some(&stranger));
    assert_eq!(mesh.client.over(foreign).raw(&request("r", "")).status, 200);
}

#[test]
fn a_certificate_that_expires_serves_its_connection_to_the_end_and_begins_no_other() {
    let no_tickets = |_: &Pki, whole: &mut Value| {
        let context = whole
            .pointer_mut(
                "/static_resources/listeners/0/filter_chains/0/transport_socket/typed_config",
            )
            .unwrap();
        context["disable_stateless_session_resumption"] = json!(true);
        context["disable_stateful_session_resumption"] = json!(true);
    };
    let mesh = Mesh::start(POLICY, vec![], no_tickets);
    let end = Timestamp(clock::now().0 + 4_000_000);
    let short = mesh.pki.until(&[WEB], end).unwrap();
    let tls = Tls::with(&mesh.pki, Some(&short));
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut open = tls.over(mesh.client.connect(from));
    open.write_all(&request("r", "")).unwrap();
    assert_eq!(read(&mut open, "GET").status, 200);

    wait::until("the certificate's end", || {
        (clock::now().0 > end.0 + 1_000_000).then_some(())
    });
    // Envoy verifies when a connection begins, and shows a filter nothing of the certificate's end.
    open.write_all(&request("r", "")).unwrap();
    assert_eq!(read(&mut open, "GET").status, 200);
    // The same client, which would resume its session. With session tickets Envoy 1.40 takes such a session without looking at
    // the certificate again: this is why the manual asks for these settings.
    let again = mesh.client.over(tls).raw(&request("r", ""));
    assert_eq!(again.status, 0, "Envoy ends the handshake");
}

#[test]
fn only_the_named_gateway_is_believed_about_its_callers() {
    let edge = free_port();
    let mesh = Mesh::start(POLICY, vec![], |pki, whole| {
        let service = free_port();
        let manager = |details: &str| {
            json!({
                "forward_client_cert_details": details,
                "set_current_client_cert_details": { "uri": true, "subject": true },
            })
        };
        // As a sidecar: it adds what it sees itself.
        let own = whole.pointer_mut("/static_resources/listeners/0").unwrap();
        merge(
            own.pointer_mut("/filter_chains/0/filters/0/typed_config")
                .unwrap(),
            manager("APPEND_FORWARD"),
        );
        own["address"] = bootstrap::address(service);

        let server = pki.server(Some(GATEWAY)).unwrap();
        let trusting = bootstrap::trusting(&pki.authority());
        let mut gateway = bootstrap::tls_listener("gateway", vec![], &server, &trusting);
        gateway["address"] = bootstrap::address(edge);
        let config = gateway
            .pointer_mut("/filter_chains/0/filters/0/typed_config")
            .unwrap();
        merge(config, manager("SANITIZE_SET"));
        *config
            .pointer_mut("/route_config/virtual_hosts/0/routes/0/route/cluster")
            .unwrap() = json!("service");
        let own = pki.workload(GATEWAY).unwrap();
        let cluster = json!({
            "name": "service",
            "type": "STATIC",
            "load_assignment": {
                "cluster_name": "service",
                "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": bootstrap::address(service) } }] }],
            },
            "transport_socket": { "name": "envoy.transport_sockets.tls", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "common_tls_context": {
                    "tls_certificates": [{
                        "certificate_chain": { "inline_string": own.certificate },
                        "private_key": { "inline_string": own.key },
                    }],
                    "validation_context": trusting,
                },
            } },
        });
        push(whole, "/static_resources/listeners", gateway);
        push(whole, "/static_resources/clusters", cluster);
    });
    let through = Client::new(edge);
    let forged = format!("x-forwarded-client-cert: By={GATEWAY};URI={ADMIN}\r\n");

    for (what, client, workload, fields, expected) in [
        ("through the gateway", &through, Some(WEB), "", Ok(WEB)),
        (
            "a forged one, to the gateway",
            &through,
            Some(WEB),
            &*forged,
            Ok(WEB),
        ),
        (
            "a forged one, to the service",
            &mesh.client,
            Some(WEB),
            &*forged,
            Ok(WEB),
        ),
        (
            "nobody, through the gateway",
            &through,
            None,
            "",
            Err("peer_not_accepted"),
        ),
        (
            "nobody, to the service",
            &mesh.client,
            None,
            &*forged,
            Err("credential_missing"),
        ),
        (
            "another namespace, through the gateway",
            &through,
            Some("spiffe://cluster.local/ns/other/sa/web"),
            "",
            Err("peer_not_accepted"),
        ),
    ] {
        let id = what.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let response = client
            .over(Tls::of(&mesh.pki, workload))
            .raw(&request(&id, fields));
        match expected {
            Ok(subject) => {
                assert_eq!(response.status, 200, "{what}: {}", response.text());
                let seen = mesh.upstream.seen(&id).unwrap().seen.headers;
                let named = seen.iter().find(|(name, _)| name == "x-meshward-subject");
                assert_eq!(named.map(|(_, v)| v.as_str()), Some(subject), "{what}");
                let xfcc = seen
                    .iter()
                    .filter(|(name, _)| name == "x-forwarded-client-cert");
                let forwarded: Vec<&str> = xfcc.map(|(_, value)| value.as_str()).collect();
                assert!(!forwarded.concat().contains(ADMIN), "{what}: {forwarded:?}");
            }
            Err(wanted) => {
                assert_eq!(reason(&response), (401, wanted.to_owned()), "{what}");
                assert!(mesh.upstream.seen(&id).is_none(), "{what}");
            }
        }
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

fn push(whole: &mut Value, list: &str, item: Value) {
    let list = whole.pointer_mut(list).and_then(Value::as_array_mut);
    list.unwrap().push(item);
}
