//! `cargo xtask package`: what a release holds, byte for byte the same whenever it is made from the same sources.
//!
//! - [`layout`]: the filter as an OCI image, in the form that Istio's agent pulls;
//! - [`sbom`]: what the filter is made of;
//! - [`sums`]: the digest of every file.
//!
//! INVARIANT (same sources, same bytes): nothing here reads a clock, a random number, a host name or the order of a directory, and
//! the filter is compiled without the paths of the machine.

mod layout;
mod sbom;
mod sums;

use crate::{command, paths, progress, wasm};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Package the filter into `<target>/package`: an OCI image layout, a list of its parts (CycloneDX), and checksums.
///
/// The same sources and tools give the same bytes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Push the image with a tool for registries, and name it by its digest:\n  \
    skopeo copy oci:target/package/oci docker://registry.example/meshward:0.1.0\n  \
    meshward render istio policy.yaml --wasm oci://registry.example/meshward@sha256:DIGEST …\n\n\
    Examples:\n  cargo xtask package\n  cargo xtask package --verify"
)]
pub(crate) struct Args {
    /// Build everything a second time from nothing, in another directory, and fail where a byte differs.
    #[arg(long)]
    verify: bool,
}

/// Where the package is put.
fn place() -> PathBuf {
    paths::target().join("package")
}

/// Packages the filter that `cargo xtask build` has made, and gives the folder of its image.
pub(crate) fn of_delivered() -> Result<PathBuf> {
    let to = place();
    progress::step("packaging", || make(&paths::filter(), &to))?;
    Ok(to.join("oci"))
}

/// Makes the package, and says its digest.
pub(crate) fn run(args: &Args) -> Result<()> {
    let to = place();
    command::build::command_line()?;
    wasm::build()?;
    let digest = progress::step("packaging", || make(&paths::filter(), &to))?;
    if args.verify {
        let second = paths::target().join("package-verify");
        progress::step("building everything again", || {
            paths::remove(&second)?;
            let filter = wasm::build_apart(&second)?;
            make(&filter, &second.join("package"))
        })?;
        compare(&to, &second.join("package"))?;
        paths::remove(&second)?;
        progress::note("a second build gave the same bytes");
    }
    progress::note(&format!("{}", to.display()));
    println!("sha256:{digest}");
    Ok(())
}

/// Puts a package of that filter into a folder, and gives the digest of the image.
fn make(filter: &Path, to: &Path) -> Result<String> {
    let module =
        fs::read(filter).with_context(|| format!("`{}` cannot be read", filter.display()))?;
    let fresh = to.with_extension(format!("new-{}", std::process::id()));
    paths::remove(&fresh)?;
    fs::create_dir_all(&fresh)?;
    fs::write(fresh.join("meshward_filter.wasm"), &module)?;
    let digest = layout::write(&fresh.join("oci"), &module)?;
    fs::write(
        fresh.join("meshward_filter.cdx.json"),
        sbom::of_filter(&module)?,
    )?;
    sums::write(&fresh)?;
    paths::remove(to)?;
    fs::rename(&fresh, to)
        .with_context(|| format!("`{}` cannot be put in its place", to.display()))?;
    Ok(digest)
}

/// Fails where two packages differ.
fn compare(first: &Path, second: &Path) -> Result<()> {
    // The sums name every file with its digest.
    let sums = |folder: &Path| fs::read_to_string(folder.join(sums::FILE));
    let (one, other) = (sums(first)?, sums(second)?);
    let odd: Vec<&str> = one.lines().filter(|line| !other.contains(line)).collect();
    if one != other {
        bail!(
            "a second build gave other bytes; of the first build alone:\n{}",
            odd.join("\n")
        );
    }
    Ok(())
}
