//! The HTTP filters in front of the router, for each Envoy.

use super::case::Kind;
use super::server::{AUTHZ, Site};
use super::tokens::{self, AUDIENCE, ISSUER, SCOPE};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::path::Path;

/// The filters, without the router.
pub(super) fn of(kind: Kind, site: &Site) -> Result<Vec<Value>> {
    let noop = |word: &str| vec![wasm("baseline", &site.noop, word)];
    Ok(match kind {
        Kind::Proxy => Vec::new(),
        Kind::Noop => noop("nothing"),
        Kind::ReadHeaders => noop("headers"),
        Kind::Slot => noop("slot"),
        Kind::HostCalls => noop("calls"),
        Kind::Verify => noop(&format!("verify:{}", tokens::question()?)),
        Kind::ReadBody => noop("body"),
        Kind::BodyCalls => noop("body-calls"),
        Kind::BodyParse => noop("body-parse"),
        Kind::Native => native(json!({ "jwt_cache_config": { "jwt_cache_size": 1000 } }))?,
        Kind::NativeChainUncached => native(json!({}))?,
        Kind::LuaKey => vec![lua()],
        Kind::ExtAuthz => vec![ext_authz()],
        Kind::NativeUncached => vec![jwt_authn(json!({}))?],
        Kind::MeshwardKey
        | Kind::MeshwardUnlimited
        | Kind::MeshwardContract
        | Kind::MeshwardWatched
        | Kind::MeshwardFleet
        | Kind::MeshwardKeys
        | Kind::MeshwardJwt
        | Kind::MeshwardToken
        | Kind::MeshwardTrial
        | Kind::MeshwardGrown => {
            let bundle = site.bundles.get(&kind).context("the bundle was not made")?;
            vec![wasm("meshward", &site.filter, bundle)]
        }
    })
}

/// A Wasm filter, configured as `meshward render` configures Meshward.
fn wasm(name: &str, module: &Path, configuration: &str) -> Value {
    json!({
        "name": name,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": name,
                "root_id": name,
                "vm_config": {
                    "vm_id": name,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": { "local": { "filename": module } },
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": configuration,
                },
                "allow_on_headers_stop_iteration": true,
                "failure_policy": "FAIL_RELOAD",
            },
        },
    })
}

fn filter(name: &str, config: &Value) -> Value {
    json!({ "name": format!("envoy.filters.http.{name}"), "typed_config": config })
}

/// Envoy's own check of tokens, with some fields of the provider added.
fn jwt_authn(added: Value) -> Result<Value> {
    let mut provider = json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "forward": true,
        "local_jwks": { "inline_string": tokens::jwks()?.to_string() },
    });
    if let (Value::Object(provider), Value::Object(added)) = (&mut provider, added) {
        provider.extend(added);
    }
    let jwt = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        "providers": { "bench": provider },
        "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "bench" } }],
    });
    Ok(filter("jwt_authn", &jwt))
}

/// A script that looks a key up.
fn lua() -> Value {
    let lua = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        "default_source_code": { "inline_string": include_str!("../../bench/key.lua") },
    });
    filter("lua", &lua)
}

/// A question to the service, with all headers, as it is without further settings.
fn ext_authz() -> Value {
    let ext_authz = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": { "envoy_grpc": { "cluster_name": AUTHZ }, "timeout": "1s" },
    });
    filter("ext_authz", &ext_authz)
}

/// What a careful team builds from Envoy's own filters: a token, a scope, a limit. `cache` is added to the token's provider.
fn native(mut cache: Value) -> Result<Vec<Value>> {
    if let Some(provider) = cache.as_object_mut() {
        provider.insert("payload_in_metadata".to_owned(), json!("payload"));
    }
    let jwt_authn = jwt_authn(cache)?;
    let holds_scope = json!({ "metadata": {
        "filter": "envoy.filters.http.jwt_authn",
        "path": [{ "key": "payload" }, { "key": "scope" }],
        "value": { "string_match": { "exact": SCOPE } },
    }});
    let get_order = json!({ "and_rules": { "rules": [
        { "header": { "name": ":method", "string_match": { "exact": "GET" } } },
        { "url_path": { "path": { "prefix": "/orders/" } } },
    ]}});
    let rbac = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
        "rules": { "action": "ALLOW", "policies": {
            "get-order": { "permissions": [get_order], "principals": [holds_scope] },
        }},
    });
    let always = json!({ "default_value": { "numerator": 100, "denominator": "HUNDRED" } });
    let limit = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "bench",
        "token_bucket": { "max_tokens": 100_000_000, "tokens_per_fill": 100_000_000, "fill_interval": "1s" },
        "filter_enabled": always,
        "filter_enforced": always,
    });
    Ok(vec![
        jwt_authn,
        filter("rbac", &rbac),
        filter("local_ratelimit", &limit),
    ])
}
