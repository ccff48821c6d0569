//! Envoy's configuration, as JSON.

use meshward_engine::config::Document;
use meshward_testkit::pki::Pair;
use serde_json::{Value, json};
use std::path::Path;

/// The cluster that every listener forwards to.
pub const UPSTREAM: &str = "upstream";

/// What Envoy holds of a body: more than any policy here lets pass, so that the policy decides.
const BUFFER: u32 = 4 << 20;

/// A whole bootstrap: listeners, and the upstream's port.
#[must_use]
pub fn bootstrap(listeners: &[Value], upstream: u16) -> Value {
    with_clusters(listeners, upstream, &[])
}

/// A whole bootstrap with further clusters: names and ports.
#[must_use]
pub fn with_clusters(listeners: &[Value], upstream: u16, others: &[(String, u16)]) -> Value {
    let others = others.iter().map(|(name, port)| cluster(name, *port));
    let clusters: Vec<_> = std::iter::once(cluster(UPSTREAM, upstream))
        .chain(others)
        .collect();
    json!({
        "node": { "id": "integration-tests", "cluster": "integration-tests" },
        "admin": { "address": address(0) },
        "static_resources": {
            "listeners": listeners,
            "clusters": clusters,
        },
    })
}

/// Adds a cluster that is spoken to over HTTP/2.
pub fn add_http2_cluster(bootstrap: &mut Value, name: &str, port: u16) {
    let mut cluster = cluster(name, port);
    let http2 = json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": { "http2_protocol_options": {} },
        },
    });
    if let Some(members) = cluster.as_object_mut() {
        members.insert("typed_extension_protocol_options".to_owned(), http2);
    }
    let clusters = bootstrap.pointer_mut("/static_resources/clusters");
    if let Some(clusters) = clusters.and_then(Value::as_array_mut) {
        clusters.push(cluster);
    }
}

fn cluster(name: &str, port: u16) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "per_connection_buffer_limit_bytes": BUFFER,
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address(port) } }] }],
        },
    })
}

/// A listener with HTTP filters in front of the router. It takes any port.
#[must_use]
pub fn listener(name: &str, filters: Vec<Value>) -> Value {
    json!({
        "name": name,
        "address": address(0),
        "per_connection_buffer_limit_bytes": BUFFER,
        "filter_chains": [{ "filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": connection_manager(filters),
        }] }],
    })
}

/// A listener that terminates TLS. `validation` says which client certificates it takes.
#[must_use]
pub fn tls_listener(name: &str, filters: Vec<Value>, server: &Pair, validation: &Value) -> Value {
    let mut listener = listener(name, filters);
    let context = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {
            "tls_certificates": [{
                "certificate_chain": { "inline_string": server.certificate },
                "private_key": { "inline_string": server.key },
            }],
            "validation_context": validation,
        },
    });
    if let Some(chain) = listener.pointer_mut("/filter_chains/0") {
        chain["transport_socket"] =
            json!({ "name": "envoy.transport_sockets.tls", "typed_config": context });
    }
    listener
}

/// What verifies client certificates: those that this authority signed.
#[must_use]
pub fn trusting(authority: &str) -> Value {
    json!({ "trusted_ca": { "inline_string": authority } })
}

/// The filter with its bundle.
#[must_use]
pub fn meshward(name: &str, bundle: &Document, wasm: &Path) -> Value {
    json!({ "name": "meshward", "typed_config": meshward_config(name, bundle, wasm) })
}

/// The filter's own configuration.
fn meshward_config(name: &str, bundle: &Document, wasm: &Path) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "meshward",
            "root_id": name,
            "vm_config": {
                "vm_id": "meshward",
                "runtime": "envoy.wasm.runtime.v8",
                "code": { "local": { "filename": wasm } },
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": json!(bundle).to_string(),
            },
            "allow_on_headers_stop_iteration": true,
            "failure_policy": "FAIL_RELOAD",
        },
    })
}

/// An address on the loopback interface.
#[must_use]
pub fn address(port: u16) -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } })
}

/// The connection manager as the corpus takes it: nothing is normalised before the filter sees it.
fn connection_manager(mut filters: Vec<Value>) -> Value {
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
    }));
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "normalize_path": false,
        "merge_slashes": false,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "use_remote_address": false,
        "forward_client_cert_details": "ALWAYS_FORWARD_ONLY",
        "skip_xff_append": true,
        "preserve_external_request_id": true,
        "request_id_extension": { "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
            "pack_trace_reason": false,
        } },
        "max_request_headers_kb": 96,
        "common_http_protocol_options": { "max_headers_count": 2000 },
        "stream_idle_timeout": "30s",
        "upgrade_configs": [{ "upgrade_type": "websocket" }],
        "http_filters": filters,
        "route_config": { "virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [{ "match": { "prefix": "" }, "route": { "cluster": UPSTREAM, "timeout": "60s" } }],
        }] },
    })
}
