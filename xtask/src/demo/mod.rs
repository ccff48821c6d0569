//! The demo.

use anyhow::Result;

/// Show Meshward at work: real services, real Envoys, and a table of what was admitted and refused.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs the demo.
pub(crate) fn run(_args: Args) -> Result<()> {
    anyhow::bail!("the demo is not there yet")
}
