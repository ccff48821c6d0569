//! Where the things under test are: named by the environment, as `cargo xtask test` does.

use std::path::PathBuf;

/// The Envoy binary: `ENVOY`, else the one in Meshward's cache.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn envoy() -> PathBuf {
    let path = named("ENVOY").unwrap_or_else(|| cache().join("bin/envoy"));
    present(path, "an Envoy binary", "ENVOY", "cargo xtask tools")
}

/// The filter: `MESHWARD_WASM`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn wasm() -> PathBuf {
    built(
        "MESHWARD_WASM",
        "meshward_filter.wasm",
        "the filter as a Wasm module",
    )
}

/// istiod: `ISTIOD`. There is no other: one from the cache might be built from other sources.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn istiod() -> PathBuf {
    let path = named("ISTIOD").unwrap_or_default();
    present(path, "an istiod", "ISTIOD", "cargo xtask test --mesh")
}

/// The rate limit service: `RATELIMIT`, else the newest one in Meshward's cache.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn ratelimit() -> PathBuf {
    tool("RATELIMIT", "ratelimit-", "ratelimit")
}

/// Redis: `REDIS_SERVER`, else the newest one in Meshward's cache.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn redis() -> PathBuf {
    tool("REDIS_SERVER", "redis-", "redis-server")
}

/// schemathesis with all that it needs, for Python to find: `SCHEMATHESIS`, else the newest one in Meshward's cache.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn schemathesis() -> PathBuf {
    let cached = || {
        let file = tool("SCHEMATHESIS", "schemathesis-", "schemathesis/__init__.py");
        let home = file.ancestors().nth(2).map(PathBuf::from);
        home.unwrap_or_default()
    };
    named("SCHEMATHESIS").unwrap_or_else(cached)
}

/// The OCI layout of the packaged filter: `MESHWARD_IMAGE`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn image() -> PathBuf {
    let path = named("MESHWARD_IMAGE").unwrap_or_else(|| target().join("package/oci"));
    assert!(
        path.join("index.json").is_file(),
        "an OCI layout of the filter is needed at `{}`: run `cargo xtask package`, or name one in MESHWARD_IMAGE",
        path.display()
    );
    path
}

/// Keycloak's folder: `KEYCLOAK`, else the newest one in Meshward's cache.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn keycloak() -> PathBuf {
    let tools = cache().join("tools");
    let cached = || {
        let entries = std::fs::read_dir(&tools).into_iter().flatten().flatten();
        let named = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with("keycloak-")
        };
        entries.map(|entry| entry.path()).filter(named).max()
    };
    let path = named("KEYCLOAK")
        .or_else(cached)
        .unwrap_or_else(|| tools.join("keycloak"));
    assert!(
        path.join("bin/kc.sh").is_file(),
        "a Keycloak is needed at `{}`: run `cargo xtask tools`, or name one in KEYCLOAK",
        path.display()
    );
    path
}

/// A published archive that `xtask/tools.toml` names, unpacked: in `MESHWARD_ARCHIVES`, else in Meshward's cache.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn archive(name: &str) -> PathBuf {
    let home = named("MESHWARD_ARCHIVES").unwrap_or_else(|| cache().join("archives"));
    let entries = std::fs::read_dir(&home).into_iter().flatten().flatten();
    let of_name = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        file.strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    };
    let found = entries.map(|entry| entry.path()).filter(of_name).max();
    found.unwrap_or_else(|| {
        panic!(
            "the archive `{name}` is needed in `{}`: run `cargo xtask tools`",
            home.display()
        )
    })
}

/// The command line: `MESHWARD_BIN`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn meshward() -> PathBuf {
    built("MESHWARD_BIN", "meshward", "the `meshward` binary")
}

/// A binary that the variable names, else the one in the last folder of the cache whose name begins so.
fn tool(variable: &str, folder: &str, file: &str) -> PathBuf {
    let tools = cache().join("tools");
    let cached = || {
        let entries = std::fs::read_dir(&tools).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let of_name = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with(folder)
        };
        paths.filter(of_name).max().map(|path| path.join(file))
    };
    let path = named(variable).or_else(cached).unwrap_or(tools);
    present(path, &format!("`{file}`"), variable, "cargo xtask tools")
}

fn built(variable: &str, file: &str, what: &str) -> PathBuf {
    let path = named(variable).unwrap_or_else(|| target().join("dist").join(file));
    present(path, what, variable, "cargo xtask build")
}

fn present(path: PathBuf, what: &str, variable: &str, command: &str) -> PathBuf {
    assert!(
        path.is_file(),
        "{what} is needed at `{}`: run `{command}`, or name one in {variable}",
        path.display()
    );
    path
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

fn target() -> PathBuf {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target");
    named("CARGO_TARGET_DIR").unwrap_or_else(default)
}

fn cache() -> PathBuf {
    let home = || named("HOME").unwrap_or_default().join(".cache");
    named("MESHWARD_CACHE").unwrap_or_else(|| {
        named("XDG_CACHE_HOME")
            .unwrap_or_else(home)
            .join("meshward")
    })
}
