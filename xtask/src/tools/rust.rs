//! The Rust target of the filter.

use super::pins;
use crate::{process, progress, retry};
use anyhow::Result;
use serde::Deserialize;
use std::process::Command;

/// What `tools.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    target: String,
}

/// Installs the target where it is absent, and gives its name.
pub(crate) fn wasm_target() -> Result<String> {
    let target = pins()?.rust.target;
    // A Rust that does not come from rustup (a distribution's) brings its targets in its own way: then the build tells.
    let installed = process::output(Command::new("rustup").args(["target", "list", "--installed"]));
    let Ok(installed) = installed else {
        return Ok(target);
    };
    if !installed.lines().any(|line| line.trim() == target) {
        progress::step(&format!("installing the Rust target {target}"), || {
            retry::thrice("rustup", || {
                process::run(Command::new("rustup").args(["target", "add", &target]))
            })
        })?;
    }
    Ok(target)
}
