//! Manifests for Kubernetes: the filter on the workloads of a mesh or on a gateway, as objects that `kubectl apply` takes.
//!
//! Two forms for Istio. [`wasm_plugin`] is Istio's own object for Wasm filters; it cannot set `allow_on_headers_stop_iteration`, so its bundle says
//! that nothing can be held back. [`envoy_filter`] patches Envoy's configuration and can set everything. In both, istiod delivers the
//! filter's configuration by discovery (ECDS): a new policy changes no listener.
//!
//! INVARIANT (what is delivered is what was checked): the bundle that a proxy gets reads the same as the one that was compiled here.
//! [`transport`] refuses what a form would change on the way.

mod envoy_filter;
mod module;
mod objects;
mod target;
mod transport;
mod wasm_plugin;
mod yaml;

pub(crate) use module::Module;
pub(crate) use objects::Objects;
pub(crate) use target::{Label, Name, Phase, Place, Target};
pub(crate) use transport::{as_value, check_size, odd_number, unfaithful};

use crate::envoy::Cluster;
use serde_json::{Value, json};

/// What manifests are made from, besides the policy.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// The name of the objects.
    pub(crate) name: Name,
    /// Which workloads.
    pub(crate) target: Target,
    /// Where the filter stands among the others.
    pub(crate) phase: Phase,
    /// The filter's module.
    pub(crate) module: Module,
    /// The secret with which the image is pulled.
    pub(crate) pull_secret: Option<Name>,
    /// Where the servers are that the policy asks.
    pub(crate) clusters: Vec<Cluster>,
    /// The largest body that must be held, in bytes.
    pub(crate) buffer: u64,
    /// Whether counters become series with labels.
    pub(crate) stats_tags: bool,
}

/// The filter in one of the two forms.
#[derive(Debug)]
pub(crate) enum Form {
    /// Istio's object for Wasm filters, with the bundle as a value.
    WasmPlugin(Value),
    /// A patch of Envoy's configuration, with the bundle as text.
    EnvoyFilter(String),
}

impl Manifest {
    /// The objects, in the order in which they are best applied.
    pub(crate) fn objects(&self, form: Form) -> Vec<Value> {
        let mut patches = envoy_filter::clusters(self);
        let mut objects = Vec::new();
        match form {
            Form::WasmPlugin(bundle) => {
                if !patches.is_empty() {
                    let name = format!("{}-clusters", self.name);
                    objects.push(envoy_filter::object(self, &name, patches));
                }
                objects.push(wasm_plugin::object(self, bundle));
            }
            Form::EnvoyFilter(bundle) => {
                patches.extend(envoy_filter::filter(self, &bundle));
                objects.push(envoy_filter::object(self, self.name.as_str(), patches));
            }
        }
        if self.stats_tags {
            let name = format!("{}-stats", self.name);
            let patches = vec![envoy_filter::stats_tags()];
            objects.push(envoy_filter::object(self, &name, patches));
        }
        objects
    }

    /// The `metadata` of an object.
    fn metadata(&self, name: &str) -> Value {
        json!({ "name": name, "namespace": self.target.namespace.as_str() })
    }
}

/// Objects as one YAML stream.
pub(crate) fn yaml(objects: &[Value]) -> String {
    let documents: Vec<String> = objects.iter().map(yaml::document).collect();
    documents.join("---\n")
}

#[cfg(test)]
mod tests;
