//! A mesh: real Envoys, gateways or sidecars, that know nothing but a real istiod.

use crate::pushed::Pushed;
use crate::{Client, Envoy, Istiod, Upstream, client, paths};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

/// The namespace of everything here.
pub const NAMESPACE: &str = "shop";

/// One address for each proxy: istiod knows workloads by their addresses, and two on one address would mix up their labels.
static ADDRESSES: AtomicU8 = AtomicU8::new(10);

/// Which proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The proxy beside the service.
    Sidecar,
    /// The gateway.
    Gateway,
}

impl Place {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sidecar, Self::Gateway];

    /// As `--at` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sidecar => "sidecar",
            Self::Gateway => "gateway",
        }
    }
}

/// Proxies, the istiod that configures them, and the service behind.
#[derive(Debug)]
pub struct Mesh {
    /// The control plane.
    pub istiod: Istiod,
    /// The proxies, all of one kind and for one service.
    pub proxies: Vec<Proxy>,
    /// The service.
    pub upstream: Upstream,
}

/// A proxy.
#[derive(Debug)]
pub struct Proxy {
    /// The process.
    pub envoy: Envoy,
    /// A client of it.
    pub client: Client,
}

impl Mesh {
    /// Starts a proxy with a policy, as `meshward render istio` makes it with these further options.
    ///
    /// # Panics
    /// When something does not start.
    #[must_use]
    pub fn start(place: Place, policy: &str, options: &[&str]) -> Self {
        Self::with_objects(place, &render(place, policy, options))
    }

    /// Starts a proxy in a mesh that has these objects.
    ///
    /// # Panics
    /// When something does not start.
    #[must_use]
    pub fn with_objects(place: Place, objects: &str) -> Self {
        Self::of(place, objects, 1, 1)
    }

    /// Starts so many proxies, each with so many workers, in a mesh that has these objects.
    ///
    /// # Panics
    /// When something does not start.
    #[must_use]
    pub fn of(place: Place, objects: &str, proxies: usize, workers: u32) -> Self {
        let upstream = Upstream::start();
        let replicas: Vec<Replica> = (0..proxies)
            .map(|index| Replica::new(place, index))
            .collect();
        let topology: Vec<String> = replicas
            .iter()
            .map(|replica| replica.topology(upstream.port))
            .collect();
        let topology = topology.join("\n---\n");
        let files = [
            ("topology.yaml", topology.as_str()),
            ("meshward.yaml", objects),
        ];
        let istiod = Istiod::start(&files);
        let proxies = replicas.iter().map(|replica| Proxy {
            envoy: Envoy::with_workers(&replica.bootstrap(istiod.port), workers),
            client: Client::new(replica.port),
        });
        Self {
            proxies: proxies.collect(),
            istiod,
            upstream,
        }
    }

    /// The first proxy.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn envoy(&self) -> &Envoy {
        &self.first().envoy
    }

    /// A client of the first proxy.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.first().client
    }

    fn first(&self) -> &Proxy {
        self.proxies.first().expect("a mesh has a proxy")
    }

    /// Delivers a policy as people do, with `meshward push`, by the file from which istiod has its objects.
    ///
    /// # Panics
    /// When the command cannot be run.
    #[must_use]
    pub fn push_policy(&self, policy: &str) -> Pushed {
        self.run_push(policy, &[])
    }

    /// Delivers a bundle that nobody has checked.
    ///
    /// # Panics
    /// When the command cannot be run.
    #[must_use]
    pub fn push_unchecked(&self, bundle: &str) -> Pushed {
        self.run_push(bundle, &["--unchecked"])
    }

    fn run_push(&self, content: &str, options: &[&str]) -> Pushed {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let source = folder.path().join("policy.yaml");
        std::fs::write(&source, content).expect("a file can be written");
        let admins: Vec<String> = self
            .proxies
            .iter()
            .flat_map(|proxy| ["--admin".to_owned(), proxy.envoy.admin_address()])
            .collect();
        let output = Command::new(paths::meshward())
            .arg("push")
            .arg(&source)
            .arg("--to")
            .arg(self.istiod.file("meshward.yaml"))
            .args(admins)
            .args(options)
            .arg("--json")
            .output()
            .expect("`meshward` can be started");
        Pushed::read(&output)
    }

    /// Delivers objects through istiod.
    pub fn push(&self, objects: &str) {
        self.istiod.put("meshward.yaml", objects);
    }

    /// How many configurations of the filter the proxy has refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.discovery(".update_rejected")
    }

    /// How many versions of its listeners the proxy has had.
    #[must_use]
    pub fn listener_changes(&self) -> Vec<u64> {
        self.envoy().stats(|name| {
            name.starts_with("listener_manager.listener_")
                && ["added", "modified", "removed", "in_place_updated"]
                    .iter()
                    .any(|end| name.ends_with(end))
        })
    }

    fn discovery(&self, end: &str) -> u64 {
        let wanted =
            |name: &str| name.starts_with("extension_config_discovery.") && name.ends_with(end);
        self.envoy().stats(wanted).into_iter().sum()
    }
}

/// The objects that `meshward render istio` makes of a policy for the proxies of this mesh.
///
/// # Panics
/// When it makes none.
#[must_use]
pub fn render(place: Place, policy: &str, options: &[&str]) -> String {
    let workload = ["--namespace", NAMESPACE, "--selector", "app=orders"];
    let options = [&workload[..], &["--at", place.name()], options].concat();
    render_for(policy, &options)
}

/// The objects that `meshward render istio` makes of a policy with these options.
///
/// # Panics
/// When it makes none.
#[must_use]
pub fn render_for(policy: &str, options: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("policy.yaml");
    std::fs::write(&file, policy).expect("a file can be written");
    render_file(&file, options)
}

/// The objects that `meshward render istio` makes of the policy in a file with these options.
///
/// # Panics
/// When it makes none.
#[must_use]
pub fn render_file(file: &Path, options: &[&str]) -> String {
    let output = Command::new(paths::meshward())
        .args(["render", "istio"])
        .arg(file)
        .arg("--wasm")
        .arg(paths::wasm())
        .args(options)
        .stdin(Stdio::null())
        .output()
        .expect("the command line can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).expect("YAML is text")
}

/// One of the service's proxies, before it runs.
#[derive(Debug)]
struct Replica {
    place: Place,
    /// Its name, also the value of a label that it alone has.
    name: String,
    /// Where istiod takes it to be.
    address: String,
    /// Where it takes requests.
    port: u16,
}

impl Replica {
    fn new(place: Place, index: usize) -> Self {
        Self {
            place,
            name: format!("orders-{index}"),
            address: format!("127.0.0.{}", ADDRESSES.fetch_add(1, Ordering::Relaxed)),
            port: client::quiet_port(),
        }
    }

    fn labels(&self) -> Value {
        json!({ "app": "orders", "replica": self.name })
    }

    /// What the mesh knows besides the policy: how requests come to the proxy, and where they go.
    fn topology(&self, upstream: u16) -> String {
        let Self {
            name,
            address,
            port,
            ..
        } = self;
        let metadata = json!({ "name": name, "namespace": NAMESPACE });
        let own = json!({ "labels": self.labels() });
        let host = format!("{name}.test");
        let peers = json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": { "name": name, "namespace": NAMESPACE },
            "spec": { "selector": { "matchLabels": self.labels() }, "mtls": { "mode": "DISABLE" } },
        });
        let service = |target: u16, of: (&str, Value)| {
            let (member, who) = of;
            json!({
                "apiVersion": "networking.istio.io/v1",
                "kind": "ServiceEntry",
                "metadata": metadata,
                "spec": {
                    "hosts": [host],
                    "location": "MESH_INTERNAL",
                    "resolution": "STATIC",
                    "ports": [{ "number": 80, "name": "http", "protocol": "HTTP", "targetPort": target }],
                    member: who,
                },
            })
        };
        let objects = match self.place {
            Place::Gateway => {
                let endpoints = json!([{ "address": "127.0.0.1" }]);
                let service = service(upstream, ("endpoints", endpoints));
                let gateway = json!({
                    "apiVersion": "networking.istio.io/v1",
                    "kind": "Gateway",
                    "metadata": metadata,
                    "spec": {
                        "selector": self.labels(),
                        "servers": [{
                            "port": { "number": port, "name": "http", "protocol": "HTTP" },
                            "bind": "127.0.0.1",
                            "hosts": ["*"],
                        }],
                    },
                });
                let routes = json!({
                    "apiVersion": "networking.istio.io/v1",
                    "kind": "VirtualService",
                    "metadata": metadata,
                    "spec": {
                        "hosts": ["*"],
                        "gateways": [name],
                        "http": [{ "route": [{ "destination": { "host": host, "port": { "number": 80 } } }] }],
                    },
                });
                vec![peers, service, gateway, routes]
            }
            Place::Sidecar => {
                let service = service(*port, ("workloadSelector", own.clone()));
                let workload = json!({
                    "apiVersion": "networking.istio.io/v1",
                    "kind": "WorkloadEntry",
                    "metadata": metadata,
                    "spec": { "address": address, "labels": self.labels(), "ports": { "http": port } },
                });
                let sidecar = json!({
                    "apiVersion": "networking.istio.io/v1",
                    "kind": "Sidecar",
                    "metadata": metadata,
                    "spec": {
                        "workloadSelector": own,
                        "ingress": [{
                            "port": { "number": port, "protocol": "HTTP", "name": "http" },
                            "bind": "127.0.0.1",
                            "defaultEndpoint": format!("127.0.0.1:{upstream}"),
                        }],
                        "egress": [{ "hosts": ["./*"] }],
                    },
                });
                vec![peers, service, workload, sidecar]
            }
        };
        let documents: Vec<String> = objects.iter().map(Value::to_string).collect();
        documents.join("\n---\n")
    }

    /// The bootstrap of a proxy: who it is, and where its istiod listens.
    fn bootstrap(&self, istiod: u16) -> Value {
        let Self { name, address, .. } = self;
        let kind = match self.place {
            Place::Sidecar => "sidecar",
            Place::Gateway => "router",
        };
        let discovered =
            json!({ "ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3" });
        json!({
            "node": {
                "id": format!("{kind}~{address}~{name}.{NAMESPACE}~{NAMESPACE}.svc.cluster.local"),
                "cluster": format!("orders.{NAMESPACE}"),
                "metadata": {
                    "NAMESPACE": NAMESPACE,
                    "NAME": name,
                    "INTERCEPTION_MODE": "NONE",
                    "MESH_ID": "cluster.local",
                    "CLUSTER_ID": "Kubernetes",
                    "ISTIO_VERSION": "1.31.0",
                    "LABELS": self.labels(),
                    "INSTANCE_IPS": address,
                },
            },
            "admin": { "address": crate::bootstrap::address(0) },
            "dynamic_resources": {
                "lds_config": discovered,
                "cds_config": discovered,
                "ads_config": {
                    "api_type": "DELTA_GRPC",
                    "set_node_on_first_message_only": true,
                    "transport_api_version": "V3",
                    "grpc_services": [{ "envoy_grpc": { "cluster_name": "xds-grpc" } }],
                },
            },
            "static_resources": { "clusters": [{
                "name": "xds-grpc",
                "type": "STATIC",
                "connect_timeout": "1s",
                "load_assignment": {
                    "cluster_name": "xds-grpc",
                    "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": crate::bootstrap::address(istiod) } }] }],
                },
                "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": { "http2_protocol_options": {} },
                } },
            }] },
        })
    }
}
