//! The policy itself: its bundle, how long a worker takes to accept it, what it holds in memory, and what the first decisions with it cost.

use super::statistics::{Spread, to};
use super::traffic::Traffic;
use super::usage;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::policy::Ready;
use meshward_engine::exchange::ServerAnswer;
use meshward_engine::{Compiled, Policy, bundle};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// So often is a policy accepted at most.
const MOST: usize = 15;
/// Less than this may as well be memory that was free before.
const SEEN: u64 = 4 << 20;
/// So much memory is enough to find out how much one copy takes.
const HELD: u64 = 64 << 20;

/// What there is to say about a policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Acceptance {
    /// The policy's name.
    pub(crate) name: String,
    /// The size of its bundle.
    pub(crate) bundle_bytes: usize,
    /// How long reading the bundle and compiling the policy take, in milliseconds.
    pub(crate) accept_ms: Spread,
    /// What one compiled policy holds, in this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory_bytes: Option<u64>,
    /// What the first decision on each exchange took, in nanoseconds.
    #[serde(skip)]
    pub(crate) first_ns: Vec<Vec<f64>>,
}

impl Acceptance {
    /// Accepts the policy again and again for about as long, and decides every exchange once with each.
    pub(crate) fn measure(
        ready: &Ready,
        traffic: &Traffic,
        servers: &[ServerAnswer],
        time: Duration,
    ) -> Result<Self, Failure> {
        let (json, _) = ready.bundle_json()?;
        let memory_bytes = memory(&json, time / 2);
        let mut first_ns = vec![Vec::new(); traffic.entries().len()];
        let mut times = Vec::new();
        let whole = Stopwatch::start();
        while times.is_empty() || (times.len() < MOST && whole.elapsed() < time / 2) {
            let watch = Stopwatch::start();
            let policy = accept(&json)?;
            times.push(watch.elapsed().as_secs_f64() * 1e3);
            traffic.pass(&policy, servers, |index, _, took| {
                if let Some(firsts) = first_ns.get_mut(index) {
                    firsts.push(super::statistics::nanoseconds(took));
                }
            })?;
        }
        let spread = Spread::of(&times).map(|spread| spread.map(|ms| to(1000.0, ms)));
        Ok(Self {
            name: ready.bundle.metadata.name.clone(),
            bundle_bytes: json.len(),
            accept_ms: spread.ok_or(Failure::Said)?,
            memory_bytes,
            first_ns,
        })
    }
}

/// Reads and compiles a bundle, as a worker does.
fn accept(json: &str) -> Result<Arc<Policy>, Failure> {
    let refused = || Failure::no("the bundle of this policy is refused: see `meshward check`");
    let bundle = bundle::read(json.as_bytes()).map_err(|_| refused())?;
    let Compiled { policy, .. } =
        meshward_engine::compile(&bundle.document).map_err(|_| refused())?;
    Ok(Arc::new(policy))
}

/// What each further copy of a policy adds to this process. The first one is not counted: it also takes what is used again. `None` where all
/// copies that there was time for are too small to be seen.
fn memory(json: &str, time: Duration) -> Option<u64> {
    let resident = || usage::resident(std::process::id());
    let whole = Stopwatch::start();
    let mut held = vec![accept(json).ok()?];
    let before = resident()?;
    let mut grown = 0;
    while grown < HELD && whole.elapsed() < time {
        held.push(accept(json).ok()?);
        grown = resident()?.saturating_sub(before);
    }
    let copies = u64::try_from(held.len().saturating_sub(1)).ok()?;
    (grown >= SEEN).then(|| grown.checked_div(copies))?
}
