//! Where things are: the checkout, what is built, and the cache outside of the checkout.

use anyhow::{Context as _, Result};
use std::env;
use std::path::{Path, PathBuf};

/// The checkout's root.
pub(crate) fn root() -> PathBuf {
    // Cargo sets this for `cargo run`, and then it names the checkout in which the command was typed; the value from
    // build time may name another one that shares the target directory.
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let manifest = PathBuf::from(manifest);
    manifest
        .parent()
        .map_or_else(|| manifest.clone(), Path::to_path_buf)
}

/// Cargo's target directory.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(
        || root().join("target"),
        |dir| env::current_dir().map_or_else(|_| PathBuf::from(&dir), |current| current.join(&dir)),
    )
}

/// Where `cargo xtask build` puts what is delivered.
pub(crate) fn dist() -> PathBuf {
    target().join("dist")
}

/// The command line, built.
pub(crate) fn command_line() -> PathBuf {
    dist().join("meshward")
}

/// The filter, built.
pub(crate) fn filter() -> PathBuf {
    dist().join("meshward_filter.wasm")
}

/// The cache for tools: `$MESHWARD_CACHE`, else `$XDG_CACHE_HOME/meshward`, else `~/.cache/meshward`.
pub(crate) fn cache() -> Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|v| !v.is_empty());
    let dir = if let Some(dir) = set("MESHWARD_CACHE") {
        PathBuf::from(dir)
    } else if let Some(dir) = set("XDG_CACHE_HOME") {
        PathBuf::from(dir).join("meshward")
    } else {
        let home =
            set("HOME").context("no place for the cache: set `MESHWARD_CACHE` to a directory")?;
        PathBuf::from(home).join(".cache/meshward")
    };
    std::path::absolute(&dir)
        .with_context(|| format!("the cache `{}` has no absolute path", dir.display()))
}

/// Removes a folder with all that is in it, if it is there.
pub(crate) fn remove(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("`{}` cannot be removed", dir.display()))
        }
        _ => Ok(()),
    }
}
