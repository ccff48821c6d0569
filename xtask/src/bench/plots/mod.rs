//! The pictures of a report.

mod chart;

use super::case::{Algorithm, CASES, Case, Kind, Load};
use super::report::{CaseReport, Memory, Report};
use anyhow::{Context as _, Result};
use chart::{Bar, Chart, Group, Whose};
use std::fs;
use std::path::Path;

/// What clients send, in words, in the order of the pictures.
const LOADS: [(Load, &str); 5] = [
    (
        Load::Get,
        "GET with a key and a token that come again and again",
    ),
    (
        Load::GetUnseen(Algorithm::Rs256),
        "GET with a token that nobody has seen, RS256",
    ),
    (
        Load::GetUnseen(Algorithm::Es256),
        "GET with a token that nobody has seen, ES256",
    ),
    (Load::GetBadKey, "GET with a key that nobody has"),
    (Load::Post, "POST of 1 KiB of JSON"),
];

/// Writes every picture that a report has figures for.
pub(super) fn write(report: &Report, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("`{}` cannot be made", dir.display()))?;
    for (name, svg) in pictures(report)? {
        let file = dir.join(name);
        fs::write(&file, svg).with_context(|| format!("`{}` cannot be written", file.display()))?;
    }
    Ok(())
}

/// The files, with what is in them.
fn pictures(report: &Report) -> Result<Vec<(&'static str, String)>> {
    let charts = [
        ("cpu.svg", cpu(report)),
        ("ratios.svg", ratios(report)),
        ("memory.svg", memory(report)),
    ];
    charts
        .into_iter()
        .filter(|(_, chart)| !chart.groups.is_empty())
        .map(|(name, chart)| Ok((name, chart.svg().context("a picture cannot be drawn")?)))
        .collect()
}

fn cpu(report: &Report) -> Chart {
    let groups = LOADS.map(|(load, title)| {
        let bars = known(report)
            .filter(|(case, _)| case.load == load)
            .map(|(case, one)| Bar {
                name: one.name.clone(),
                whose: whose(case.server),
                value: one.cpu_us_median,
                half: Some(one.cpu_us_half),
                beside: one.servers_cpu_us,
                label: match one.servers_cpu_us {
                    Some(us) => format!("{:.0} + {us:.0}", one.cpu_us_median),
                    None => format!("{:.0}", one.cpu_us_median),
                },
            });
        (title.to_owned(), bars.collect())
    });
    Chart {
        title: "CPU time per request",
        axis: "µs of the whole Envoy, one worker; the paler part: of the servers that it asks",
        note: rounds(report),
        mark: None,
        groups: with_bars(groups),
    }
}

fn ratios(report: &Report) -> Chart {
    let beside = |title: &str, of: fn(Load) -> &'static str| {
        let bars = known(report)
            .filter(|(case, _)| case.server.is_meshward())
            .filter_map(|(case, one)| {
                let other = of(case.load);
                let ratio = *one.ratios.get(other)?;
                Some(Bar {
                    name: one.name.clone(),
                    whose: Whose::Meshward,
                    value: ratio,
                    half: one.ratio_halves.get(other).copied(),
                    beside: None,
                    label: format!("{ratio:.2} × {other}"),
                })
            });
        (title.to_owned(), bars.collect())
    };
    Chart {
        title: "CPU time per request, as a multiple",
        axis: "× the CPU time of the other case, round by round; 1 is as much",
        note: rounds(report),
        mark: Some(1.0),
        groups: with_bars([
            beside("beside a Wasm filter that does nothing", Load::noop),
            beside("beside the nearest thing without Meshward", Load::peer),
        ]),
    }
}

fn memory(report: &Report) -> Chart {
    let bar = |memory: &Memory| Bar {
        name: memory.name.clone(),
        whose: match memory.name.as_str() {
            "proxy" | "wasm-noop" => Whose::Nothing,
            name if name.starts_with("meshward") => Whose::Meshward,
            _ => Whose::Envoy,
        },
        value: memory.rss_mib_per_worker,
        half: None,
        beside: None,
        label: format!("{:.1}", memory.rss_mib_per_worker),
    };
    let title = "after traffic".to_owned();
    Chart {
        title: "Memory per worker",
        axis: "MiB resident, for each worker beyond the first",
        note: format!("Envoy {}", report.envoy),
        mark: None,
        groups: with_bars([(title, report.memory.iter().map(bar).collect())]),
    }
}

/// What was measured, with the cases that this version knows.
fn known(report: &Report) -> impl Iterator<Item = (&'static Case, &CaseReport)> {
    let case = |one: &CaseReport| CASES.iter().find(|case| case.name == one.name);
    let all = report.cases.iter();
    all.filter_map(move |one| Some((case(one)?, one)))
}

fn with_bars<const N: usize>(groups: [(String, Vec<Bar>); N]) -> Vec<Group> {
    let groups = groups.into_iter().filter(|(_, bars)| !bars.is_empty());
    groups.map(|(title, bars)| Group { title, bars }).collect()
}

fn rounds(report: &Report) -> String {
    format!(
        "Envoy {}; the median of {} rounds, all cases interleaved; the thin line holds half of the rounds",
        report.envoy, report.rounds
    )
}

fn whose(kind: Kind) -> Whose {
    if kind.is_meshward() {
        Whose::Meshward
    } else if matches!(
        kind,
        Kind::Proxy
            | Kind::Noop
            | Kind::ReadHeaders
            | Kind::Slot
            | Kind::HostCalls
            | Kind::ReadBody
            | Kind::BodyCalls
            | Kind::BodyParse
    ) {
        Whose::Nothing
    } else {
        Whose::Envoy
    }
}

#[cfg(test)]
mod tests;
