//! `cargo xtask build`: what is delivered, in one directory.

use crate::{paths, process, progress};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Build the filter and the command line into `<target>/dist`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask build\n  cargo xtask build --only filter")]
pub(crate) struct Args {
    /// Build only this part.
    #[arg(long)]
    pub(crate) only: Option<Part>,
}

/// A part of what is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    Filter,
    Cli,
}

/// Builds, and says what came out.
pub(crate) fn run(args: &Args) -> Result<()> {
    let wants = |part| args.only.is_none_or(|only| only == part);
    // Also for the filter alone: it makes the bundles with which the filter is run for its hints.
    command_line()?;
    if wants(Part::Filter) {
        crate::wasm::build()?;
    }
    for (part, file) in [
        (Part::Filter, paths::filter()),
        (Part::Cli, paths::command_line()),
    ] {
        if wants(part) {
            let size = fs::metadata(&file)?.len();
            progress::note(&format!("{} {}", file.display(), mebibytes(size)));
        }
    }
    Ok(())
}

/// Builds the command line into the directory of what is delivered.
pub(crate) fn command_line() -> Result<()> {
    progress::step("building the command line", || {
        process::run(Command::new("cargo").current_dir(paths::root()).args([
            "build",
            "--release",
            "--package",
            "meshward",
        ]))?;
        deliver(
            &paths::target().join("release/meshward"),
            &paths::command_line(),
        )
    })
}

/// Puts a file in its place in one go: a process may have the old one open.
pub(crate) fn deliver(from: &Path, to: &Path) -> Result<()> {
    let wrong = || format!("`{}` cannot be put into `{}`", from.display(), to.display());
    let dir = to.parent().with_context(wrong)?;
    fs::create_dir_all(dir).with_context(wrong)?;
    let fresh = dir.join(format!(".new-{}", std::process::id()));
    fs::copy(from, &fresh).with_context(wrong)?;
    fs::rename(&fresh, to).with_context(wrong)
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
