//! The Envoys of a bench.

use super::authz::Authz;
use super::case::Kind;
use super::filters;
use super::quotas::Quotas;
use crate::clock::Stopwatch;
use crate::ports;
use crate::process::Background;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The host that every request names.
pub(super) const HOST: &str = "shop.bench";

/// The clusters of servers that filters ask.
pub(super) const AUTHZ: &str = "authz";
const RATELIMIT: &str = "ratelimit";

/// Everything that the Envoys are made of.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) envoy: PathBuf,
    pub(super) quotas: Option<Quotas>,
    pub(super) authz: Option<Authz>,
    pub(super) noop: PathBuf,
    pub(super) filter: PathBuf,
    pub(super) bundles: BTreeMap<Kind, String>,
    pub(super) dir: PathBuf,
}

/// An Envoy that is ready.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) process: Background,
    pub(super) port: u16,
    /// The servers that it asks for its verdicts.
    pub(super) asks: Vec<u32>,
    /// From its start until `/ready` said so.
    pub(super) ready_after: Duration,
}

impl Site {
    /// The upstream of all: answers everything once it has read the request, and is not measured.
    pub(super) fn upstream(&self, port: u16) -> Result<Running> {
        // Without the buffer the answer would come before the end of a POST, and every connection would end with it.
        let buffer = json!({
            "name": "envoy.filters.http.buffer",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
                "max_request_bytes": 65536,
            },
        });
        let answer = json!({
            "match": { "prefix": "/" },
            "direct_response": {
                "status": 200,
                "body": { "inline_string": r#"{"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","state":"placed"}"# },
            },
            "response_headers_to_add": [{
                "header": { "key": "content-type", "value": "application/json" },
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }],
        });
        let listener = listener(port, vec![buffer], &answer);
        self.spawn("upstream", port, &listener, &json!([]), 1)
    }

    /// An Envoy in front of the upstream.
    pub(super) fn start(&self, kind: Kind, upstream: u16, workers: u32) -> Result<Running> {
        let port = ports::free()?;
        let route = json!({ "match": { "prefix": "/" }, "route": { "cluster": "upstream" } });
        let listener = listener(port, filters::of(kind, self)?, &route);
        let endpoint = json!({ "endpoint": { "address": address(upstream) } });
        let cluster = json!({
            "name": "upstream",
            "type": "STATIC",
            "connect_timeout": "5s",
            "load_assignment": { "cluster_name": "upstream", "endpoints": [{ "lb_endpoints": [endpoint] }] },
        });
        let mut clusters = vec![cluster];
        let mut asks = Vec::new();
        if let Some(quotas) = self.quotas.as_ref().filter(|_| kind == Kind::MeshwardFleet) {
            clusters.push(service(RATELIMIT, quotas.port));
            asks.extend(quotas.pids());
        }
        if let Some(authz) = self.authz.as_ref().filter(|_| kind == Kind::ExtAuthz) {
            clusters.push(service(AUTHZ, authz.port));
            asks.push(authz.process.pid());
        }
        let running = self.spawn(kind.name(), port, &listener, &json!(clusters), workers)?;
        Ok(Running { asks, ..running })
    }

    fn spawn(
        &self,
        name: &str,
        port: u16,
        listener: &Value,
        clusters: &Value,
        workers: u32,
    ) -> Result<Running> {
        let admin = ports::free()?;
        let bootstrap = json!({
            "admin": { "address": address(admin) },
            "static_resources": { "listeners": [listener], "clusters": clusters },
        });
        let config = self.dir.join(format!("{name}.json"));
        fs::write(&config, bootstrap.to_string())
            .with_context(|| format!("`{}` cannot be written", config.display()))?;
        let watch = Stopwatch::start();
        let mut process = Background::start(
            &format!("Envoy ({name})"),
            Command::new(&self.envoy)
                .args(["--log-level", "warn", "--disable-hot-restart"])
                .args(["--concurrency", &workers.to_string()])
                .arg("-c")
                .arg(&config),
            &self.dir.join(format!("{name}.log")),
        )?;
        let ready = format!("http://127.0.0.1:{admin}/ready");
        process.wait_until(Duration::from_secs(60), || ureq::get(&ready).call().is_ok())?;
        Ok(Running {
            process,
            port,
            asks: Vec::new(),
            ready_after: watch.elapsed(),
        })
    }
}

/// The cluster of a server that speaks gRPC.
fn service(name: &str, port: u16) -> Value {
    let endpoint = json!({ "endpoint": { "address": address(port) } });
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [endpoint] }] },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": { "http2_protocol_options": {} },
            },
        },
    })
}

fn address(port: u16) -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } })
}

fn listener(port: u16, mut filters: Vec<Value>, route: &Value) -> Value {
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
    }));
    json!({
        "name": "listener",
        "address": address(port),
        "filter_chains": [{ "filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "bench",
                "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [route] }] },
                "http_filters": filters,
            },
        }]}],
    })
}
