//! Keycloak: a real authorization server, from Maven Central, checked against the digest in `tools.toml`.

use super::lock::Lock;
use super::{Program, need, pins};
use crate::{paths, process, progress, retry};
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `tools.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    artifact: String,
    version: String,
    sha256: String,
    plugin: String,
}

/// Keycloak's folder: the one that `KEYCLOAK` names, else the pinned one, installed where it is absent.
pub(crate) fn keycloak() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("KEYCLOAK").filter(|v| !v.is_empty()) {
        let path = std::path::absolute(&named)?;
        if !script(&path).is_file() {
            bail!(
                "`KEYCLOAK` names `{}`, where no `bin/kc.sh` is: name a Keycloak's folder, or unset it",
                path.display()
            );
        }
        need(&[Program::Java])?;
        return Ok(path);
    }
    let pin = pins()?.keycloak;
    let cache = paths::cache()?;
    let home = cache.join(format!("tools/keycloak-{}", pin.version));
    need(&[Program::Java])?;
    if !script(&home).is_file() {
        need(&[Program::Maven, Program::Python])?;
        let _lock = Lock::take(&cache)?;
        // Whoever held the lock before may have done the work.
        if !script(&home).is_file() {
            install(&pin, &cache, &home)?;
        }
    }
    Ok(home)
}

fn script(home: &Path) -> PathBuf {
    home.join("bin/kc.sh")
}

fn install(pin: &Pin, cache: &Path, home: &Path) -> Result<()> {
    let Pin {
        artifact,
        version,
        sha256,
        plugin,
    } = pin;
    progress::step(&format!("installing Keycloak {version}"), || {
        let fresh = cache.join(format!("tools/.new-{}", std::process::id()));
        paths::remove(&fresh)?;
        fs::create_dir_all(&fresh)?;
        retry::thrice("the download of Keycloak", || {
            process::run(
                Command::new("mvn")
                    .args(["--quiet", "--batch-mode", plugin])
                    .arg(format!("-Dartifact={artifact}:{version}:zip"))
                    .arg(format!("-DoutputDirectory={}", fresh.display())),
            )
        })?;
        let name = artifact.rsplit(':').next().unwrap_or(artifact);
        let archive = fresh.join(format!("{name}-{version}.zip"));
        let line = process::output(Command::new("sha256sum").arg(&archive))?;
        if !line.starts_with(sha256.as_str()) {
            bail!("the download of Keycloak is not the one that `xtask/tools.toml` names");
        }
        process::run(
            Command::new("python3")
                .args(["-m", "zipfile", "-e"])
                .arg(&archive)
                .arg(&fresh),
        )?;
        let unpacked = fresh.join(format!("keycloak-{version}"));
        // Once here, instead of at every start: it takes longer than all the rest of a start.
        process::output(
            Command::new("sh")
                .arg(script(&unpacked))
                .args(["build", "--db=dev-file"]),
        )
        .context("Keycloak does not build its configuration here")?;
        // What is half there is never seen: the directory gets its name when it is whole.
        paths::remove(home)?;
        fs::rename(&unpacked, home)
            .with_context(|| format!("`{}` cannot be put in its place", home.display()))?;
        paths::remove(&fresh)
    })
}
