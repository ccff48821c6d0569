//! The report as tables.

use super::case::{CASES, Load};
use super::report::{CaseReport, Report};
use crate::table;
use std::fmt;

const HEAD: [&str; 12] = [
    "case",
    "CPU µs/request",
    "median",
    "half of the rounds",
    "× proxy",
    "× wasm-noop",
    "× peer",
    "adds µs",
    "servers µs",
    "requests/s",
    "p50 µs",
    "p99 µs",
];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.cases.iter().map(row).collect();
        writeln!(f, "{}", table::of(&HEAD, rows))?;
        writeln!(
            f,
            "Envoy {}, one worker, {} rounds; ratios and differences are medians of the rounds' own, and hold; single numbers do not.\n\
             peer: `native-chain`; for new tokens, jwt_authn alone and without a cache; for a refused key, `lua-key-refused`; for POST, `wasm-read-body`.\n\
             adds: one thing to another case: the filter to the proxy, headers, a slot, all host calls of a GET or a body to the filter, the other host calls of a judged POST to the body and reading it as JSON to these, a key to the headers, a limit to the key; what is \
             watched, a policy on trial and more endpoints to `meshward-get-key`; the contract to the body, and a key and a limit to the contract.\n\
             servers: CPU time of what Envoy asks, which is not in its own.",
            self.envoy, self.rounds
        )?;
        for memory in &self.memory {
            writeln!(
                f,
                "memory per worker, {}: {:.1} MiB{}",
                memory.name,
                memory.rss_mib_per_worker,
                memory
                    .rss_mib_one_worker
                    .map(|mib| format!("; an Envoy with one worker: {mib:.1} MiB"))
                    .unwrap_or_default()
            )?;
        }
        if let Some(module) = &self.module {
            writeln!(
                f,
                "module: {} bytes; ready {:.0} ms later, {:.0} ms of CPU until idle, {:.0} ms for each further worker",
                module.bytes, module.load_ms, module.load_cpu_ms, module.worker_cpu_ms
            )?;
        }
        Ok(())
    }
}

fn row(case: &CaseReport) -> Vec<String> {
    let load = CASES.iter().find(|c| c.name == case.name).map(|c| c.load);
    let ratio = |one: fn(Load) -> &'static str| {
        load.and_then(|load| case.ratios.get(one(load)))
            .map(|ratio| format!("{ratio:.2}"))
            .unwrap_or_default()
    };
    let [low, high] = case.cpu_us_half;
    let added = case.added_us.values().next();
    let servers = case.servers_cpu_us;
    vec![
        case.name.clone(),
        format!("{:.1}", case.cpu_us_per_request),
        format!("{:.1}", case.cpu_us_median),
        format!("{low:.1}–{high:.1}"),
        ratio(Load::proxy),
        ratio(Load::noop),
        ratio(Load::peer),
        added.map(|us| format!("{us:+.1}")).unwrap_or_default(),
        servers.map(|us| format!("{us:.1}")).unwrap_or_default(),
        format!("{:.0}", case.requests_per_second),
        format!("{:.0}", case.p50_us),
        format!("{:.0}", case.p99_us),
    ]
}
