//! `cargo xtask instructions`: how many instructions the engine takes for what it does most, beside a baseline that stands in the repository.
//!
//! Natively, under valgrind's `callgrind`, by `gungraun`: one run is enough, and a busy machine changes nothing. So a change of some percent is
//! seen that no measurement of time shows. What it does not show is what the proxy, Wasm and the processor's caches add: `cargo xtask bench` does.
//!
//! The same sources give the same count on every x86-64 machine, nearly: valgrind shows programs a processor of its own, whatever is below it,
//! so that libraries choose the same code everywhere; the compiler and all crates are pinned. What remains are seeds of hash maps and tokens
//! that are minted anew: far less than the tolerance.

mod baseline;
mod counted;

use crate::{paths, process, progress, table, tools};
use anyhow::{Context as _, Result, bail};
use baseline::{Baseline, Change};
use std::path::PathBuf;
use std::process::Command;

/// Count the instructions of the engine's decisions, and compare them with the baseline in the repository.
///
/// Fails when a case takes more than the baseline and its tolerance. Where a change is meant to be: `--accept`, and the new
/// baseline is part of the change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    cargo xtask instructions\n  \
    cargo xtask instructions --accept")]
pub(crate) struct Args {
    /// Make what is counted now the new baseline.
    #[arg(long)]
    accept: bool,
}

/// Counts and compares.
pub(crate) fn run(args: &Args) -> Result<()> {
    let file = file();
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("the baseline `{}` cannot be read", file.display()))?;
    let mut baseline = Baseline::read(&text)?;
    baseline.is_of_this_machine()?;
    let counted = count()?;
    let changes = baseline.changes(&counted);
    let rows = changes.iter().map(Change::row).collect();
    println!(
        "{}",
        table::of(&["case", "baseline", "now", "change"], rows)
    );
    if args.accept {
        baseline.cases = counted;
        return std::fs::write(&file, baseline.text()?)
            .with_context(|| format!("the baseline `{}` cannot be written", file.display()));
    }
    let worse: Vec<_> = changes
        .iter()
        .filter_map(|change| change.mistake(baseline.tolerance))
        .collect();
    if !worse.is_empty() {
        bail!(
            "{}; where it is meant to be so: cargo xtask instructions --accept",
            worse.join("; ")
        );
    }
    if changes
        .iter()
        .any(|change| change.is_better(baseline.tolerance))
    {
        progress::note(
            "fewer instructions than the baseline: lower it with `cargo xtask instructions --accept`",
        );
    }
    Ok(())
}

fn file() -> PathBuf {
    paths::root().join("crates/testkit/benches/instructions.json")
}

/// Runs the benches.
fn count() -> Result<baseline::Cases> {
    let runner = tools::gungraun()?;
    let lines = progress::step("counting instructions", || {
        process::output(
            Command::new("cargo")
                .current_dir(paths::root())
                .args(["bench", "--quiet", "--package", "meshward-testkit"])
                .args(["--bench", "instructions", "--", "--output-format=json"])
                .env("GUNGRAUN_RUNNER", runner),
        )
    })?;
    counted::read(&lines)
}
