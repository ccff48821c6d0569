//! The report: JSON for machines, tables for people. The names are a contract: tools compare reports of different versions.

use super::case::CASES;
use super::load::Measured;
use crate::table;
use serde::Serialize;
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

/// One case.
#[derive(Debug, Serialize)]
pub(super) struct CaseReport {
    name: &'static str,
    cpu_us_per_request: f64,
    requests_per_second: f64,
    p50_us: f64,
    p99_us: f64,
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
    /// One line from what was measured.
    pub(super) fn new(name: &'static str, measured: &Measured) -> Self {
        let Measured {
            cpu_us,
            per_second,
            p50_us,
            p99_us,
        } = *measured;
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        Self {
            name,
            cpu_us_per_request: tenth(cpu_us),
            requests_per_second: per_second.round(),
            p50_us,
            p99_us,
        }
    }
}

impl Report {
    fn cpu(&self, name: &str) -> Option<f64> {
        let case = self.cases.iter().find(|case| case.name == name)?;
        Some(case.cpu_us_per_request)
    }

    /// What a case costs, as a multiple of a Wasm filter that does nothing with the same method.
    fn ratio(&self, case: &CaseReport) -> Option<f64> {
        let post = CASES
            .iter()
            .any(|c| c.name == case.name && c.load.is_post());
        let one = self.cpu(if post { "wasm-noop-post" } else { "wasm-noop" })?;
        Some(case.cpu_us_per_request / one)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.cases.iter().map(|case| {
            vec![
                case.name.to_owned(),
                format!("{:.1}", case.cpu_us_per_request),
                self.ratio(case)
                    .map(|ratio| format!("{ratio:.2}"))
                    .unwrap_or_default(),
                format!("{:.0}", case.requests_per_second),
                format!("{:.0}", case.p50_us),
                format!("{:.0}", case.p99_us),
            ]
        });
        let head = [
            "case",
            "CPU µs/request",
            "× wasm-noop",
            "requests/s",
            "p50 µs",
            "p99 µs",
        ];
        writeln!(f, "{}", table::of(&head, rows.collect()))?;
        writeln!(
            f,
            "Envoy {}, one worker; ratios within a run hold, single numbers do not.",
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
