//! Programs of PyPI, each with all that it needs in a folder of its own in the cache, for `PYTHONPATH`.

use super::lock::Lock;
use super::{Program, need};
use crate::{paths, process, progress, retry};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What `tools.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    package: String,
    version: String,
}

/// The folder of a program, installed where it is absent.
pub(super) fn installed(pin: Pin) -> Result<PathBuf> {
    let Pin { package, version } = pin;
    let cache = paths::cache()?;
    let home = cache.join(format!("tools/{package}-{version}"));
    if home.is_dir() {
        return Ok(home);
    }
    need(&[Program::Pip])?;
    let _lock = Lock::take(&cache)?;
    let fresh = cache.join(format!("tools/.new-{}", std::process::id()));
    progress::step(&format!("installing {package} {version}"), || {
        retry::thrice(&format!("the download of {package}"), || {
            fs::remove_dir_all(&fresh).ok();
            process::run(
                Command::new("python3")
                    .args([
                        "-m",
                        "pip",
                        "install",
                        "--quiet",
                        "--disable-pip-version-check",
                    ])
                    .arg("--target")
                    .arg(&fresh)
                    .arg(format!("{package}=={version}")),
            )
        })?;
        // Somebody else may have put it there while this one waited for the lock.
        if home.is_dir() {
            fs::remove_dir_all(&fresh).ok();
            return Ok(());
        }
        fs::rename(&fresh, &home)
            .with_context(|| format!("`{}` cannot be put in its place", home.display()))
    })?;
    Ok(home)
}
