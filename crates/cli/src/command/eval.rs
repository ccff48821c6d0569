//! `meshward eval`: verdicts for exchanges that are written down.

use crate::failure::Failure;
use crate::policy::Ready;
use crate::{clock, output};
use clap::Args;
use meshward_engine::exchange::{Evaluator, Exchange};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

/// Judge exchanges: one JSON object a line in, one outcome a line out
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward eval policy.yaml --requests requests.jsonl
  echo '{\"request\":{\"method\":\"GET\",\"authority\":\"orders.test\",\"path\":\"/orders\"}}' | meshward eval policy.yaml --requests -

Exit code 0 whatever is decided. A line that cannot be read ends the run with its number and exit code 2.")]
pub(crate) struct Arguments {
    /// The policy, or a bundle.
    policy: PathBuf,
    /// The exchanges: a file of JSON lines, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    requests: PathBuf,
}

impl Arguments {
    /// Judges every line, in order; limits count over all of them.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let ready = Ready::read(&self.policy)?;
        let input: Box<dyn Read> = if self.requests.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            let file = std::fs::File::open(&self.requests);
            Box::new(file.map_err(|cause| Failure::file("read", &self.requests, cause))?)
        };
        let mut evaluator = Evaluator::new(ready.policy);
        for (index, line) in BufReader::new(input).lines().enumerate() {
            let wrong = |cause: &dyn std::fmt::Display| {
                let name = self.requests.display();
                Failure::usage(format!("`{name}`, line {}: {cause}", index + 1))
            };
            let line = line.map_err(|cause| wrong(&cause))?;
            if line.trim().is_empty() {
                continue;
            }
            let mut reader = serde_json::Deserializer::from_str(&line);
            let exchange: Exchange = serde_path_to_error::deserialize(&mut reader)
                .and_then(|exchange| reader.end().map(|()| exchange).map_err(trailing))
                .map_err(|cause| wrong(&cause))?;
            let outcome = evaluator
                .evaluate(&exchange, clock::now())
                .map_err(|cause| wrong(&cause))?;
            let outcome = serde_json::to_string(&outcome).map_err(|cause| wrong(&cause))?;
            output::print(&outcome)?;
        }
        Ok(())
    }
}

fn trailing(cause: serde_json::Error) -> serde_path_to_error::Error<serde_json::Error> {
    let nowhere = serde_path_to_error::Track::new().path();
    serde_path_to_error::Error::new(nowhere, cause)
}
