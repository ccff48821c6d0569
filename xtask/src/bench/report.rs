//! The report: JSON for machines, tables for people. The names are a contract: tools compare reports of different versions.

use super::case::{CASES, Case, Load};
use super::load::Measured;
use crate::table;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Everything that a bench measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) envoy: String,
    pub(super) cases: Vec<CaseReport>,
    pub(super) memory: Vec<Memory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) module: Option<Module>,
}

/// What each case cost, round by round.
pub(super) type Rounds = BTreeMap<&'static str, Vec<Measured>>;

/// One case.
#[derive(Debug, Serialize)]
pub(super) struct CaseReport {
    name: &'static str,
    /// Of the best round: noise only ever adds.
    cpu_us_per_request: f64,
    cpu_us_median: f64,
    requests_per_second: f64,
    p50_us: f64,
    p99_us: f64,
    /// By the case that is one.
    ratios: BTreeMap<&'static str, f64>,
}

/// What each worker of one kind of Envoy holds.
#[derive(Debug, Serialize)]
pub(super) struct Memory {
    pub(super) name: &'static str,
    pub(super) rss_mib_per_worker: f64,
}

/// The module.
#[derive(Debug, Serialize)]
pub(super) struct Module {
    pub(super) bytes: u64,
    pub(super) load_ms: f64,
}

impl CaseReport {
    /// One line from what was measured; `None` for a case that was not.
    pub(super) fn new(case: &Case, rounds: &Rounds) -> Option<Self> {
        let own = rounds.get(case.name)?;
        let cpu = |measured: &Measured| measured.cpu_us;
        let least = |of: fn(&Measured) -> f64| own.iter().map(of).fold(f64::INFINITY, f64::min);
        let ratio = |one: &'static str| {
            let other = rounds.get(one)?;
            let pairs = own.iter().zip(other);
            Some((
                one,
                to(
                    100.0,
                    median(pairs.map(|(a, b)| a.cpu_us / b.cpu_us).collect())?,
                ),
            ))
        };
        Some(Self {
            name: case.name,
            cpu_us_per_request: to(10.0, least(cpu)),
            cpu_us_median: to(10.0, median(own.iter().map(cpu).collect())?),
            requests_per_second: -least(|m| -m.per_second).round(),
            p50_us: least(|m| m.p50_us),
            p99_us: least(|m| m.p99_us),
            ratios: [Some(case.load.noop()), case.load.native()]
                .into_iter()
                .flatten()
                .filter_map(ratio)
                .collect(),
        })
    }

    fn ratio(&self, one: Option<&str>) -> String {
        one.and_then(|one| self.ratios.get(one))
            .map(|ratio| format!("{ratio:.2}"))
            .unwrap_or_default()
    }
}

fn to(parts: f64, value: f64) -> f64 {
    (value * parts).round() / parts
}

/// The value in the middle; of an even number, the mean of the two there.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values.get(values.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.cases.iter().map(|case| {
            let load = CASES.iter().find(|c| c.name == case.name).map(|c| c.load);
            vec![
                case.name.to_owned(),
                format!("{:.1}", case.cpu_us_per_request),
                format!("{:.1}", case.cpu_us_median),
                case.ratio(load.map(Load::noop)),
                case.ratio(load.and_then(Load::native)),
                format!("{:.0}", case.requests_per_second),
                format!("{:.0}", case.p50_us),
                format!("{:.0}", case.p99_us),
            ]
        });
        let head = [
            "case",
            "CPU µs/request",
            "median",
            "× wasm-noop",
            "× native",
            "requests/s",
            "p50 µs",
            "p99 µs",
        ];
        writeln!(f, "{}", table::of(&head, rows.collect()))?;
        writeln!(
            f,
            "Envoy {}, one worker; ratios are medians of the rounds' own, and hold; single numbers do not.\nnative: `native-chain`; for new tokens, jwt_authn alone and without a cache.",
            self.envoy
        )?;
        for memory in &self.memory {
            writeln!(
                f,
                "memory per worker, {}: {:.1} MiB",
                memory.name, memory.rss_mib_per_worker
            )?;
        }
        if let Some(module) = &self.module {
            writeln!(
                f,
                "module: {} bytes, loaded in {:.0} ms",
                module.bytes, module.load_ms
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(name: &'static str, cpu: &[f64]) -> (&'static str, Vec<Measured>) {
        let one = |cpu_us: &f64| Measured {
            requests: 1,
            cpu_us: *cpu_us,
            per_second: 1e6 / cpu_us,
            p50_us: 1.0,
            p99_us: 2.0,
        };
        (name, cpu.iter().map(one).collect())
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds() {
        let all = Rounds::from([
            rounds("wasm-noop", &[100.0, 200.0, 100.0]),
            rounds("meshward-get-jwt-seen", &[150.0, 240.0, 110.0]),
        ]);
        let case = CASES.iter().find(|c| c.name == "meshward-get-jwt-seen");
        let report = CaseReport::new(case.unwrap(), &all).unwrap();
        assert_eq!(report.ratios, BTreeMap::from([("wasm-noop", 1.2)]));
        assert!((report.cpu_us_per_request - 110.0).abs() < 1e-9);
        assert!((report.cpu_us_median - 150.0).abs() < 1e-9);
        assert!((report.requests_per_second - 9091.0).abs() < 1e-9);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }
}
