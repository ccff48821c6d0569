//! What a configuration dump holds: the parts that a policy depends on, each with its place.

use meshward_engine::{bundle, pointer};
use serde_json::Value;
use std::collections::BTreeSet;

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const MANAGER: &str = "http_connection_manager.v3.HttpConnectionManager";

/// A dump.
#[derive(Debug, Default)]
pub(super) struct Dump<'a> {
    /// The names of all clusters.
    pub(super) clusters: BTreeSet<&'a str>,
    /// The listeners.
    pub(super) listeners: Vec<Listener<'a>>,
}

/// A listener.
#[derive(Debug)]
pub(super) struct Listener<'a> {
    pub(super) at: String,
    pub(super) name: &'a str,
    pub(super) buffer: Option<u64>,
    /// Its HTTP filters, chain by chain; none where it speaks no HTTP.
    pub(super) chains: Vec<Vec<Filter<'a>>>,
}

/// An HTTP filter.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) at: String,
    pub(super) name: &'a str,
    /// The name of its type, without its package.
    pub(super) kind: &'a str,
    /// Meshward's configuration, where it is Meshward.
    pub(super) meshward: Option<Meshward<'a>>,
}

/// Meshward in a proxy.
#[derive(Debug)]
pub(super) struct Meshward<'a> {
    /// The plugin's configuration, and where it is.
    pub(super) config: &'a Value,
    pub(super) at: String,
    pub(super) bundle: &'a str,
}

impl<'a> Dump<'a> {
    /// Finds everything. `None` where this is no dump.
    pub(super) fn read(value: &'a Value) -> Option<Self> {
        let configs = value.get("configs")?.as_array()?;
        let discovered = discovered(configs);
        let mut dump = Self::default();
        let mut any = false;
        for (index, config) in configs.iter().enumerate() {
            let at = format!("/configs/{index}");
            for cluster in members(config, &at, &["static_clusters", "dynamic_active_clusters"]) {
                dump.clusters
                    .extend(cluster.1.pointer("/cluster/name").and_then(Value::as_str));
            }
            any |= text(config, "/@type").ends_with("ListenersConfigDump");
            let found = members(config, &at, &["static_listeners", "dynamic_listeners"]);
            for (at, entry) in found {
                for place in ["/listener", "/active_state/listener"] {
                    if let Some(listener) = entry.pointer(place) {
                        let at = format!("{at}{place}");
                        dump.listeners
                            .push(Listener::read(listener, at, &discovered));
                    }
                }
            }
        }
        any.then_some(dump)
    }
}

/// The filters that came by discovery: name, configuration, place.
type Discovered<'a> = Vec<(&'a str, &'a Value, String)>;

fn discovered(configs: &[Value]) -> Discovered<'_> {
    let mut found = Vec::new();
    for (index, config) in configs.iter().enumerate() {
        for (at, entry) in members(config, &format!("/configs/{index}"), &["ecds_filters"]) {
            if let Some(config) = entry.pointer("/ecds_filter/typed_config") {
                let name = text(entry, "/ecds_filter/name");
                found.push((name, config, format!("{at}/ecds_filter/typed_config")));
            }
        }
    }
    found
}

impl<'a> Listener<'a> {
    fn read(listener: &'a Value, at: String, discovered: &Discovered<'a>) -> Self {
        let mut chains = Vec::new();
        let several = members(listener, &at, &["filter_chains"]);
        let default = listener.get("default_filter_chain");
        let default = default.map(|chain| (format!("{at}/default_filter_chain"), chain));
        for (at, chain) in several.into_iter().chain(default) {
            for (at, network) in members(chain, &at, &["filters"]) {
                let config = network.get("typed_config");
                let Some(config) = config.filter(|c| text(c, "/@type").ends_with(MANAGER)) else {
                    continue;
                };
                let filters = members(config, &format!("{at}/typed_config"), &["http_filters"]);
                let filters = filters.into_iter();
                chains.push(
                    filters
                        .map(|(at, f)| Filter::read(f, at, discovered))
                        .collect(),
                );
            }
        }
        Self {
            name: text(listener, "/name"),
            buffer: listener
                .get("per_connection_buffer_limit_bytes")
                .and_then(Value::as_u64),
            at,
            chains,
        }
    }
}

impl<'a> Filter<'a> {
    fn read(filter: &'a Value, at: String, discovered: &Discovered<'a>) -> Self {
        let name = text(filter, "/name");
        let own = filter
            .get("typed_config")
            .map(|config| (config, format!("{at}/typed_config")));
        let found = own.or_else(|| {
            filter.get("config_discovery")?;
            let mut all = discovered.iter();
            let (_, config, at) = all.find(|(other, ..)| *other == name)?;
            Some((*config, at.clone()))
        });
        let kind = found
            .as_ref()
            .map_or("", |(config, _)| text(config, "/@type"));
        Self {
            name,
            kind: kind.rsplit('.').next().unwrap_or_default(),
            meshward: found.and_then(|(config, at)| Meshward::read(config, &at)),
            at,
        }
    }
}

impl<'a> Meshward<'a> {
    fn read(config: &'a Value, at: &str) -> Option<Self> {
        if text(config, "/@type") != WASM {
            return None;
        }
        let plugin = config.get("config")?;
        let bundle = text(plugin, "/configuration/value");
        // Any Wasm filter may stand here: Meshward's has a bundle, or at least its name.
        let ours = bundle::is_compact(bundle)
            || bundle.contains("meshward.dev/")
            || text(plugin, "/root_id") == "meshward";
        ours.then(|| Self {
            config: plugin,
            at: format!("{at}/config"),
            bundle,
        })
    }
}

/// The members of some lists of an object, with their places.
fn members<'a>(value: &'a Value, at: &str, lists: &[&str]) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for list in lists {
        let items = value.get(list).and_then(Value::as_array);
        for (index, item) in items.into_iter().flatten().enumerate() {
            found.push((pointer(&pointer(at, list), index), item));
        }
    }
    found
}

/// The text at a pointer; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer);
    found.and_then(Value::as_str).unwrap_or_default()
}
