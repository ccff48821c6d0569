//! What a request costs: Envoys with different filters, side by side, each with one worker, in front of one upstream.
//!
//! The variants are interleaved in rounds, because a machine's speed drifts: what holds is the ratio within one round, and of
//! these the median. A round before the first warms everything up and counts for nothing. A process that is faster than its twin stays so
//! for its life: `--sittings` starts all of them anew. CPU time is that of the whole Envoy process, so that everything that a filter causes is counted.

mod authz;
mod case;
mod filters;
mod grown;
mod load;
mod loading;
mod memory;
mod plots;
mod prepare;
mod print;
mod quotas;
mod report;
mod scale;
mod server;
pub(crate) mod soak;
mod spread;
pub(crate) mod tokens;
mod usage;

use crate::{paths, ports, progress, tools};
use anyhow::{Context as _, Result, bail};
use case::{CASES, Case, Kind};
use report::{CaseReport, Report, Rounds};
use server::{Running, Site};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// Measure what a request costs with Meshward, beside Envoy's own filters and a Wasm filter that does nothing.
///
/// Compare within one run only. CPU is in microseconds of the Envoy process per request: the best and the median of all
/// rounds. A ratio is the median of the rounds' own ratios.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    cargo xtask bench\n  \
    cargo xtask bench --quick --json bench.json\n  \
    cargo xtask bench --scale\n  \
    cargo xtask bench --from bench.json --plots pictures\n  \
    cargo xtask bench --case wasm-noop --case meshward-get-key\n  \
    cargo xtask bench --case meshward-get-key --case meshward-get-key-unlimited --rounds 5 --sittings 8")]
pub(crate) struct Args {
    /// Fewer and shorter rounds: enough to see a change of a quarter.
    #[arg(long)]
    quick: bool,
    /// So many rounds: more show smaller differences.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: Option<u16>,
    /// Start all Envoys anew so many times, and measure as many rounds with each: how a process lies in memory makes it faster or slower
    /// for its whole life, so that ratios of one sitting hold for its processes.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    sittings: u16,
    /// Measure what the last `cargo xtask build` made.
    #[arg(long)]
    no_build: bool,
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the report into this folder as well: `cpu.svg`, `ratios.svg` and, of a whole run, `memory.svg`. They are always drawn into
    /// `<target>/bench`.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// Measure nothing: show and draw this report, which `--json` wrote.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "rounds", "sittings", "no_build", "json", "cases"])]
    from: Option<PathBuf>,
    /// Measure a large description instead, natively: GitHub's, with more than a thousand operations.
    #[arg(long, conflicts_with_all = ["quick", "rounds", "sittings", "no_build", "json", "cases", "plots", "from"])]
    scale: bool,
    /// Measure only this case; may be repeated. Memory and loading are then left out.
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
struct Effort {
    sittings: usize,
    /// Of each sitting.
    rounds: usize,
    seconds: u16,
}

/// Measures, and shows what came out.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.scale {
        return scale::run();
    }
    let report = match &args.from {
        Some(file) => read(file)?,
        None => measure(args)?,
    };
    println!("\n{report}");
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(file, text + "\n")
            .with_context(|| format!("the report cannot be written to `{}`", file.display()))?;
    }
    let own = paths::target().join("bench");
    [Some(&own), args.plots.as_ref()]
        .into_iter()
        .flatten()
        .try_for_each(|dir| plots::write(&report, dir))
}

/// A report that was written earlier.
fn read(file: &Path) -> Result<Report> {
    let wrong = || format!("`{}` is not a report of the bench", file.display());
    let text = fs::read_to_string(file).with_context(wrong)?;
    serde_json::from_str(&text).with_context(wrong)
}

fn measure(args: &Args) -> Result<Report> {
    let mut effort = if args.quick {
        Effort {
            sittings: 1,
            rounds: 4,
            seconds: 1,
        }
    } else {
        Effort {
            sittings: 1,
            rounds: 7,
            seconds: 2,
        }
    };
    effort.rounds = args.rounds.map_or(effort.rounds, usize::from);
    effort.sittings = usize::from(args.sittings);
    let cases = chosen(&args.cases)?;
    tools::need(&[tools::Program::Wrk])?;
    let kinds: Vec<Kind> = cases.iter().map(|case| case.server).collect();
    let site = prepare::prepare(&kinds, args.no_build)?;
    let measured = rounds(&site, &cases, effort)?;
    let whole = args.cases.is_empty();
    Ok(Report {
        envoy: tools::envoy_version()?,
        rounds: effort.rounds * effort.sittings,
        cases: cases
            .iter()
            .filter_map(|case| CaseReport::new(case, &measured))
            .collect(),
        memory: if whole {
            memory::all(&site)?
        } else {
            Vec::new()
        },
        module: if whole {
            Some(loading::module(&site)?)
        } else {
            None
        },
    })
}

fn chosen(names: &[String]) -> Result<Vec<&'static Case>> {
    for name in names {
        if !CASES.iter().any(|case| case.name == name) {
            let all: Vec<_> = CASES.iter().map(|case| case.name).collect();
            bail!("there is no case `{name}`: choose from {}", all.join(", "));
        }
    }
    Ok(CASES
        .iter()
        .filter(|case| names.is_empty() || names.iter().any(|name| name == case.name))
        .collect())
}

/// Every case in every round of every sitting.
fn rounds(site: &Site, cases: &[&'static Case], effort: Effort) -> Result<Rounds> {
    let upstream_port = ports::free()?;
    let _upstream = progress::step("starting the upstream", || site.upstream(upstream_port))?;
    let mut loads = load::Generator::new(&site.dir, effort.seconds, 1)?;
    let mut measured = Rounds::new();
    for sitting in 0..effort.sittings {
        if effort.sittings > 1 {
            let number = sitting + 1;
            progress::note(&format!("sitting {number} of {}", effort.sittings));
        }
        let servers = servers(site, cases, upstream_port)?;
        let first = sitting * effort.rounds;
        for round in 0..=effort.rounds {
            let what = match round {
                0 => "warming up".to_owned(),
                _ => format!("round {round} of {}", effort.rounds),
            };
            progress::step(&what, || {
                // Each in another order: what ran before a case leaves its traces in the machine's caches.
                for case in shuffled(cases, first + round) {
                    let Some(server) = servers.get(&case.server) else {
                        continue;
                    };
                    let one = loads
                        .measure(case, server)
                        .with_context(|| format!("the case `{}`", case.name))?;
                    if round > 0 {
                        measured.entry(case.name).or_default().push(one);
                    }
                }
                loads.next_round();
                Ok(())
            })?;
        }
    }
    Ok(measured)
}

/// An Envoy for each kind that the cases need.
fn servers(
    site: &Site,
    cases: &[&'static Case],
    upstream_port: u16,
) -> Result<BTreeMap<Kind, Running>> {
    let mut servers = BTreeMap::new();
    for case in cases {
        if let Entry::Vacant(place) = servers.entry(case.server) {
            let what = format!("starting Envoy with {}", case.server.name());
            place.insert(progress::step(&what, || {
                site.start(case.server, upstream_port, 1)
            })?);
        }
    }
    Ok(servers)
}

/// The cases in an order that depends on the round alone.
fn shuffled(cases: &[&'static Case], round: usize) -> Vec<&'static Case> {
    let mut order = cases.to_vec();
    order.sort_by_cached_key(|case| {
        let mut hash = DefaultHasher::new();
        (round, case.name).hash(&mut hash);
        hash.finish()
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_has_every_case_in_an_order_of_its_own() {
        let cases: Vec<_> = CASES.iter().collect();
        let orders: Vec<Vec<_>> = (0..20)
            .map(|round| shuffled(&cases, round).iter().map(|c| c.name).collect())
            .collect();
        for (round, order) in orders.iter().enumerate() {
            assert!(!orders[..round].contains(order));
            assert!(cases.iter().all(|case| order.contains(&case.name)));
        }
    }
}
