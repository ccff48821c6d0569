//! What loading the module takes.

use super::case::Kind;
use super::report::Module;
use super::server::Site;
use super::usage;
use crate::clock::Stopwatch;
use crate::{ports, progress};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::time::Duration;

/// Workers of the larger Envoy.
const WORKERS: u32 = 5;
/// A start that nothing disturbed is among so many.
const STARTS: usize = 3;
/// An Envoy that uses less than a fiftieth of this time is idle.
const LOOK: Duration = Duration::from_millis(100);
const IDLE_WITHIN: Duration = Duration::from_secs(60);

/// What one Envoy takes to start.
#[derive(Debug, Clone, Copy)]
struct Start {
    ready_after: Duration,
    cpu: Duration,
}

/// The size of the module, and what an Envoy takes to start with it, beyond what it takes without any filter.
pub(super) fn module(site: &Site) -> Result<Module> {
    let bytes = fs::metadata(&site.filter)
        .context("the filter is not there")?
        .len();
    progress::step("measuring what loading takes", || {
        let more = |workers: u32| -> Result<(f64, f64)> {
            let with = best(site, Kind::MeshwardKey, workers)?;
            let without = best(site, Kind::Proxy, workers)?;
            Ok((
                milliseconds(with.ready_after, without.ready_after),
                milliseconds(with.cpu, without.cpu),
            ))
        };
        let (load_ms, small) = more(1)?;
        let (_, large) = more(WORKERS)?;
        Ok(Module {
            bytes,
            load_ms: load_ms.round(),
            load_cpu_ms: small.round(),
            worker_cpu_ms: ((large - small) / f64::from(WORKERS - 1)).round(),
        })
    })
}

fn milliseconds(with: Duration, without: Duration) -> f64 {
    (with.as_secs_f64() - without.as_secs_f64()) * 1e3
}

/// The least of some starts: noise only ever adds.
fn best(site: &Site, kind: Kind, workers: u32) -> Result<Start> {
    let mut best = Start {
        ready_after: Duration::MAX,
        cpu: Duration::MAX,
    };
    for _ in 0..STARTS {
        let running = site.start(kind, ports::free()?, workers)?;
        best.ready_after = best.ready_after.min(running.ready_after);
        best.cpu = best.cpu.min(idle(running.process.pid())?);
    }
    Ok(best)
}

/// What a process has used when it has nothing more to do: an Envoy is ready before its workers are.
fn idle(pid: u32) -> Result<Duration> {
    let watch = Stopwatch::start();
    let mut before = usage::cpu_of(&[pid])?;
    loop {
        // A look is as long as this, because use is only seen over time.
        std::thread::sleep(LOOK);
        let now = usage::cpu_of(&[pid])?;
        if now.saturating_sub(before) < LOOK / 50 {
            return Ok(now);
        }
        if watch.elapsed() > IDLE_WITHIN {
            bail!("an Envoy that nobody asks for anything goes on working");
        }
        before = now;
    }
}
