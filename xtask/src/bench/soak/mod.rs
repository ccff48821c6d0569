//! `cargo xtask soak`: whether memory stays flat, however many different tokens or keys come.

mod flat;
mod keys;

use super::case::{Algorithm, CASES, Kind, Load};
use super::load;
use super::prepare::prepare;
use crate::{ports, progress, table, tools};
use anyhow::{Context as _, Result};
use flat::Flat;

/// Different callers: more than the cache of a policy that says nothing of it holds, and few enough for the limits' table.
const SUBJECTS: u64 = 2000;
const SECONDS: u16 = 5;

/// Send many different tokens, or keys of limits, through one Envoy with Meshward, and watch its memory.
///
/// Caches and tables are full after the first tenth; from there on, memory must not grow.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask soak\n  cargo xtask soak --tokens 100000 --no-build\n  cargo xtask soak --keys"
)]
pub(crate) struct Args {
    /// How many tokens, at least; no two are the same.
    #[arg(long, default_value_t = 1_000_000)]
    tokens: u64,
    /// How many different keys of a limit, at least, through two workers, instead of tokens. One key's quota must hold all the while.
    #[arg(long, value_name = "KEYS", num_args = 0..=1, default_missing_value = "5000000", conflicts_with = "tokens")]
    keys: Option<u64>,
    /// Take what the last `cargo xtask build` made.
    #[arg(long)]
    no_build: bool,
}

/// Sends, and shows what became of the memory.
pub(crate) fn run(args: &Args) -> Result<()> {
    tools::need(&[tools::Program::Wrk])?;
    if let Some(keys) = args.keys {
        return keys::run(&prepare(&[Kind::MeshwardKeys], args.no_build)?, keys);
    }
    // Signed in a tenth of the time of RSA: what is looked at comes after the signature.
    let case = CASES
        .iter()
        .find(|case| {
            case.server == Kind::MeshwardJwt && case.load == Load::GetUnseen(Algorithm::Es256)
        })
        .context("the bench has no such case")?;
    let site = prepare(&[case.server], args.no_build)?;
    let upstream = ports::free()?;
    let _upstream = site.upstream(upstream)?;
    let server = site.start(case.server, upstream, 1)?;
    let mut loads = load::Generator::new(&site.dir, SECONDS, SUBJECTS)?;
    let mut sent = 0_u64;
    let mut memory = Flat::new(server.process.pid(), args.tokens);
    let mut rows = Vec::new();
    while sent < args.tokens {
        let what = format!("{sent} of {} tokens", args.tokens);
        let measured = progress::step(&what, || loads.measure(case, &server))?;
        loads.next_round();
        sent = sent.saturating_add(measured.requests);
        let resident = memory.look(sent)?;
        rows.push(vec![sent.to_string(), resident.to_string()]);
    }
    println!("\n{}", table::of(&["tokens", "resident KiB"], rows));
    memory.settle("tokens")
}
