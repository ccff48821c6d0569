//! Finds Envoy and the filter's module.

use crate::failure::Failure;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The Envoy binary: as named, from `ENVOY`, from the cache of `cargo xtask tools`, or from `PATH`.
pub(crate) fn envoy(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let named = named.map(|path| ("--envoy", path));
    if let Some((source, path)) = named.or_else(|| variable("ENVOY")) {
        return existing(source, path);
    }
    let cached = cache().map(|cache| cache.join("bin/envoy"));
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .map(|folder| folder.join("envoy"));
    cached.into_iter().chain(on_path).find(|path| path.is_file()).ok_or_else(|| {
        Failure::usage(
            "no Envoy was found: name one with `--envoy` or `ENVOY`, put `envoy` on `PATH`, or let `cargo xtask tools` fetch it",
        )
    })
}

/// The filter's module: as named, from `MESHWARD_WASM`, or beside this program.
pub(crate) fn wasm(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let named = named.map(|path| ("--wasm", path));
    if let Some((source, path)) = named.or_else(|| variable("MESHWARD_WASM")) {
        return existing(source, path);
    }
    let beside = std::env::current_exe()
        .ok()
        .map(|program| program.with_file_name("meshward_filter.wasm"));
    match beside.filter(|path| path.is_file()) {
        Some(path) => existing("the program's folder", path),
        None => Err(Failure::usage(
            "the filter's module was not found: name it with `--wasm` or `MESHWARD_WASM`, or put `meshward_filter.wasm` beside \
             this program, as `cargo xtask build` does",
        )),
    }
}

fn variable(name: &'static str) -> Option<(&'static str, PathBuf)> {
    let value: OsString = std::env::var_os(name).filter(|value| !value.is_empty())?;
    Some((name, PathBuf::from(value)))
}

/// The path, absolute: Envoy may run in another folder.
fn existing(source: &str, path: PathBuf) -> Result<PathBuf, Failure> {
    let absolute = std::path::absolute(&path);
    match absolute.ok().filter(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => Err(Failure::usage(format!(
            "`{}` (from {source}) is not a file",
            path.display()
        ))),
    }
}

fn cache() -> Option<PathBuf> {
    let own = variable("MESHWARD_CACHE").map(|(_, path)| path);
    let shared = || variable("XDG_CACHE_HOME").map(|(_, path)| path.join("meshward"));
    let home = || variable("HOME").map(|(_, path)| Path::new(&path).join(".cache/meshward"));
    own.or_else(shared).or_else(home)
}
