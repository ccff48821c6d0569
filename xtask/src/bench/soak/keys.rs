//! Whether memory stays flat, and a limit holds, however many different keys come.

use crate::bench::case::Kind;
use crate::bench::load;
use crate::bench::server::{HOST, Running, Site};
use crate::bench::soak::flat::Flat;
use crate::clock::{Stopwatch, human};
use crate::{ports, progress, table};
use anyhow::{Context as _, Result, bail};

const SECONDS: u16 = 10;
const WORKERS: u32 = 2;
/// What the policy gives one key in a day.
const QUOTA: u32 = 100;
/// How long a bucket of that quota takes to hold one more.
const REFILL: u64 = 86_400 / QUOTA as u64;
/// So many lines in the table, about.
const LINES: u64 = 20;

/// Sends so many keys at least, and shows what became of the memory and of one key's quota.
pub(super) fn run(site: &Site, keys: u64) -> Result<()> {
    let upstream = ports::free()?;
    let _upstream = site.upstream(upstream)?;
    let server = site.start(Kind::MeshwardKeys, upstream, WORKERS)?;
    let watch = Stopwatch::start();
    let passed = heavy(&server, QUOTA + 1)?;
    if passed != QUOTA {
        bail!("{passed} requests of the heavy key passed at first, expected {QUOTA}");
    }
    let mut sent = 0_u64;
    let mut refused = 0_u64;
    let mut memory = Flat::new(server.process.pid(), keys);
    let mut rows = Vec::new();
    while sent < keys {
        let what = format!("{sent} of {keys} keys");
        let said = progress::step(&what, || load::keys(&server, &site.dir, sent, SECONDS))?;
        let before = sent;
        sent = sent.saturating_add(said.sent);
        refused = refused.saturating_add(said.refused);
        let resident = memory.look(sent)?;
        let line = (keys / LINES).max(1);
        if before == 0 || before / line != sent / line || sent >= keys {
            rows.push(vec![
                sent.to_string(),
                refused.to_string(),
                resident.to_string(),
            ]);
        }
    }
    let passed = heavy(&server, QUOTA)?;
    let elapsed = watch.elapsed();
    println!(
        "\n{}",
        table::of(&["keys", "refused", "resident KiB"], rows)
    );
    println!(
        "of {QUOTA} more requests of the heavy key, {passed} passed, {} after its quota was spent",
        human(elapsed)
    );
    memory.settle("keys")?;
    let refilled = elapsed.as_secs() / REFILL + 1;
    if u64::from(passed) > refilled {
        bail!("the heavy key was forgotten: its bucket cannot have held more than {refilled}");
    }
    Ok(())
}

/// Sends so many requests of the heavy key. Gives how many passed.
fn heavy(server: &Running, count: u32) -> Result<u32> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let url = format!("http://127.0.0.1:{}/heavy", server.port);
    let mut passed = 0;
    for _ in 0..count {
        let request = agent
            .get(&url)
            .header("host", HOST)
            .header("x-key", "heavy");
        let status = request.call().context("the heavy key gets no answer")?;
        match status.status().as_u16() {
            200 => passed += 1,
            429 => {}
            other => bail!("the heavy key got {other}"),
        }
    }
    Ok(passed)
}
