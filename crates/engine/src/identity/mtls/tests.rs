use super::super::Provider;
use super::super::testing::{self, authenticate};
use super::*;
use crate::config::IdentityProvider;
use crate::http::{Headers, Target};
use serde_json::json;

const WEB: &str = "spiffe://c/ns/shop/sa/web";
const GATEWAY: &str = "spiffe://c/ns/istio/sa/gateway";

fn provider(config: Value) -> Result<(Provider, Vec<Problem>), Vec<Problem>> {
    let config: IdentityProvider = serde_json::from_value(json!({ "mtls": config })).unwrap();
    Provider::compile("mesh", "", &config)
}

fn mesh(config: Value) -> Provider {
    provider(config).unwrap().0
}

fn head(principal: Option<&str>, forwarded: &[&str]) -> RequestHead {
    RequestHead {
        headers: Headers::new(
            forwarded
                .iter()
                .map(|f| (xfcc::HEADER.as_bytes().to_vec(), f.as_bytes().to_vec()))
                .collect(),
        ),
        source: Source {
            principal: principal.map(str::to_owned),
            ..Source::default()
        },
        ..RequestHead::default()
    }
}

fn who(provider: &Provider, head: &RequestHead) -> Result<Option<String>, Reason> {
    authenticate(&[provider], head, &Target::default(), testing::now())
        .map(|identity| identity.map(|i| i.subject.to_string()))
        .map_err(|refusal| refusal.reason)
}

#[test]
fn the_connections_workload_is_the_caller() {
    let mesh = mesh(json!({ "trustDomains": ["c"] }));
    let head = head(Some(WEB), &[]);
    let identity = authenticate(&[&mesh], &head, &Target::default(), testing::now())
        .unwrap()
        .unwrap();
    assert_eq!(&*identity.subject, WEB);
    assert_eq!(&*identity.provider, "mesh");
    assert_eq!(
        Value::Object((*identity.claims).clone()),
        json!({ "trustDomain": "c", "namespace": "shop", "serviceAccount": "web" })
    );
    assert_eq!(identity.credential, None);
}

#[test]
fn a_connection_without_a_name_names_nobody() {
    assert_eq!(
        who(&mesh(json!({ "trustDomains": ["c"] })), &head(None, &[])),
        Ok(None)
    );
}

#[test]
fn domains_namespaces_and_accounts_are_held_against_the_policy() {
    let mesh = mesh(json!({
        "trustDomains": ["c", "d"], "namespaces": ["shop", "test-*"], "serviceAccounts": ["web"],
    }));
    for (principal, expected) in [
        (WEB, None),
        ("spiffe://d/ns/test-1/sa/web", None),
        ("spiffe://e/ns/shop/sa/web", Some(Reason::PeerNotAccepted)),
        ("spiffe://c/ns/other/sa/web", Some(Reason::PeerNotAccepted)),
        ("spiffe://c/ns/shop/sa/web2", Some(Reason::PeerNotAccepted)),
        ("spiffe://c/shop/web", Some(Reason::PeerNotAccepted)),
        ("spiffe://c", Some(Reason::PeerNotAccepted)),
        ("web.shop.svc", Some(Reason::PeerMalformed)),
        ("spiffe://c/ns/shop/sa/web\r\n", Some(Reason::PeerMalformed)),
    ] {
        let outcome = who(&mesh, &head(Some(principal), &[]));
        assert_eq!(outcome.err(), expected, "{principal}");
    }
    let long = format!("spiffe://c/ns/shop/sa/{}", "w".repeat(300));
    let any = self::mesh(json!({ "trustDomains": ["c"] }));
    assert_eq!(
        who(&any, &head(Some(&long), &[])),
        Err(Reason::PeerNotAccepted)
    );
}

#[test]
fn where_a_filter_must_vouch_its_silence_refuses() {
    let mesh = mesh(json!({ "trustDomains": ["c"], "verifiedBy": "rbac" }));
    let mut head = head(Some(WEB), &[]);
    assert_eq!(who(&mesh, &head), Err(Reason::PeerUnverified));
    head.source.verified = true;
    assert!(who(&mesh, &head).is_ok());
}

#[test]
fn a_believed_proxy_says_who_called_it() {
    let mesh = mesh(json!({
        "trustDomains": ["c"],
        "forwarded": { "from": ["spiffe://c/ns/istio/sa/*"] },
    }));
    let element = |by: &str, uri: &str| format!("By={by};Hash=00;Subject=\"\";URI={uri}");
    let edge = "spiffe://c/ns/istio/sa/edge";
    for (why, principal, header, expected) in [
        ("nobody in front", GATEWAY, vec![], Ok(GATEWAY)),
        ("one proxy", GATEWAY, vec![element(GATEWAY, WEB)], Ok(WEB)),
        (
            "this proxy has added its own view of the connection",
            GATEWAY,
            vec![element(GATEWAY, WEB), element("spiffe://c/me", GATEWAY)],
            Ok(WEB),
        ),
        (
            "what stands left of a workload is its own word",
            GATEWAY,
            vec![
                element(GATEWAY, "spiffe://c/ns/shop/sa/root"),
                element(GATEWAY, WEB),
            ],
            Ok(WEB),
        ),
        (
            "two proxies",
            GATEWAY,
            vec![element(edge, WEB), element(GATEWAY, edge)],
            Ok(WEB),
        ),
        (
            "an element that another proxy wrote",
            GATEWAY,
            vec![element(edge, WEB)],
            Err(Reason::ForwardedCertificateMalformed),
        ),
        (
            "a caller without a name",
            GATEWAY,
            vec![element(GATEWAY, "")],
            Err(Reason::ForwardedCertificateMalformed),
        ),
        (
            "not what Envoy writes",
            GATEWAY,
            vec!["rubbish".to_owned()],
            Err(Reason::ForwardedCertificateMalformed),
        ),
        (
            "a caller of another trust domain",
            GATEWAY,
            vec![element(GATEWAY, "spiffe://d/ns/shop/sa/web")],
            Err(Reason::PeerNotAccepted),
        ),
        (
            "a workload that nobody believes",
            WEB,
            vec![element(WEB, "spiffe://c/ns/shop/sa/root")],
            Ok(WEB),
        ),
    ] {
        let joined = header.join(",");
        let fields: Vec<&str> = (!joined.is_empty())
            .then_some(joined.as_str())
            .into_iter()
            .collect();
        assert_eq!(
            who(&mesh, &head(Some(principal), &fields)),
            expected.map(|id| Some(id.to_owned())),
            "{why}"
        );
    }
    let peers = mesh.peers().unwrap();
    assert!(peers.believes(&head(Some(GATEWAY), &[]).source));
    assert!(!peers.believes(&head(Some(WEB), &[]).source));
    assert!(!peers.believes(&head(None, &[]).source));
}

#[test]
fn an_untrusted_header_can_be_refused() {
    let mesh = mesh(json!({
        "trustDomains": ["c"],
        "forwarded": { "from": [GATEWAY], "untrusted": "refuse" },
    }));
    assert_eq!(
        who(&mesh, &head(Some(WEB), &["URI=a"])),
        Err(Reason::ForwardedCertificateUntrusted)
    );
    assert!(who(&mesh, &head(Some(WEB), &[])).is_ok());
    assert!(who(&mesh, &head(Some(GATEWAY), &[&format!("URI={WEB}")])).is_ok());
}

#[test]
fn every_mistake_is_found_with_its_place() {
    let problems = provider(json!({
        "trustDomains": ["C", "spiffe://c", "*"],
        "namespaces": ["a/b"],
        "serviceAccounts": ["web", "**"],
        "forwarded": { "from": ["gateway"] },
    }))
    .unwrap_err();
    let found: Vec<_> = problems
        .iter()
        .map(|p| format!("{} {}", p.code, p.at))
        .collect();
    assert_eq!(
        found,
        [
            "invalid-trust-domain /mtls/trustDomains/0",
            "invalid-trust-domain /mtls/trustDomains/1",
            "invalid-trust-domain /mtls/trustDomains/2",
            "invalid-pattern /mtls/namespaces/0",
            "invalid-pattern /mtls/serviceAccounts/1",
            "invalid-pattern /mtls/forwarded/from/0",
        ]
    );
    let empty = provider(json!({ "trustDomains": [], "forwarded": { "from": [] } })).unwrap_err();
    assert_eq!(empty.len(), 2);
}
