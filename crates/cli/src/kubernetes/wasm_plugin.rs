//! Istio's object for Wasm filters.

use super::Manifest;
use super::target::{Phase, Place};
use serde_json::{Map, Value, json};

/// The WasmPlugin with a bundle, which becomes the filter's configuration as JSON text.
pub(super) fn object(manifest: &Manifest, bundle: Value) -> Value {
    let (url, digest) = manifest.module.plugin();
    let mut spec = Map::new();
    let mut put = |name: &str, value: Value| spec.insert(name.to_owned(), value);
    if let Some(labels) = manifest.target.selector() {
        put("selector", json!({ "matchLabels": labels }));
    }
    put("url", json!(url));
    if let Some(digest) = digest {
        put("sha256", json!(digest));
    }
    if let Some(secret) = &manifest.pull_secret {
        put("imagePullSecret", json!(secret.as_str()));
    }
    put("pluginName", json!("meshward"));
    put("phase", json!(phase(manifest.phase)));
    // A crash of the VM costs the requests in it; the next one loads it again. Any other failure refuses.
    put("failStrategy", json!("FAIL_RELOAD"));
    // What a sidecar guards is what comes in; to Istio, all that a gateway forwards goes out.
    let mode = match manifest.target.place {
        Place::Sidecar => "SERVER",
        Place::Gateway => "CLIENT",
    };
    put("match", json!([{ "mode": mode }]));
    put("pluginConfig", bundle);
    json!({
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": "WasmPlugin",
        "metadata": manifest.metadata(manifest.name.as_str()),
        "spec": spec,
    })
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Authn => "AUTHN",
        Phase::Authz => "AUTHZ",
        Phase::Stats => "STATS",
        Phase::Last => "UNSPECIFIED_PHASE",
    }
}
