//! `cargo xtask soak`: whether memory stays flat, however many different tokens come.

use super::case::{Algorithm, CASES, Kind, Load};
use super::{load, prepare, usage};
use crate::{ports, progress, table, tools};
use anyhow::{Context as _, Result, bail};

/// Different callers: more than the cache of a policy that says nothing of it holds, and few enough for the limits' table.
const SUBJECTS: u64 = 2000;
/// In KiB: what an allocator may come to hold besides. A cache that kept every token would take this for each 2000.
const ALLOWED: u32 = 4 * 1024;
const SECONDS: u16 = 5;

/// Send many different tokens through one Envoy with Meshward, and watch its memory.
///
/// Caches are full after the first tenth; from there on, memory must not grow.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask soak\n  cargo xtask soak --tokens 100000 --no-build"
)]
pub(crate) struct Args {
    /// How many tokens, at least; no two are the same.
    #[arg(long, default_value_t = 1_000_000)]
    tokens: u64,
    /// Take what the last `cargo xtask build` made.
    #[arg(long)]
    no_build: bool,
}

/// Sends, and shows what became of the memory.
pub(crate) fn run(args: &Args) -> Result<()> {
    tools::need(&[tools::Program::Wrk])?;
    // Signed in a tenth of the time of RSA: what is looked at comes after the signature.
    let case = CASES
        .iter()
        .find(|case| {
            case.server == Kind::MeshwardJwt && case.load == Load::GetUnseen(Algorithm::Es256)
        })
        .context("the bench has no such case")?;
    let site = prepare(&[case], args.no_build)?;
    let upstream = ports::free()?;
    let _upstream = site.upstream(upstream)?;
    let server = site.start(case.server, upstream, 1)?;
    let mut loads = load::Generator::new(&site.dir, SECONDS, SUBJECTS)?;
    let mut sent = 0_u64;
    let mut full = None;
    let mut rows = Vec::new();
    while sent < args.tokens {
        let what = format!("{sent} of {} tokens", args.tokens);
        let measured = progress::step(&what, || loads.measure(case, &server))?;
        loads.next_round();
        sent = sent.saturating_add(measured.requests);
        let resident = usage::resident(server.process.pid())?;
        if full.is_none() && sent >= args.tokens / 10 {
            full = Some(resident);
        }
        rows.push(vec![sent.to_string(), resident.to_string()]);
    }
    println!("\n{}", table::of(&["tokens", "resident KiB"], rows));
    let last = usage::resident(server.process.pid())?;
    let grown = last.saturating_sub(full.unwrap_or(last));
    println!("since the caches are full, memory grew by {grown} KiB");
    if grown > ALLOWED {
        bail!("memory grows with the number of tokens: at most {ALLOWED} KiB were expected");
    }
    Ok(())
}
