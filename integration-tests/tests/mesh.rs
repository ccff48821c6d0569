//! The filter in a mesh: policies go through a real istiod into real proxies. Run by `cargo xtask test --mesh`.

use integration_tests::mesh::{Mesh, NAMESPACE, Place, render, render_file, render_for};
use integration_tests::wait::{self, Stopwatch};
use integration_tests::{Response, client, paths};
use serde_json::json;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;

/// The two forms of `meshward render istio`.
const FORMS: [&[&str]; 2] = [&["--form", "wasm-plugin"], &["--form", "envoy-filter"]];

fn policy(endpoints: &str) -> String {
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: orders }}
identityProviders:
  # printf %s test | sha256sum
  partners: {{ apiKey: {{ in: header, name: x-api-key, keys: [{{ id: acme, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 }}] }} }}
apis:
  - name: orders
    hosts: [orders.test]
    defaults: {{ authenticate: {{ anyOf: [partners] }} }}
    endpoints: [{endpoints}]
"
    )
}

const FIRST: &str = "{ match: { method: GET, path: /first } }";
const SECOND: &str = "{ match: { method: GET, path: /second } }";

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: orders.test\r\nx-api-key: test\r\n\r\n")
}

fn get(mesh: &Mesh, path: &str) -> Response {
    mesh.client().raw(request(path).as_bytes())
}

fn until_first_serves(mesh: &Mesh) {
    wait::until("the first policy", || {
        // The proxy listens only when it has the filter.
        TcpStream::connect((Ipv4Addr::LOCALHOST, mesh.client().port())).ok()?;
        (get(mesh, "/first").status == 200).then_some(())
    });
}

#[test]
fn requests_are_admitted_and_refused_in_sidecar_and_gateway() {
    for place in Place::ALL {
        for form in FORMS {
            let mesh = Mesh::start(place, &policy(FIRST), form);
            until_first_serves(&mesh);
            let admitted = mesh.upstream.count();
            let nobody = mesh
                .client()
                .raw(b"GET /first HTTP/1.1\r\nhost: orders.test\r\n\r\n");
            assert_eq!(nobody.status, 401, "{place:?} {form:?}");
            let unknown = get(&mesh, "/second");
            assert_eq!(
                unknown.json()["reason"],
                "endpoint_unknown",
                "{place:?} {form:?}"
            );
            assert_eq!(mesh.upstream.count(), admitted, "nothing was forwarded");
        }
    }
}

#[test]
fn an_edit_reaches_the_proxy_and_no_listener_changes() {
    for place in Place::ALL {
        for form in FORMS {
            let mesh = Mesh::start(place, &policy(FIRST), form);
            until_first_serves(&mesh);
            let before = mesh.listener_changes();
            let mut connection = mesh.client().connect(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let mut status = |path: &str| {
                connection.write_all(request(path).as_bytes()).unwrap();
                client::read(&mut connection, "GET").status
            };
            assert_eq!((status("/first"), status("/second")), (200, 404));

            let objects = render(place, &policy(&format!("{FIRST}, {SECOND}")), form);
            let watch = Stopwatch::start();
            mesh.push(&objects);
            wait::until("the second policy", || {
                (status("/second") == 200).then_some(())
            });
            println!(
                "{place:?} {form:?}: {:.2} s from the file to the proxy",
                watch.seconds()
            );
            assert_eq!(
                status("/first"),
                200,
                "on the connection that was there before"
            );
            assert_eq!(mesh.listener_changes(), before);
            assert_eq!(mesh.refused(), 0);
        }
    }
}

#[test]
fn a_push_reaches_every_worker_of_two_proxies() {
    for form in FORMS {
        let objects = render(Place::Sidecar, &policy(FIRST), form);
        let mesh = Mesh::of(Place::Sidecar, &objects, 2, 2);
        until_first_serves(&mesh);
        let both = policy(&format!("{FIRST}, {SECOND}"));
        let pushed = mesh.push_policy(&both);
        assert_eq!(pushed.text("/outcome"), "serves", "{form:?} {pushed:?}");
        for envoy in pushed.envoys() {
            assert_eq!(
                (&envoy["workers"], &envoy["serving"]),
                (&json!(2), &json!(2))
            );
        }
        println!(
            "{form:?}: a push through istiod to two proxies took {:.3} s",
            pushed.seconds()
        );
        for proxy in &mesh.proxies {
            let status = proxy.client.raw(request("/second").as_bytes()).status;
            assert_eq!(status, 200, "{form:?}");
        }
        // What the proxies refuse is taken back.
        let file = std::fs::read_to_string(mesh.istiod.file("meshward.yaml")).unwrap();
        let refused = mesh.push_unchecked(r#"{"rules":[]}"#);
        assert_eq!(refused.text("/outcome"), "refused", "{form:?} {refused:?}");
        for envoy in refused.envoys() {
            assert_eq!(envoy["reasons"], json!(["not-a-bundle"]), "{refused:?}");
        }
        let now = std::fs::read_to_string(mesh.istiod.file("meshward.yaml")).unwrap();
        assert_eq!(now, file, "{form:?}");
        assert_eq!(get(&mesh, "/second").status, 200, "{form:?}");
    }
}

#[test]
fn a_broken_policy_is_refused_and_the_last_good_one_serves() {
    for form in FORMS {
        let mesh = Mesh::start(Place::Sidecar, &policy(FIRST), form);
        until_first_serves(&mesh);
        let good = render(Place::Sidecar, &policy(SECOND), form);
        let broken = good
            .replace("unknownEndpoints", "unknownEndpoint")
            .replace("hosts", "hots");
        assert_ne!(broken, good);
        mesh.push(&broken);
        wait::until("the proxy to refuse it", || {
            (mesh.refused() > 0).then_some(())
        });
        assert_eq!(get(&mesh, "/first").status, 200, "the last good one serves");
        let said = mesh.envoy().log.awaited("hots", 1);
        assert!(!said.is_empty(), "the log says what is wrong");

        mesh.push(&good);
        wait::until("the next good policy", || {
            (get(&mesh, "/second").status == 200).then_some(())
        });
    }
}

#[test]
fn traffic_goes_on_while_istiod_restarts() {
    for form in FORMS {
        let mut mesh = Mesh::start(Place::Gateway, &policy(FIRST), form);
        until_first_serves(&mesh);
        mesh.istiod.kill();
        // A push into the void: it is there when istiod comes back.
        let next = render(Place::Gateway, &policy(&format!("{FIRST}, {SECOND}")), form);
        mesh.push(&next);
        assert_eq!(
            (get(&mesh, "/first").status, get(&mesh, "/second").status),
            (200, 404)
        );
        mesh.istiod.restart();
        wait::until("the policy that was pushed meanwhile", || {
            assert_eq!(get(&mesh, "/first").status, 200, "no request is lost");
            (get(&mesh, "/second").status == 200).then_some(())
        });
        assert_eq!(mesh.refused(), 0);
    }
}

#[test]
fn clusters_of_the_policy_reach_the_proxy() {
    for place in Place::ALL {
        for form in FORMS {
            let options = [form, &["--cluster", "idp=127.0.0.1:9"]].concat();
            let mesh = Mesh::start(place, &policy(FIRST), &options);
            until_first_serves(&mesh);
            let clusters = mesh.envoy().admin("/clusters").text();
            assert!(
                clusters.contains("idp::127.0.0.1:9::"),
                "{place:?} {form:?}: {clusters}"
            );
        }
    }
}

#[test]
fn a_policy_for_a_namespace_or_the_mesh_reaches_its_workloads() {
    for namespace in [NAMESPACE, "istio-system"] {
        for form in FORMS {
            let options = [&["--namespace", namespace], form].concat();
            let mesh = Mesh::with_objects(Place::Sidecar, &render_for(&policy(FIRST), &options));
            until_first_serves(&mesh);
            let unknown = get(&mesh, "/second");
            assert_eq!(
                unknown.json()["reason"],
                "endpoint_unknown",
                "{namespace} {form:?}"
            );
        }
    }
}

#[test]
fn a_body_is_judged_before_anything_goes_on_or_is_refused_unjudged() {
    let bound = "{ match: { method: POST, path: /second }, authorize: { bind: [{ value: body./owner, equals: identity.subject }] } }";
    let policy = policy(&format!("{FIRST}, {bound}"));
    for place in Place::ALL {
        for form in FORMS {
            let mesh = Mesh::start(place, &policy, form);
            until_first_serves(&mesh);
            let before = mesh.upstream.count();
            let post = |owner: &str| {
                let body = format!(r#"{{"owner":"{owner}"}}"#);
                let head = "POST /second HTTP/1.1\r\nhost: orders.test\r\nx-api-key: test\r\ncontent-type: application/json";
                let length = body.len();
                let request = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");
                mesh.client().raw(request.as_bytes())
            };
            if form == FORMS[0] {
                assert_eq!(post("acme").json()["reason"], "body_not_held", "{place:?}");
                assert_eq!(mesh.upstream.count(), before);
                continue;
            }
            assert_eq!(post("other").status, 403, "{place:?}");
            assert_eq!(mesh.upstream.count(), before, "nothing was forwarded");
            assert_eq!(post("acme").status, 200, "{place:?}");
        }
    }
}

#[test]
fn the_agent_pulls_the_image_that_is_packaged() {
    let cache = tempfile::tempdir().unwrap();
    let output = Command::new(paths::istiod())
        .arg("-pull")
        .arg(paths::image())
        .arg("-to")
        .arg(cache.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let file = String::from_utf8(output.stdout).unwrap();
    let file = file.lines().last().map(Path::new).unwrap();
    let pulled = std::fs::read(file).unwrap();
    assert!(
        pulled == std::fs::read(paths::wasm()).unwrap(),
        "another module came out"
    );
}

#[test]
fn a_compact_bundle_reaches_the_proxy() {
    for form in FORMS {
        let options = [form, &["--compact"]].concat();
        let mesh = Mesh::start(Place::Sidecar, &policy(FIRST), &options);
        until_first_serves(&mesh);
        assert_eq!(get(&mesh, "/second").status, 404, "{form:?}");
    }
}

#[test]
fn githubs_description_travels_in_one_object() {
    let folder = tempfile::tempdir().unwrap();
    let description = paths::archive("github").join("generated/api.github.com.json");
    std::fs::copy(description, folder.path().join("github.json")).unwrap();
    let policy = json!({
        "apiVersion": "meshward.dev/v1", "kind": "Policy", "metadata": { "name": "github" },
        "apis": [{ "name": "github", "openapi": "github.json", "defaults": { "authenticate": { "public": true } } }],
    });
    let file = folder.path().join("policy.yaml");
    std::fs::write(&file, policy.to_string()).unwrap();
    for form in FORMS {
        let options = [&["--namespace", NAMESPACE, "--compact"], form].concat();
        let objects = render_file(&file, &options);
        println!(
            "{form:?}: GitHub's policy is an object of {} bytes",
            objects.len()
        );
        assert_eq!(objects.matches("kind: ").count(), 1, "one object");
        // As `render` sees to it.
        assert!(objects.len() < 1 << 20, "{form:?}");
        let mesh = Mesh::with_objects(Place::Sidecar, &objects);
        let ask = |path: &str| {
            let request = format!("GET {path} HTTP/1.1\r\nhost: api.github.com\r\n\r\n");
            mesh.client().raw(request.as_bytes())
        };
        wait::until("the policy", || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, mesh.client().port())).ok()?;
            (ask("/users/octocat").status == 200).then_some(())
        });
        let wrong = ask("/repos/o/r/issues?state=ajar");
        assert_eq!(wrong.json()["reason"], "parameter_invalid", "{form:?}");
    }
}
