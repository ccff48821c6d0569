//! `meshward eval`: verdicts for exchanges that are written down.

use crate::failure::Failure;
use crate::floor::Floors;
use crate::policy::Ready;
use crate::{clock, lines};
use clap::Args;
use meshward_engine::exchange::{Evaluator, Exchange};
use std::path::PathBuf;

/// Judge exchanges: one JSON object a line in, one outcome a line out
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward eval policy.yaml --requests requests.jsonl
  echo '{\"request\":{\"method\":\"GET\",\"authority\":\"orders.test\",\"path\":\"/orders\"}}' | meshward eval policy.yaml --requests -
  meshward eval policy.yaml --requests requests.jsonl --servers servers.jsonl   where keys are fetched, or tokens introspected

Exit code 0 whatever is decided. A line that cannot be read ends the run with its number and exit code 2.")]
pub(crate) struct Arguments {
    /// The policy, or a bundle.
    policy: PathBuf,
    #[command(flatten)]
    floors: Floors,
    /// The exchanges: a file of JSON lines, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    requests: PathBuf,
    /// What other servers answer that the policy asks: a file of JSON lines with `cluster`, `path`, `status`, `headers`, `body`.
    /// Without it none answers.
    #[arg(long, value_name = "FILE")]
    servers: Option<PathBuf>,
}

impl Arguments {
    /// Judges every line, in order; limits count over all of them.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let ready = Ready::read(&self.policy, &self.floors.read()?)?;
        let input = lines::open(&self.requests)?;
        let servers = lines::servers(self.servers.as_deref(), &ready)?;
        let mut evaluator = Evaluator::new(ready.policy).with_servers(servers);
        lines::each(input, &self.requests, |exchange: Exchange| {
            let outcome = evaluator.evaluate(&exchange, clock::now())?;
            serde_json::to_string(&outcome).map_err(|cause| cause.to_string())
        })
    }
}
