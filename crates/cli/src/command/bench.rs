//! `meshward bench`: what a policy costs with traffic of its own.

use crate::bench::{Acceptance, Plan, Progress, Report, Stage, Traffic};
use crate::envoy::{Cluster, missing};
use crate::failure::Failure;
use crate::floor::Floors;
use crate::policy::Ready;
use crate::run::{envoy, wasm};
use crate::{lines, output};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// For how long decisions are measured unless something else is asked for, in seconds.
const NATIVE: u16 = 10;
/// The same where Envoys are measured too.
const WITH_ENVOY: u16 = 30;

/// Measure what a policy costs with your own requests
///
/// Decides every exchange many times with the engine of the filter, and says what each operation takes, and what of it each control takes. With
/// `--envoy`, sends the requests through real Envoys as well, without the filter and with it, and says what CPU time and memory it adds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward bench policy.yaml --requests requests.jsonl
  meshward bench policy.yaml --requests requests.jsonl --json > before.json
  meshward bench policy.yaml --requests requests.jsonl --envoy --cluster idp=https://idp.example:443

Exchanges are written as for `meshward eval`. Nothing of them is printed but their ids.
`--envoy` works on Linux, starts everything on 127.0.0.1, and takes one or two processors.")]
pub(crate) struct Arguments {
    /// The policy, or a bundle.
    policy: PathBuf,
    #[command(flatten)]
    floors: Floors,
    /// The exchanges: a file of JSON lines, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    requests: PathBuf,
    /// What other servers answer that the policy asks, as for `meshward eval`. Their time is not counted.
    #[arg(long, value_name = "FILE")]
    servers: Option<PathBuf>,
    /// For how long to measure, about: 10 when absent, and 30 with `--envoy`.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=3600))]
    seconds: Option<u16>,
    /// Send the requests through Envoy as well: this binary, or the one that `meshward run` would take.
    #[arg(long, value_name = "PATH")]
    #[expect(
        clippy::option_option,
        reason = "clap's form of an option whose value may be left out"
    )]
    envoy: Option<Option<PathBuf>>,
    /// The filter's module; `MESHWARD_WASM`, or `meshward_filter.wasm` beside this program, when absent.
    #[arg(long, value_name = "PATH", requires = "envoy")]
    wasm: Option<PathBuf>,
    /// Where a cluster leads that the policy names; `https://` speaks TLS. May be repeated.
    #[arg(long = "cluster", value_name = "NAME=HOST:PORT", requires = "envoy")]
    clusters: Vec<Cluster>,
    /// How many connections the load has. Each sends its next request when it has the response to the last one.
    #[arg(long, value_name = "NUMBER", default_value_t = 8, requires = "envoy", value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: u16,
    /// Leave the policy's limits as they are. When absent: they count, and are too high for the load to meet them.
    #[arg(long, requires = "envoy")]
    keep_limits: bool,
    /// Measure an Envoy whose policy has all controls off as well: what the filter takes before it controls anything.
    #[arg(long, requires = "envoy")]
    idle: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Measures, and prints what came of it.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        // What is wrong with the arguments is said before anything takes time.
        let stage = self.stage()?;
        let ready = Ready::read(&self.policy, &self.floors.read()?)?.held()?;
        let servers = lines::servers(self.servers.as_deref(), &ready)?;
        let traffic = Traffic::read(&self.requests)?;
        let missing = missing(ready.policy.clusters(), &self.clusters);
        if let (Some(_), Some(said)) = (&stage, missing) {
            output::warn(&said);
        }
        let progress = Progress::new();
        let time = self.native_time();
        progress.step("accepting the policy");
        let policy = Acceptance::measure(&ready, &traffic, &servers, time / 5)?;
        let plan = Plan {
            ready: &ready,
            traffic: &traffic,
            servers: &servers,
            time: time * 4 / 5,
        };
        let native = plan.measure(&policy.first_ns, &progress)?;
        let proxied = match stage {
            Some(stage) => Some(stage.measure(&plan, &progress)?),
            None => None,
        };
        drop(progress);
        let report = Report {
            policy,
            native,
            proxied,
        };
        for doubt in report.doubts() {
            output::warn(&doubt);
        }
        if self.json {
            output::print(&report.json().to_string())
        } else {
            anstream::print!("{report}");
            Ok(())
        }
    }

    fn seconds(&self) -> u16 {
        let usual = if self.envoy.is_some() {
            WITH_ENVOY
        } else {
            NATIVE
        };
        self.seconds.unwrap_or(usual)
    }

    /// A third where Envoys are measured too.
    fn native_time(&self) -> Duration {
        let whole = Duration::from_secs(u64::from(self.seconds()));
        if self.envoy.is_some() {
            whole / 3
        } else {
            whole
        }
    }

    fn stage(&mut self) -> Result<Option<Stage>, Failure> {
        let time = Duration::from_secs(u64::from(self.seconds()));
        let Some(named) = self.envoy.clone() else {
            return Ok(None);
        };
        if !cfg!(target_os = "linux") {
            return Err(Failure::usage(
                "`--envoy` measures CPU time as Linux tells it: leave it out here",
            ));
        }
        Ok(Some(Stage {
            wasm: wasm(self.wasm.take())?,
            envoy: envoy(named)?,
            clusters: self.clusters.clone(),
            connections: usize::from(self.connections),
            keep_limits: self.keep_limits,
            idle: self.idle,
            time: time.saturating_sub(self.native_time()),
        }))
    }
}
