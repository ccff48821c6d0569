//! The rate limit service: envoyproxy/ratelimit, built from its Go module at the version that `tools.toml` pins.
//!
//! Go's checksum database holds the module and all that it needs to what everybody else gets.

use super::lock::once;
use super::{named, pins};
use crate::{paths, process, progress, retry};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `tools.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    module: String,
    package: String,
    version: String,
}

/// The service's binary: the one that `RATELIMIT` names, else the pinned one, built where it is absent.
pub(crate) fn ratelimit() -> Result<PathBuf> {
    if let Some(path) = named::file("RATELIMIT", "a binary of envoyproxy/ratelimit")? {
        return Ok(path);
    }
    let pin = pins()?.ratelimit;
    let cache = paths::cache()?;
    let home = cache.join(format!("tools/ratelimit-{}", pin.version));
    let binary = home.join("ratelimit");
    once(&binary, &cache, || build(&pin, &cache, &home))?;
    Ok(binary)
}

fn build(pin: &Pin, cache: &Path, home: &Path) -> Result<()> {
    let Pin {
        module,
        package,
        version,
    } = pin;
    process::output(Command::new("go").arg("version")).context(
        "the rate limit service is built with Go 1.25 or newer: install it from https://go.dev/dl, or name a service that is built in `RATELIMIT`",
    )?;
    progress::step(
        "building the rate limit service (about 2 minutes, once)",
        || {
            let fresh = cache.join(format!("tools/.new-{}", std::process::id()));
            retry::thrice("the build of the rate limit service", || {
                paths::remove(&fresh)?;
                fs::create_dir_all(&fresh)?;
                process::output(
                    Command::new("go")
                        .args(["install", "-trimpath", "-ldflags=-s -w"])
                        .arg(format!("{module}/{package}@{version}"))
                        .current_dir(&fresh)
                        .env("GOBIN", &fresh)
                        .env("GOFLAGS", "-buildvcs=false")
                        .env("CGO_ENABLED", "0"),
                )
            })?;
            let (_, name) = package.rsplit_once('/').unwrap_or(("", package.as_str()));
            fs::rename(fresh.join(name), fresh.join("ratelimit"))
                .with_context(|| format!("`go install` has made no `{name}`"))?;
            // What is half there is never seen: the directory gets its name when it is whole.
            paths::remove(home)?;
            fs::rename(&fresh, home)
                .with_context(|| format!("`{}` cannot be put in its place", home.display()))
        },
    )
}
