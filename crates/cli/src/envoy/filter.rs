//! The filter's configuration.

use serde_json::{Value, json};
use std::path::Path;

pub(crate) const FILTER_TYPE: &str =
    "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// The Wasm filter with a bundle.
///
/// `allow_on_headers_stop_iteration` lets the filter hold a request head back until the body is judged; `vm_id` and the
/// module stay the same over all versions of a policy, so that its limits keep counting. After a crash of the VM
/// the next request loads it again.
pub(crate) fn typed_filter(wasm: &Path, bundle: &str) -> Value {
    let file = json!({ "local": { "filename": wasm.display().to_string() } });
    typed_filter_from(file, bundle)
}

/// The same with a module from anywhere (`AsyncDataSource`).
pub(crate) fn typed_filter_from(code: Value, bundle: &str) -> Value {
    json!({
        "@type": FILTER_TYPE,
        "config": {
            "name": "meshward",
            "root_id": "meshward",
            "vm_config": {
                "vm_id": "meshward",
                "runtime": "envoy.wasm.runtime.v8",
                "code": code,
            },
            "allow_on_headers_stop_iteration": true,
            "failure_policy": "FAIL_RELOAD",
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": bundle,
            },
        },
    })
}
