//! How a bundle is made: `--floor` says what the policy must at least ask for, `--candidate` puts another policy on trial beside it, `--compact` packs it.

use crate::failure::Failure;
use crate::floor::Floors;
use crate::policy::Ready;
use clap::Args;
use meshward_engine::bundle::{self, Revision};
use std::path::{Path, PathBuf};

/// How a bundle is made.
#[derive(Debug, Args)]
pub(super) struct Making {
    #[command(flatten)]
    floors: Floors,
    /// A policy on trial: it judges every request too, and what it says otherwise is logged and counted.
    #[arg(long, value_name = "POLICY")]
    candidate: Option<PathBuf>,
    /// The share of known callers for whom the candidate decides, from 0 to 1.
    #[arg(
        long,
        value_name = "SHARE",
        requires = "candidate",
        default_value_t = 0.0
    )]
    decides: f64,
    /// Write the bundle in its compact form: compressed, with its digest, in one word of text.
    #[arg(long)]
    compact: bool,
}

impl Making {
    /// Reads a policy, and the one on trial beside it.
    pub(super) fn read(&self, policy: &Path) -> Result<Ready, Failure> {
        let floors = self.floors.read()?;
        let ready = Ready::read(policy, &floors)?;
        match &self.candidate {
            Some(candidate) => ready.beside(Ready::read(candidate, &floors)?, self.decides),
            None => Ok(ready),
        }
    }

    /// Writes the bundle, and says which one it is.
    pub(super) fn write(&self, ready: &Ready) -> Result<(String, Revision), Failure> {
        let (json, revision) = ready.bundle_json()?;
        if self.compact {
            Ok((bundle::compact(&json, &revision), revision))
        } else {
            Ok((json, revision))
        }
    }
}
