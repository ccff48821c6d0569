//! istiod: the real one, built from its Go module, with a folder of YAML where Kubernetes would be.
//!
//! The first build takes about a quarter of an hour of one core. Its name in the cache is the digest of all that it is made
//! from, so nothing is built twice and nothing old is used.

use super::lock::once;
use super::named;
use crate::{paths, process, progress, retry};
use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What istiod is made from, in its folder.
const SOURCES: [&str; 4] = ["main.go", "pull.go", "go.mod", "go.sum"];

/// How it is built: without what only a debugger or a cluster needs.
const OPTIONS: [&str; 3] = [
    "-trimpath",
    "-ldflags=-s -w",
    "-tags=vtprotobuf,disable_pgv",
];

/// Between two lines of progress: so many packages.
const STRIDE: usize = 100;

/// istiod's binary: the one that `ISTIOD` names, else the one of this checkout's sources, built where it is absent.
pub(crate) fn istiod() -> Result<PathBuf> {
    if let Some(path) = named::file("ISTIOD", "a binary built from `integration-tests/istiod`")? {
        return Ok(path);
    }
    let sources = paths::root().join("integration-tests/istiod");
    let cache = paths::cache()?;
    let home = cache.join(format!("tools/istiod-{}", key(&sources)?));
    let binary = home.join("istiod");
    once(&binary, &cache, || build(&sources, &cache, &home))?;
    Ok(binary)
}

/// The digest of everything that the binary is made from.
fn key(sources: &Path) -> Result<String> {
    let mut digest = Sha256::new();
    for name in SOURCES {
        let path = sources.join(name);
        let bytes =
            fs::read(&path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        digest.update(name);
        digest.update(bytes.len().to_le_bytes());
        digest.update(bytes);
    }
    for option in OPTIONS {
        digest.update(option);
    }
    let digest = digest.finalize();
    Ok(digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn build(sources: &Path, cache: &Path, home: &Path) -> Result<()> {
    process::output(Command::new("go").arg("version")).context(
        "istiod is built with Go, whose version `integration-tests/istiod/go.mod` names: install it from https://go.dev/dl, or name an istiod that is built in `ISTIOD`",
    )?;
    progress::step(
        "building istiod (about 15 minutes of one core, once)",
        || {
            let packages = retry::thrice("the download of istiod's modules", || {
                process::output(go(sources).args(["list", "-deps"]).args(OPTIONS).arg("."))
            })?;
            let fresh = cache.join(format!("tools/.new-{}", std::process::id()));
            paths::remove(&fresh)?;
            fs::create_dir_all(&fresh)?;
            compile(
                go(sources)
                    .args(["build", "-v"])
                    .args(OPTIONS)
                    .arg("-o")
                    .arg(fresh.join("istiod"))
                    .arg("."),
                packages.lines().count(),
            )?;
            // What is half there is never seen: the directory gets its name when it is whole.
            paths::remove(home)?;
            fs::rename(&fresh, home)
                .with_context(|| format!("`{}` cannot be put in its place", home.display()))
        },
    )
}

/// Go, without what differs between machines. No C compiler is needed.
fn go(sources: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(sources)
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-mod=readonly -buildvcs=false");
    go
}

/// Runs a `go build -v`, which names each package that it compiles.
fn compile(build: &mut Command, packages: usize) -> Result<()> {
    let mut child = build
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("`go build` does not start")?;
    let mut said = Vec::new();
    let mut compiled = 0_usize;
    for line in BufReader::new(child.stderr.take().context("no standard error")?).lines() {
        let line = line.context("what `go build` says cannot be read")?;
        // A package is one word; everything else is said about a mistake.
        if line.contains(' ') {
            said.push(line);
            continue;
        }
        compiled += 1;
        if compiled.is_multiple_of(STRIDE) {
            progress::note(&format!(
                "{compiled} of at most {packages} packages are compiled"
            ));
        }
    }
    let status = child.wait().context("no news of `go build`")?;
    if !status.success() {
        let last = said.get(said.len().saturating_sub(20)..);
        bail!(
            "`go build` ended with {status}:\n{}",
            last.unwrap_or_default().join("\n")
        );
    }
    Ok(())
}
