//! What a request costs: Envoys with different filters, side by side, each with one worker, in front of one upstream.
//!
//! The variants are interleaved in rounds, because a machine's speed drifts: what holds is the ratio within one round, and of
//! these the median. A round before the first warms everything up and counts for nothing. CPU time is that of the whole Envoy process, so that everything that a filter causes is counted.

mod case;
mod filters;
mod load;
mod memory;
mod quotas;
mod report;
mod scale;
mod server;
pub(crate) mod soak;
mod tokens;
mod usage;

use crate::command::build;
use crate::{paths, ports, process, progress, tools, wasm};
use anyhow::{Context as _, Result, bail};
use case::{CASES, Case, Kind};
use quotas::Quotas;
use report::{CaseReport, Report, Rounds};
use server::{Running, Site};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Measure what a request costs with Meshward, beside Envoy's own filters and a Wasm filter that does nothing.
///
/// Compare within one run only. CPU is in microseconds of the Envoy process per request: the best and the median of all
/// rounds. A ratio is the median of the rounds' own ratios.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    cargo xtask bench\n  \
    cargo xtask bench --quick --json bench.json\n  \
    cargo xtask bench --scale\n  \
    cargo xtask bench --case wasm-noop --case meshward-get-key")]
pub(crate) struct Args {
    /// Fewer and shorter rounds: enough to see a change of a quarter.
    #[arg(long)]
    quick: bool,
    /// Measure what the last `cargo xtask build` made.
    #[arg(long)]
    no_build: bool,
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure a large description instead, natively: GitHub's, with more than a thousand operations.
    #[arg(long, conflicts_with_all = ["quick", "no_build", "json", "cases"])]
    scale: bool,
    /// Measure only this case; may be repeated. Memory and loading are then left out.
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
struct Effort {
    rounds: usize,
    seconds: u16,
}

/// Measures, and shows what came out.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.scale {
        return scale::run();
    }
    let effort = if args.quick {
        Effort {
            rounds: 4,
            seconds: 1,
        }
    } else {
        Effort {
            rounds: 9,
            seconds: 2,
        }
    };
    let cases = chosen(&args.cases)?;
    tools::need(&[tools::Program::Wrk])?;
    let site = prepare(&cases, args.no_build)?;
    let measured = rounds(&site, &cases, effort)?;
    let whole = args.cases.is_empty();
    let report = Report {
        envoy: tools::envoy_version()?,
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
            Some(memory::module(&site)?)
        } else {
            None
        },
    };
    println!("\n{report}");
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(file, text + "\n")
            .with_context(|| format!("the report cannot be written to `{}`", file.display()))?;
    }
    Ok(())
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

/// Builds what is measured, and lays out the directory that the Envoys read from.
fn prepare(cases: &[&Case], built: bool) -> Result<Site> {
    let dir = paths::target().join("bench");
    fs::create_dir_all(&dir).with_context(|| format!("`{}` cannot be made", dir.display()))?;
    let noop = dir.join("baseline.wasm");
    let raw = progress::step("building the baseline filter", || {
        wasm::compile("bench-baseline")
    })?;
    wasm::optimise(&raw, &noop)?;
    fs::write(dir.join("jwks.json"), tokens::jwks()?.to_string())?;
    let mut bundles = BTreeMap::new();
    if cases.iter().any(|case| case.server.is_meshward()) {
        if !built {
            build::run(&build::Args { only: None })?;
        }
        for kind in [
            Kind::MeshwardKey,
            Kind::MeshwardUnlimited,
            Kind::MeshwardWatched,
            Kind::MeshwardFleet,
            Kind::MeshwardJwt,
            Kind::MeshwardTrial,
        ] {
            bundles.insert(kind, bundle(&dir, kind)?);
        }
    }
    let shares = cases.iter().any(|c| c.server == Kind::MeshwardFleet);
    let quotas = if shares {
        Some(progress::step("starting the rate limit service", || {
            Quotas::start(&dir, &dir.join(policy(Kind::MeshwardFleet)))
        })?)
    } else {
        None
    };
    Ok(Site {
        envoy: tools::envoy()?,
        quotas,
        noop,
        filter: paths::filter(),
        bundles,
        dir,
    })
}

/// The file of a policy.
fn policy(kind: Kind) -> &'static str {
    match kind {
        Kind::MeshwardJwt => "policy-jwt.yaml",
        Kind::MeshwardUnlimited => "policy-unlimited.yaml",
        Kind::MeshwardWatched => "policy-watched.yaml",
        Kind::MeshwardFleet => "policy-fleet.yaml",
        Kind::MeshwardKey
        | Kind::MeshwardTrial
        | Kind::Proxy
        | Kind::Noop
        | Kind::ReadHeaders
        | Kind::ReadBody
        | Kind::Native
        | Kind::NativeUncached => "policy-key.yaml",
    }
}

/// Makes a bundle as a user does.
fn bundle(dir: &Path, kind: Kind) -> Result<String> {
    let name = policy(kind);
    for file in [name, "description.yaml"] {
        fs::copy(paths::root().join("xtask/bench").join(file), dir.join(file))
            .with_context(|| format!("`xtask/bench/{file}` cannot be copied"))?;
    }
    let out = dir.join(format!("{}.bundle.json", kind.name()));
    let mut build = Command::new(paths::command_line());
    build.arg("build").arg(dir.join(name)).arg("-o").arg(&out);
    if kind == Kind::MeshwardTrial {
        build.arg("--candidate").arg(dir.join(name));
    }
    process::run(&mut build)?;
    fs::read_to_string(&out)
        .with_context(|| format!("`meshward build` wrote no bundle to `{}`", out.display()))
}

/// Every case in every round, each round beginning with another one.
fn rounds(site: &Site, cases: &[&'static Case], effort: Effort) -> Result<Rounds> {
    let upstream_port = ports::free()?;
    let _upstream = progress::step("starting the upstream", || site.upstream(upstream_port))?;
    let mut servers: BTreeMap<Kind, Running> = BTreeMap::new();
    for case in cases {
        if let Entry::Vacant(place) = servers.entry(case.server) {
            let what = format!("starting Envoy with {}", case.server.name());
            place.insert(progress::step(&what, || {
                site.start(case.server, upstream_port, 1)
            })?);
        }
    }
    let mut loads = load::Generator::new(&site.dir, effort.seconds, 1)?;
    let mut measured = Rounds::new();
    for round in 0..=effort.rounds {
        let what = match round {
            0 => "warming up".to_owned(),
            _ => format!("round {round} of {}", effort.rounds),
        };
        progress::step(&what, || {
            let order = cases.iter().cycle().skip(round).take(cases.len());
            for case in order {
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
    Ok(measured)
}
