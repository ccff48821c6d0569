//! The runner of `gungraun`, which counts instructions with valgrind: of the very version that the benches link.
//!
//! Built from its crate, without optimisation: it starts valgrind and reads what that has written.

use super::lock::once;
use super::{Program, need, pins};
use crate::{paths, process, progress, retry};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `tools.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    package: String,
    version: String,
}

/// The runner, built where it is absent, and valgrind with it.
pub(crate) fn gungraun() -> Result<PathBuf> {
    need(&[Program::Valgrind])?;
    let pin = pins()?.gungraun;
    let cache = paths::cache()?;
    let home = cache.join(format!("tools/gungraun-{}", pin.version));
    let binary = home.join("bin").join(&pin.package);
    once(&binary, &cache, || build(&pin, &cache, &home))?;
    Ok(binary)
}

fn build(pin: &Pin, cache: &Path, home: &Path) -> Result<()> {
    let Pin { package, version } = pin;
    progress::step(
        &format!("building {package} {version} (about 2 minutes, once)"),
        || {
            let fresh = cache.join(format!("tools/.new-{}", std::process::id()));
            retry::thrice("the build", || {
                paths::remove(&fresh)?;
                process::output(
                    Command::new("cargo")
                        .args(["install", "--quiet", "--locked", "--debug"])
                        .args(["--version", version])
                        .arg("--root")
                        .arg(&fresh)
                        .arg(package)
                        .current_dir(paths::root())
                        // Nobody debugs it, and nothing of it is shared with what is built here.
                        .env("CARGO_PROFILE_DEV_DEBUG", "0")
                        .env("CARGO_TARGET_DIR", fresh.join("target")),
                )
            })?;
            paths::remove(&fresh.join("target"))?;
            // What is half there is never seen: the directory gets its name when it is whole.
            paths::remove(home)?;
            std::fs::rename(&fresh, home)
                .with_context(|| format!("`{}` cannot be put in its place", home.display()))
        },
    )
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Locked {
        package: Vec<Package>,
    }

    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }

    #[test]
    fn the_runner_is_that_of_the_library() {
        let pin = super::pins().unwrap().gungraun;
        let locked: Locked = toml::from_str(include_str!("../../../Cargo.lock")).unwrap();
        let mut packages = locked.package.into_iter();
        let library = packages.find(|package| package.name == "gungraun").unwrap();
        assert_eq!(
            library.version, pin.version,
            "`xtask/tools.toml` and `Cargo.lock` must name one version of gungraun"
        );
    }
}
