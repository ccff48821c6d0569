//! What a worker holds in memory.

use super::case::Kind;
use super::report::Memory;
use super::server::Site;
use super::spread::to;
use super::{load, usage};
use crate::{ports, progress};
use anyhow::Result;

/// Workers of the larger Envoy.
const WORKERS: u32 = 5;

/// Memory that each worker adds: the difference of two Envoys that differ in nothing but their workers.
pub(super) fn all(site: &Site) -> Result<Vec<Memory>> {
    let upstream = ports::free()?;
    let _upstream = site.upstream(upstream)?;
    progress::step("measuring memory", || {
        [
            ("proxy", Kind::Proxy),
            ("native-chain", Kind::Native),
            ("lua-key", Kind::LuaKey),
            ("wasm-noop", Kind::Noop),
            ("meshward-20-endpoints", Kind::MeshwardKey),
            ("meshward-1000-endpoints", Kind::MeshwardGrown),
        ]
        .into_iter()
        .map(|(name, kind)| {
            let small = resident(site, kind, upstream, 1)?;
            let large = resident(site, kind, upstream, WORKERS)?;
            let per_worker = (f64::from(large) - f64::from(small)) / f64::from(WORKERS - 1);
            Ok(Memory {
                name: name.to_owned(),
                rss_mib_per_worker: to(10.0, per_worker / 1024.0),
                rss_mib_one_worker: Some(to(10.0, f64::from(small) / 1024.0)),
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
