//! `meshward eval`: verdicts for exchanges that are written down.

use crate::failure::Failure;
use crate::floor::Floors;
use crate::policy::Ready;
use crate::style::WARNING;
use crate::{clock, output};
use clap::Args;
use meshward_engine::exchange::{Evaluator, Exchange, ServerAnswer};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

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
        let input: Box<dyn Read> = if self.requests.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            let file = std::fs::File::open(&self.requests);
            Box::new(file.map_err(|cause| Failure::file("read", &self.requests, cause))?)
        };
        let servers = match &self.servers {
            Some(path) => answers(path)?,
            None => {
                alone(&ready);
                Vec::new()
            }
        };
        let mut evaluator = Evaluator::new(ready.policy).with_servers(servers);
        each_line(input, &self.requests, |exchange: Exchange| {
            let outcome = evaluator.evaluate(&exchange, clock::now())?;
            serde_json::to_string(&outcome).map_err(|cause| cause.to_string())
        })
    }
}

/// Says that no server answers here, where the policy asks some.
fn alone(ready: &Ready) {
    let clusters: Vec<_> = ready.policy.clusters().map(|c| format!("`{c}`")).collect();
    if !clusters.is_empty() {
        anstream::eprintln!(
            "{WARNING}warning{WARNING:#}: the policy asks servers behind {}, and none answers here; write their answers into a file for `--servers`",
            clusters.join(", ")
        );
    }
}

/// The answers of servers in a file.
fn answers(path: &Path) -> Result<Vec<ServerAnswer>, Failure> {
    let file = std::fs::File::open(path).map_err(|cause| Failure::file("read", path, cause))?;
    let mut answers = Vec::new();
    each_line(file, path, |answer: ServerAnswer| {
        answers.push(answer);
        Ok(String::new())
    })?;
    Ok(answers)
}

/// Reads one JSON object a line, and prints what becomes of it.
fn each_line<T: serde::de::DeserializeOwned>(
    input: impl Read,
    path: &Path,
    mut work: impl FnMut(T) -> Result<String, String>,
) -> Result<(), Failure> {
    for (index, line) in BufReader::new(input).lines().enumerate() {
        let wrong = |cause: &dyn std::fmt::Display| {
            let name = path.display();
            Failure::usage(format!("`{name}`, line {}: {cause}", index + 1))
        };
        let line = line.map_err(|cause| wrong(&cause))?;
        if line.trim().is_empty() {
            continue;
        }
        let mut reader = serde_json::Deserializer::from_str(&line);
        let value: T = serde_path_to_error::deserialize(&mut reader)
            .and_then(|value| reader.end().map(|()| value).map_err(trailing))
            .map_err(|cause| wrong(&cause))?;
        let said = work(value).map_err(|cause| wrong(&cause))?;
        if !said.is_empty() {
            output::print(&said)?;
        }
    }
    Ok(())
}

fn trailing(cause: serde_json::Error) -> serde_path_to_error::Error<serde_json::Error> {
    let nowhere = serde_path_to_error::Track::new().path();
    serde_path_to_error::Error::new(nowhere, cause)
}
