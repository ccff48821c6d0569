//! The report: JSON for machines, tables for people. The names are a contract: tools compare reports of different versions.

use super::case::Case;
use super::load::Measured;
use super::spread::{Spread, to};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that a bench measured.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) envoy: String,
    pub(super) rounds: usize,
    pub(super) cases: Vec<CaseReport>,
    pub(super) memory: Vec<Memory>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) module: Option<Module>,
}

/// What each case cost, round by round.
pub(super) type Rounds = BTreeMap<&'static str, Vec<Measured>>;

/// One case.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CaseReport {
    pub(super) name: String,
    /// Of the best round: noise only ever adds.
    pub(super) cpu_us_per_request: f64,
    pub(super) cpu_us_median: f64,
    /// Half of the rounds lie between these.
    pub(super) cpu_us_half: [f64; 2],
    /// Of the servers that Envoy asked, which run beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) servers_cpu_us: Option<f64>,
    pub(super) requests_per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    /// By the case that is one: the median of the rounds' own ratios.
    pub(super) ratios: BTreeMap<String, f64>,
    /// Half of the rounds' own ratios lie between these.
    pub(super) ratio_halves: BTreeMap<String, [f64; 2]>,
    /// In microseconds: what is added to the case that lacks one thing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) added_us: BTreeMap<String, f64>,
}

/// What each worker of one kind of Envoy holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) name: String,
    pub(super) rss_mib_per_worker: f64,
    /// What an Envoy with one worker holds in all, compiled modules among it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rss_mib_one_worker: Option<f64>,
}

/// The module.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Module {
    pub(super) bytes: u64,
    /// How much later Envoy is ready.
    pub(super) load_ms: f64,
    /// How much more CPU time an Envoy with one worker uses until it is idle.
    pub(super) load_cpu_ms: f64,
    /// What each further worker adds to that.
    pub(super) worker_cpu_ms: f64,
}

impl CaseReport {
    /// One line from what was measured; `None` for a case that was not.
    pub(super) fn new(case: &Case, rounds: &Rounds) -> Option<Self> {
        let own = rounds.get(case.name)?;
        let spread = |of: fn(&Measured) -> f64| Spread::of(own.iter().map(of));
        let least = |of: fn(&Measured) -> f64| own.iter().map(of).fold(f64::INFINITY, f64::min);
        let beside = |one: &'static str, of: fn(f64, f64) -> f64| {
            let other = rounds.get(one)?;
            let pairs = own.iter().zip(other);
            Spread::of(pairs.map(|(a, b)| of(a.cpu_us, b.cpu_us)))
        };
        let cpu = spread(|m| m.cpu_us)?.to(10.0);
        let ratios: Vec<_> = case
            .beside()
            .into_iter()
            .filter_map(|one| Some((one, beside(one, |own, other| own / other)?.to(1000.0))))
            .collect();
        Some(Self {
            name: case.name.to_owned(),
            cpu_us_per_request: to(10.0, least(|m| m.cpu_us)),
            cpu_us_median: cpu.median,
            cpu_us_half: cpu.half(),
            servers_cpu_us: spread(|m| m.beside_us)
                .filter(|_| case.server.asks())
                .map(|us| us.to(10.0).median),
            requests_per_second: -least(|m| -m.per_second).round(),
            p50_us: least(|m| m.p50_us),
            p99_us: least(|m| m.p99_us),
            ratios: ratios
                .iter()
                .map(|(one, ratio)| ((*one).to_owned(), ratio.median))
                .collect(),
            ratio_halves: ratios
                .iter()
                .map(|(one, ratio)| ((*one).to_owned(), ratio.half()))
                .collect(),
            added_us: case
                .without()
                .and_then(|one| Some((one, beside(one, |own, other| own - other)?)))
                .map(|(one, us)| (one.to_owned(), us.to(10.0).median))
                .into_iter()
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::CASES;
    use super::*;

    fn rounds(name: &'static str, cpu: &[f64]) -> (&'static str, Vec<Measured>) {
        let one = |cpu_us: &f64| Measured {
            requests: 1,
            cpu_us: *cpu_us,
            beside_us: 0.0,
            per_second: 1e6 / cpu_us,
            p50_us: 1.0,
            p99_us: 2.0,
        };
        (name, cpu.iter().map(one).collect())
    }

    fn report(name: &str, all: &Rounds) -> CaseReport {
        let case = CASES.iter().find(|case| case.name == name);
        CaseReport::new(case.unwrap(), all).unwrap()
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds() {
        let all = Rounds::from([
            rounds("wasm-noop", &[100.0, 200.0, 100.0]),
            rounds("meshward-get-jwt-seen", &[150.0, 240.0, 110.0]),
        ]);
        let report = report("meshward-get-jwt-seen", &all);
        assert_eq!(report.ratios.len(), 1);
        assert_eq!(report.ratios["wasm-noop"], 1.2);
        assert_eq!(report.ratio_halves["wasm-noop"], [1.15, 1.35]);
        assert_eq!(report.cpu_us_median, 150.0);
        assert_eq!(report.cpu_us_per_request, 110.0);
        assert_eq!(report.requests_per_second, 9091.0);
        assert_eq!(report.servers_cpu_us, None);
    }

    #[test]
    fn what_is_added_is_the_median_of_the_rounds() {
        let all = Rounds::from([
            rounds("meshward-get-key-unlimited", &[100.0, 200.0, 100.0]),
            rounds("meshward-get-key", &[103.0, 205.0, 99.0]),
        ]);
        let report = report("meshward-get-key", &all);
        assert_eq!(report.added_us["meshward-get-key-unlimited"], 3.0);
    }
}
