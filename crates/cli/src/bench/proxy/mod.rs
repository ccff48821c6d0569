//! Requests through real Envoys of one worker: without the filter, with the policy, and where it is asked for, with the filter and all controls off.
//!
//! They differ in nothing else. Load goes to one after the other in short rounds, and what the policy adds is a difference within a round. What is counted is
//! the CPU time of Envoy itself; load and upstream run beside it, in this process.

mod doubts;
mod lift;
mod load;
mod message;
mod running;
mod upstream;
mod wire;

use super::interrupt::Interrupt;
use super::native::Plan;
use super::parts;
use super::progress::Progress;
use super::statistics::{Spread, float};
use crate::clock::Stopwatch;
use crate::envoy::{Cluster, speaking};
use crate::failure::Failure;
use load::{Shot, Tally};
use meshward_engine::bundle;
use meshward_engine::config::Document;
use running::{Running, Site};
use std::path::PathBuf;
use std::time::Duration;

/// So many rounds are made at least, and at most.
const ROUNDS: (u128, u128) = (8, 40);
/// How long one Envoy is sent to in a round, where there is time for more rounds than the least.
const TURN: Duration = Duration::from_millis(500);
/// The Envoys, as they are called in reports.
const WITHOUT: &str = "without the filter";
const IDLE: &str = "with all controls off";
const POLICY: &str = "with this policy";

/// How load is sent.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The Envoy binary.
    pub(crate) envoy: PathBuf,
    /// The filter's module.
    pub(crate) wasm: PathBuf,
    /// Where the clusters lead that the policy names.
    pub(crate) clusters: Vec<Cluster>,
    /// How many connections the load has.
    pub(crate) connections: usize,
    /// Whether limits stay as the policy has them.
    pub(crate) keep_limits: bool,
    /// Whether there is an Envoy whose policy has all controls off.
    pub(crate) idle: bool,
    /// For how long.
    pub(crate) time: Duration,
}

/// What requests cost in Envoy.
#[derive(Debug)]
pub(crate) struct Proxied {
    /// Envoy's version.
    pub(crate) version: String,
    /// How many rounds were made.
    pub(crate) rounds: u32,
    /// How many connections the load had.
    pub(crate) connections: usize,
    /// How many requests were answered, in all rounds and by all Envoys.
    pub(crate) requests: usize,
    /// The Envoys, first the one without the filter.
    pub(crate) variants: Vec<Variant>,
    /// What is doubtful about these figures.
    pub(crate) doubts: Vec<String>,
}

/// What one of them came to.
#[derive(Debug)]
pub(crate) struct Variant {
    /// Which one it is.
    pub(crate) name: &'static str,
    /// CPU time of the whole Envoy for each request, in microseconds.
    pub(crate) cpu_us: Spread,
    /// What of that is more than without the filter.
    pub(crate) added_us: Option<Spread>,
    /// Requests answered in a second.
    pub(crate) per_second: Spread,
    /// Resident memory after all rounds.
    pub(crate) resident_bytes: u64,
}

/// One of the Envoys, with what its rounds came to.
struct Lane {
    name: &'static str,
    running: Running,
    cpu_us: Vec<f64>,
    per_second: Vec<f64>,
    tally: Tally,
}

impl Stage {
    /// Starts the Envoys, sends the load, and says what it cost them.
    pub(crate) fn measure(&self, plan: &Plan<'_>, progress: &Progress) -> Result<Proxied, Failure> {
        let interrupt = Interrupt::watch()?;
        let document = self.document(plan);
        let entries = plan.traffic.entries();
        let mut doubts = Vec::new();
        let mut shots = doubts::sendable(entries, &mut doubts);
        if shots.is_empty() {
            return Err(Failure::no(format!(
                "no exchange can be sent over HTTP/1.1: {}",
                doubts.join("; ")
            )));
        }
        let upstream = upstream::start(entries.iter())
            .map_err(|cause| Failure::no(format!("no upstream can be started: {cause}")))?;
        let folder = tempfile::Builder::new()
            .prefix("meshward-bench-")
            .tempdir()
            .map_err(|cause| {
                Failure::no(format!("no folder for Envoy's configuration: {cause}"))
            })?;
        let site = Site {
            envoy: &self.envoy,
            wasm: &self.wasm,
            clusters: speaking(self.clusters.clone(), &plan.ready.policy),
            ready: plan.ready,
            folder: folder.path(),
            upstream,
        };
        let json = |document: &Document| match bundle::write(document) {
            Ok((json, _)) => Ok(Some(json)),
            Err(cause) => Err(Failure::no(format!(
                "the bundle cannot be written as JSON: {cause}"
            ))),
        };
        let mut bundles = vec![(WITHOUT, None)];
        if self.idle {
            let mut idle = document.clone();
            parts::switch_all_off(&mut idle);
            bundles.push((IDLE, json(&idle)?));
        }
        bundles.push((POLICY, json(&document)?));
        progress.step("starting Envoys: each compiles the filter first, which takes seconds");
        let mut starting = Vec::new();
        for (name, bundle) in bundles {
            let file = starting.len().to_string();
            starting.push((name, site.start(&file, bundle.as_deref())?));
        }
        let mut lanes = Vec::new();
        for (name, started) in starting {
            lanes.push(Lane::new(name, started.wait(&interrupt)?));
        }
        let expected = doubts::expected(&document, plan)?;
        let with_policy = lanes.last().map_or(0, |lane: &Lane| lane.running.port);
        let statuses = load::once(with_policy, &shots);
        for (shot, status) in shots.iter_mut().zip(statuses) {
            shot.status = status;
        }
        doubts.extend(doubts::unlike(entries, &shots, &expected));
        self.send(&mut lanes, &shots, progress, &interrupt)?;
        Ok(self.result(lanes, doubts))
    }

    /// The policy as it is loaded.
    fn document(&self, plan: &Plan<'_>) -> Document {
        let mut document = plan.ready.bundle.clone();
        if !self.keep_limits {
            lift::lift(&mut document);
        }
        document
    }

    /// How many rounds there is time for.
    fn rounds_of(&self, lanes: usize) -> u32 {
        let turns = self.time.as_millis() / TURN.as_millis();
        let rounds = turns / u128::try_from(lanes.max(1)).unwrap_or(1);
        u32::try_from(rounds.clamp(ROUNDS.0, ROUNDS.1)).unwrap_or(0)
    }

    fn send(
        &self,
        lanes: &mut [Lane],
        shots: &[Shot],
        progress: &Progress,
        interrupt: &Interrupt,
    ) -> Result<(), Failure> {
        let count = lanes.len();
        let (all, rounds) = (
            u32::try_from(count).unwrap_or(u32::MAX),
            self.rounds_of(count),
        );
        let turn = self.time / (rounds + 1) / all;
        for round in 0..=rounds {
            progress.step(&match round {
                0 => "warming up".to_owned(),
                _ => format!("sending: round {round} of {rounds}"),
            });
            // Another one begins each round, so that none is always the one after a pause.
            let first = usize::try_from(round).unwrap_or(0) % count.max(1);
            for number in (first..count).chain(0..first) {
                interrupt.check()?;
                let Some(lane) = lanes.get_mut(number) else {
                    continue;
                };
                lane.round(round > 0, shots, self.connections, turn)?;
            }
        }
        Ok(())
    }

    fn result(&self, lanes: Vec<Lane>, mut doubts: Vec<String>) -> Proxied {
        let bare = lanes.first().map(|lane| lane.cpu_us.clone());
        let bare = bare.unwrap_or_default();
        let rounds = u32::try_from(bare.len()).unwrap_or(u32::MAX);
        let version = lanes.first().map(|lane| lane.running.version.clone());
        let requests = lanes.iter().map(|lane| lane.tally.answered).sum();
        if let Some(lane) = lanes.last() {
            doubts.extend(doubts::under_load(&lane.tally));
        }
        let mut variants = Vec::new();
        for lane in lanes {
            let pairs = lane.cpu_us.iter().zip(&bare);
            let added: Vec<f64> = pairs.map(|(own, bare)| own - bare).collect();
            let added_us = Spread::of(&added).filter(|_| lane.name != WITHOUT);
            let resident_bytes = lane.running.resident();
            lane.running.stop();
            if let (Some(cpu_us), Some(per_second)) =
                (Spread::of(&lane.cpu_us), Spread::of(&lane.per_second))
            {
                variants.push(Variant {
                    name: lane.name,
                    cpu_us,
                    added_us,
                    per_second,
                    resident_bytes,
                });
            }
        }
        Proxied {
            version: version.unwrap_or_default(),
            rounds,
            connections: self.connections,
            requests,
            variants,
            doubts,
        }
    }
}

impl Lane {
    fn new(name: &'static str, running: Running) -> Self {
        Self {
            name,
            running,
            cpu_us: Vec::new(),
            per_second: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Sends for some time, and keeps what it cost where it counts.
    fn round(
        &mut self,
        counts: bool,
        shots: &[Shot],
        connections: usize,
        time: Duration,
    ) -> Result<(), Failure> {
        let before = self.running.cpu()?;
        let watch = Stopwatch::start();
        let tally = load::run(self.running.port, shots, connections, time);
        let (took, after) = (watch.elapsed(), self.running.cpu()?);
        if tally.answered == 0 || tally.broken > tally.answered / 10 {
            return Err(Failure::no(format!(
                "Envoy {}: {} requests were answered, and {} got no response",
                self.name, tally.answered, tally.broken
            )));
        }
        if counts {
            let requests = float(tally.answered);
            let cpu = after.saturating_sub(before).as_secs_f64();
            self.cpu_us.push(cpu * 1e6 / requests);
            self.per_second.push(requests / took.as_secs_f64());
            self.tally = self.tally.and(tally);
        }
        Ok(())
    }
}
