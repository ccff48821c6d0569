//! The tools that tasks need: pinned in `tools.toml`, installed once into the cache, never twice at a time.

mod archive;
mod compose;
mod envoy;
mod gungraun;
mod istiod;
mod keycloak;
mod lock;
mod named;
mod python;
mod ratelimit;
mod redis;
mod rust;
mod schemathesis;
mod system;

pub(crate) use archive::archives;
pub(crate) use compose::check_compose;
pub(crate) use envoy::{envoy, version as envoy_version};
pub(crate) use gungraun::gungraun;
pub(crate) use istiod::istiod;
pub(crate) use keycloak::keycloak;
pub(crate) use ratelimit::ratelimit;
pub(crate) use redis::redis;
pub(crate) use rust::wasm_target;
pub(crate) use schemathesis::schemathesis;
pub(crate) use system::{Program, need};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `tools.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pins {
    envoy: envoy::Pin,
    compose: python::Pin,
    schemathesis: python::Pin,
    keycloak: keycloak::Pin,
    ratelimit: ratelimit::Pin,
    redis: redis::Pin,
    gungraun: gungraun::Pin,
    rust: rust::Pin,
    system: BTreeMap<String, system::Pin>,
    archive: BTreeMap<String, archive::Pin>,
}

fn pins() -> Result<Pins> {
    toml::from_str(include_str!("../../tools.toml")).context("`xtask/tools.toml` cannot be read")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_program_is_pinned() {
        let pins = super::pins().unwrap();
        for program in super::Program::ALL {
            assert!(pins.system.contains_key(program.name()), "{program:?}");
        }
    }
}
