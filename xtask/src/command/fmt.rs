//! `cargo xtask fmt`: the whole repository in one style.

use crate::{paths, process, progress};
use anyhow::Result;
use std::process::Command;

/// Format all code, or only say what is not formatted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask fmt\n  cargo xtask fmt --check")]
pub(crate) struct Args {
    /// Change nothing; fail when something is not formatted.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Formats the workspace, and the fuzz workspace beside it.
pub(crate) fn run(args: &Args) -> Result<()> {
    progress::step("formatting", || {
        for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
            let manifest = paths::root().join(manifest);
            if !manifest.exists() {
                continue;
            }
            let mut cargo = Command::new("cargo");
            cargo
                .args(["fmt", "--all", "--manifest-path"])
                .arg(manifest);
            if args.check {
                cargo.arg("--check");
            }
            process::run(&mut cargo)?;
        }
        Ok(())
    })
}
