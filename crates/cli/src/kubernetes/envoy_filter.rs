//! Patches of Envoy's configuration, for what a WasmPlugin cannot say.

use super::Manifest;
use super::target::{Phase, Place};
use crate::envoy::typed_filter_from;
use crate::policy::DEFAULT_BUFFER;
use serde_json::{Map, Value, json};

const CONNECTION_MANAGER: &str = "envoy.filters.network.http_connection_manager";
const ROUTER: &str = "envoy.filters.http.router";

/// What may come as the filter. Where Istio's agent cannot fetch the module, it puts a filter that refuses everything in its place.
const TYPES: [&str; 2] = [
    "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
    "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
];

/// The parts of a counter's name that become labels, as the filter writes them.
const LABELS: [&str; 8] = [
    "api", "endpoint", "outcome", "control", "reason", "provider", "key", "limit",
];

/// An EnvoyFilter with patches.
pub(super) fn object(manifest: &Manifest, name: &str, patches: Vec<Value>) -> Value {
    let mut spec = Map::new();
    if let Some(labels) = manifest.target.selector() {
        spec.insert("workloadSelector".to_owned(), json!({ "labels": labels }));
    }
    spec.insert("configPatches".to_owned(), json!(patches));
    json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": manifest.metadata(name),
        "spec": spec,
    })
}

/// The filter: its configuration, which is discovered, its place, and buffers that hold what the policy takes.
pub(super) fn filter(manifest: &Manifest, bundle: &str) -> Vec<Value> {
    let context = context(manifest);
    // One name in the whole mesh: a proxy may have several policies.
    let name = format!("meshward.{}.{}", manifest.target.namespace, manifest.name);
    let typed = typed_filter_from(manifest.module.source(), bundle);
    let (operation, position) = match manifest.phase {
        Phase::Authn => ("INSERT_FIRST", json!({ "name": CONNECTION_MANAGER })),
        Phase::Authz | Phase::Stats | Phase::Last => (
            "INSERT_BEFORE",
            json!({ "name": CONNECTION_MANAGER, "subFilter": { "name": ROUTER } }),
        ),
    };
    let mut patches = vec![
        json!({
            "applyTo": "EXTENSION_CONFIG",
            "match": { "context": context },
            "patch": { "operation": "ADD", "value": { "name": name, "typed_config": typed } },
        }),
        json!({
            "applyTo": "HTTP_FILTER",
            "match": { "context": context, "listener": { "filterChain": { "filter": position } } },
            "patch": { "operation": operation, "value": {
                "name": name,
                "config_discovery": {
                    // Without end: a listener without the filter would let everything pass.
                    "config_source": { "ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3" },
                    "type_urls": TYPES,
                },
            } },
        }),
    ];
    if manifest.buffer > DEFAULT_BUFFER {
        patches.push(json!({
            "applyTo": "LISTENER",
            "match": { "context": context },
            "patch": { "operation": "MERGE", "value": { "per_connection_buffer_limit_bytes": manifest.buffer } },
        }));
    }
    patches
}

/// The clusters through which the filter asks other servers.
pub(super) fn clusters(manifest: &Manifest) -> Vec<Value> {
    let context = context(manifest);
    let clusters = manifest.clusters.iter();
    clusters
        .map(|cluster| {
            json!({
                "applyTo": "CLUSTER",
                "match": { "context": context },
                "patch": { "operation": "ADD", "value": cluster.config() },
            })
        })
        .collect()
}

/// What makes labels out of the names of counters. A bootstrap is read when a proxy starts, and only then.
pub(super) fn stats_tags() -> Value {
    let tags: Vec<Value> = LABELS
        .iter()
        .map(|label| json!({ "tag_name": label, "regex": format!("(;{label}=([^;]+))") }))
        .collect();
    json!({
        "applyTo": "BOOTSTRAP",
        "patch": { "operation": "MERGE", "value": { "stats_config": { "stats_tags": tags } } },
    })
}

fn context(manifest: &Manifest) -> &'static str {
    match manifest.target.place {
        Place::Sidecar => "SIDECAR_INBOUND",
        Place::Gateway => "GATEWAY",
    }
}
