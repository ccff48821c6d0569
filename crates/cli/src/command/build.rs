//! `meshward build`: the bundle that the filter reads.

use super::making::Making;
use crate::failure::Failure;
use crate::output;
use clap::Args;
use std::path::PathBuf;

/// Make the bundle: the policy with everything that it refers to, as one line of JSON
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward build policy.yaml -o orders.bundle.json
  meshward build policy.yaml | jq .metadata

Warnings go to standard error. With errors, nothing is written.")]
pub(crate) struct Arguments {
    /// The policy.
    policy: PathBuf,
    #[command(flatten)]
    making: Making,
    /// Where the bundle goes; standard output when absent.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Arguments {
    /// Checks, then writes the bundle.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let ready = self.making.read(&self.policy)?;
        output::write(self.output.as_deref(), &self.making.write(&ready)?.0)
    }
}
