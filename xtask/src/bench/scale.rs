//! What a large description costs, natively: `crates/testkit/benches/scale.rs` with GitHub's.

use crate::{process, tools};
use anyhow::{Context as _, Result};
use std::process::Command;

/// The folder of the archive that holds it.
const FOLDER: &str = "generated";

/// Installs the description, and measures.
pub(super) fn run() -> Result<()> {
    let home = tools::archives().context("GitHub's description is needed")?;
    let entries = std::fs::read_dir(&home).context("the archives cannot be listed")?;
    let mut folders = entries.flatten().map(|entry| entry.path());
    let github = folders
        .find(|path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with("github-")
        })
        .context("the archive `github` is not there")?;
    process::run(
        Command::new("cargo")
            .args([
                "bench",
                "--quiet",
                "-p",
                "meshward-testkit",
                "--bench",
                "scale",
            ])
            .env("MESHWARD_GITHUB", github.join(FOLDER)),
    )
}
