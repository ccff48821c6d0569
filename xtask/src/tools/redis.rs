//! Redis, where the rate limit service keeps its counts: Debian's, unpacked into the cache. Nothing is installed, so nothing is started
//! with the system, and nobody has to be root.

use super::lock::once;
use super::{named, pins};
use crate::{paths, process, progress, retry};
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `tools.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    series: String,
    packages: Vec<String>,
}

/// Starts the server with the libraries that were unpacked beside it. The process stays the same one.
const STARTER: &str = r#"#!/bin/sh
home=$(dirname "$(readlink -f "$0")")
libraries=
for folder in "$home"/root/usr/lib/* "$home"/root/lib/*; do libraries="$libraries:$folder"; done
LD_LIBRARY_PATH="${libraries#:}" exec "$home/root/usr/bin/redis-server" "$@"
"#;

/// The server's binary: the one that `REDIS_SERVER` names, else Debian's, unpacked where it is absent.
pub(crate) fn redis() -> Result<PathBuf> {
    if let Some(path) = named::file("REDIS_SERVER", "a `redis-server`")? {
        return Ok(path);
    }
    let pin = pins()?.redis;
    let cache = paths::cache()?;
    let home = cache.join(format!("tools/redis-{}", pin.series));
    let binary = home.join("redis-server");
    once(&binary, &cache, || unpack(&pin, &cache, &home))?;
    Ok(binary)
}

fn unpack(pin: &Pin, cache: &Path, home: &Path) -> Result<()> {
    process::output(Command::new("apt-get").arg("--version")).context(
        "Redis is taken from Debian's packages: install `redis-server` in another way, and name it in `REDIS_SERVER`",
    )?;
    progress::step("fetching Redis", || {
        let fresh = cache.join(format!("tools/.new-{}", std::process::id()));
        let download = fresh.join("download");
        retry::thrice("the download of Redis", || {
            paths::remove(&fresh)?;
            fs::create_dir_all(&download)?;
            process::output(apt(&fresh)?.arg("update"))?;
            process::output(
                apt(&fresh)?
                    .arg("download")
                    .args(&pin.packages)
                    .current_dir(&download),
            )
        })?;
        for entry in fs::read_dir(&download)? {
            process::output(
                Command::new("dpkg-deb")
                    .arg("--extract")
                    .arg(entry?.path())
                    .arg(fresh.join("root")),
            )?;
        }
        for leftover in ["download", "lists", "archives"] {
            paths::remove(&fresh.join(leftover))?;
        }
        let starter = fresh.join("redis-server");
        fs::write(&starter, STARTER)?;
        fs::set_permissions(&starter, Permissions::from_mode(0o755))?;
        let version = process::output(Command::new(&starter).arg("--version")).context(
            "the Redis that was unpacked does not run here: name another one in `REDIS_SERVER`",
        )?;
        progress::note(version.trim());
        if !version.contains(&format!("v={}", pin.series)) {
            bail!("Debian has another Redis than `xtask/tools.toml` names: {version}");
        }
        // What is half there is never seen: the directory gets its name when it is whole.
        paths::remove(home)?;
        fs::rename(&fresh, home)
            .with_context(|| format!("`{}` cannot be put in its place", home.display()))
    })
}

/// `apt-get` with lists of its own: those of the system may be absent or old, and only root may renew them.
fn apt(fresh: &Path) -> Result<Command> {
    let mut apt = Command::new("apt-get");
    apt.arg("--quiet");
    for (option, name) in [("Dir::State::lists", "lists"), ("Dir::Cache", "archives")] {
        let folder = fresh.join(name);
        fs::create_dir_all(folder.join("partial"))?;
        fs::create_dir_all(folder.join("archives/partial"))?;
        apt.arg(format!("--option={option}={}", folder.display()));
    }
    apt.args([
        "--option=Debug::NoLocking=true",
        "--option=APT::Sandbox::User=",
        "--option=Acquire::Languages=none",
    ]);
    Ok(apt)
}
