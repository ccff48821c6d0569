//! `--candidate`: a policy with another on trial beside it.

use crate::failure::Failure;
use crate::policy::Ready;
use clap::Args;
use std::path::{Path, PathBuf};

/// The policy on trial.
#[derive(Debug, Args)]
pub(super) struct Trial {
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
}

impl Trial {
    /// Reads a policy, and the one on trial beside it.
    pub(super) fn read(&self, policy: &Path) -> Result<Ready, Failure> {
        let ready = Ready::read(policy)?;
        match &self.candidate {
            Some(candidate) => ready.beside(Ready::read(candidate)?, self.decides),
            None => Ok(ready),
        }
    }
}
