//! Published archives that tests read: the suite of JSON Schema, and real API descriptions. Each is checked against the digest in
//! `tools.toml`, and unpacked into the cache as it is; nothing of it is run.

use super::lock::Lock;
use super::{Program, need, pins};
use crate::{paths, process, progress, retry};
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `tools.toml` says about one archive.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    registry: Registry,
    package: String,
    version: String,
    sha256: String,
    purpose: String,
}

/// Where an archive is published.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Registry {
    /// A source archive on PyPI.
    Pypi,
    /// A package on npm.
    Npm,
}

/// The folder of all archives, each under its name in `tools.toml`; what is missing is installed.
pub(crate) fn archives() -> Result<PathBuf> {
    let cache = paths::cache()?;
    let home = cache.join("archives");
    let pins = pins()?.archive;
    let missing = |name: &str, pin: &Pin| !home.join(place(name, pin)).is_dir();
    if pins.iter().any(|(name, pin)| missing(name, pin)) {
        need(&[Program::Pip, Program::Npm])?;
        let _lock = Lock::take(&cache)?;
        for (name, pin) in &pins {
            // Whoever held the lock before may have done the work.
            if missing(name, pin) {
                install(name, pin, &home)?;
            }
        }
    }
    Ok(home)
}

/// With the digest in it, so that a changed pin is another folder.
fn place(name: &str, pin: &Pin) -> String {
    let digest: String = pin.sha256.chars().take(8).collect();
    format!("{name}-{}-{digest}", pin.version)
}

fn install(name: &str, pin: &Pin, home: &Path) -> Result<()> {
    let Pin {
        registry,
        package,
        version,
        sha256,
        purpose,
    } = pin;
    progress::step(&format!("fetching {package} {version}, {purpose}"), || {
        let fresh = home.join(format!(".new-{}", std::process::id()));
        let (download, unpacked) = (fresh.join("download"), fresh.join("unpacked"));
        retry::thrice("the download", || {
            paths::remove(&fresh)?;
            fs::create_dir_all(&download)?;
            match registry {
                Registry::Pypi => process::output(
                    Command::new("python3")
                        .args(["-m", "pip", "download", "--quiet", "--no-deps"])
                        .args(["--disable-pip-version-check", "--no-binary=:all:"])
                        .arg("--dest")
                        .arg(&download)
                        .arg(format!("{package}=={version}")),
                ),
                Registry::Npm => process::output(
                    Command::new("npm")
                        .args(["pack", "--silent", "--ignore-scripts", "--pack-destination"])
                        .arg(&download)
                        .arg(format!("{package}@{version}")),
                ),
            }
        })?;
        let mut entries = fs::read_dir(&download)?;
        let archive = entries.next().context("nothing was downloaded")??.path();
        let line = process::output(Command::new("sha256sum").arg(&archive))?;
        if !line.starts_with(sha256.as_str()) {
            bail!("the download of `{package}` is not the one that `xtask/tools.toml` names");
        }
        process::run(
            Command::new("python3")
                .args(["-m", "tarfile", "-e"])
                .arg(&archive)
                .arg(&unpacked),
        )?;
        // What is half there is never seen: the directory gets its name when it is whole. An archive holds one folder.
        let mut entries = fs::read_dir(&unpacked)?;
        let inner = entries.next().context("the archive is empty")??.path();
        let to = home.join(place(name, pin));
        fs::rename(&inner, &to)
            .with_context(|| format!("`{}` cannot be put in its place", to.display()))?;
        paths::remove(&fresh)
    })
}
