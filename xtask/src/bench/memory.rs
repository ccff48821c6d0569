//! What a worker holds in memory, and what loading the module takes.

use super::case::Kind;
use super::report::{Memory, Module};
use super::server::Site;
use super::{load, usage};
use crate::{ports, progress};
use anyhow::{Context as _, Result};
use std::fs;
use std::time::Duration;

/// Workers of the larger Envoy.
const WORKERS: u32 = 5;

/// Memory that each worker adds: the difference of two Envoys that differ in nothing but their workers.
pub(super) fn all(site: &Site) -> Result<Vec<Memory>> {
    let upstream = ports::free()?;
    let _upstream = site.upstream(upstream)?;
    progress::step("measuring memory", || {
        [
            ("proxy", Kind::Proxy),
            ("wasm-noop", Kind::Noop),
            ("meshward-20-endpoints", Kind::MeshwardKey),
        ]
        .into_iter()
        .map(|(name, kind)| {
            let small = resident(site, kind, upstream, 1)?;
            let large = resident(site, kind, upstream, WORKERS)?;
            let per_worker = (f64::from(large) - f64::from(small)) / f64::from(WORKERS - 1);
            Ok(Memory {
                name,
                rss_mib_per_worker: (per_worker / 102.4).round() / 10.0,
            })
        })
        .collect()
    })
}

fn resident(site: &Site, kind: Kind, upstream: u16, workers: u32) -> Result<u32> {
    let running = site.start(kind, upstream, workers)?;
    // An Envoy is ready before its workers are: what they hold is there once they have worked.
    load::reach_every_worker(&running, &site.dir)?;
    usage::resident(running.process.pid())
}

/// The size of the module, and how much longer Envoy takes to be ready with it.
pub(super) fn module(site: &Site) -> Result<Module> {
    let bytes = fs::metadata(&site.filter)
        .context("the filter is not there")?
        .len();
    progress::step("measuring how long loading takes", || {
        let with = ready_after(site, Kind::MeshwardKey)?;
        let without = ready_after(site, Kind::Proxy)?;
        Ok(Module {
            bytes,
            load_ms: (with.saturating_sub(without).as_secs_f64() * 1e3).round(),
        })
    })
}

/// The best of three starts.
fn ready_after(site: &Site, kind: Kind) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        best = best.min(site.start(kind, ports::free()?, 1)?.ready_after);
    }
    Ok(best)
}
