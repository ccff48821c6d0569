//! Decisions of the real engine in this process, without a proxy: what each exchange takes, and what of it each control takes.
//!
//! Every pass over the exchanges starts with an empty store, so limits count within one pass and refuse no more than they would once. What the policy
//! itself keeps (verified tokens, keys of issuers) stays from pass to pass, as it does in a worker.

use super::parts::{self, Variant};
use super::progress::Progress;
use super::statistics::{Spread, float, nanoseconds, quantile};
use super::traffic::{Traffic, Verdict};
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::policy::Ready;
use meshward_engine::Policy;
use meshward_engine::exchange::ServerAnswer;
use meshward_engine::verdict::Control;
use std::sync::Arc;
use std::time::Duration;

/// So many rounds are made where time allows.
const ROUNDS: u32 = 10;
/// How often the clock is read to know what reading it takes.
const READINGS: usize = 1001;

/// How a bench is made.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The policy.
    pub(crate) ready: &'a Ready,
    /// The exchanges.
    pub(crate) traffic: &'a Traffic,
    /// What other servers answer.
    pub(crate) servers: &'a [ServerAnswer],
    /// For how long.
    pub(crate) time: Duration,
}

/// What decisions take.
#[derive(Debug)]
pub(crate) struct Native {
    /// How many rounds were made.
    pub(crate) rounds: u32,
    /// How many decisions were timed with the whole policy.
    pub(crate) decisions: usize,
    /// How many of these came to something else than the first one on their exchange.
    pub(crate) changed: usize,
    /// The controls that were taken out, the last to judge first.
    pub(crate) controls: Vec<Control>,
    /// What was asked of, with what came of it; what takes most of the time first.
    pub(crate) operations: Vec<Operation>,
}

/// All exchanges with one endpoint that came to the same.
#[derive(Debug)]
pub(crate) struct Operation {
    /// What came of them.
    pub(crate) verdict: Verdict,
    /// How many there are.
    pub(crate) exchanges: usize,
    /// Their share of the time that all exchanges take.
    pub(crate) share: f64,
    /// The first decision on an exchange with a policy that was just accepted.
    pub(crate) first_ns: f64,
    /// Every further one: the medians of the rounds.
    pub(crate) decision_ns: Spread,
    /// The slowest of a hundred.
    pub(crate) p99_ns: f64,
    /// What each of `controls` takes of the median. Nothing for exchanges that are refused: they end where they are.
    pub(crate) parts_ns: Vec<f64>,
}

/// The samples of one policy: of this round, and what earlier rounds came to, by operation.
struct Lane {
    policy: Arc<Policy>,
    samples: Vec<Vec<f64>>,
    medians: Vec<Vec<f64>>,
    p99s: Vec<Vec<f64>>,
}

impl Plan<'_> {
    /// Measures. `first_ns` is what first decisions took, by exchange.
    pub(crate) fn measure(
        &self,
        first_ns: &[Vec<f64>],
        progress: &Progress,
    ) -> Result<Native, Failure> {
        let (mut variants, whole) = (parts::variants(self.ready), Stopwatch::start());
        let mut verdicts = Vec::new();
        self.traffic
            .pass(&self.ready.policy, self.servers, |_, evaluation, _| {
                verdicts.push(Verdict::of(&evaluation));
            })?;
        // Taken apart only where that leaves time for enough rounds.
        let passes = u32::try_from(variants.len()).unwrap_or(u32::MAX);
        if whole.elapsed().saturating_mul(passes) > self.time / ROUNDS {
            variants.clear();
        }
        let mut groups = verdicts.clone();
        groups.sort();
        groups.dedup();
        let group = |index: usize| {
            let verdict = verdicts.get(index)?;
            groups.binary_search(verdict).ok()
        };
        let mut lanes = vec![Lane::new(&self.ready.policy, groups.len())];
        lanes.extend(variants.iter().map(|v| Lane::new(&v.policy, groups.len())));
        for lane in &lanes {
            self.traffic
                .pass(&lane.policy, self.servers, |_, _, _| {})?;
        }
        let clock = reading();
        let slice = self.time / ROUNDS / u32::try_from(lanes.len()).unwrap_or(u32::MAX);
        let (mut decisions, mut changed, mut rounds) = (0, 0, 0);
        let watch = Stopwatch::start();
        while rounds == 0 || (rounds < ROUNDS && watch.elapsed() < self.time) {
            rounds += 1;
            progress.step(&format!("deciding: round {rounds} of {ROUNDS}"));
            // Another one begins each round, so that none is always the one after a pause.
            let first = usize::try_from(rounds).unwrap_or(0) % lanes.len();
            let order: Vec<usize> = (first..lanes.len()).chain(0..first).collect();
            for number in order {
                let Some(lane) = lanes.get_mut(number) else {
                    continue;
                };
                let passes = Stopwatch::start();
                loop {
                    let Lane {
                        policy, samples, ..
                    } = &mut *lane;
                    self.traffic
                        .pass(policy, self.servers, |index, evaluation, took| {
                            if number == 0 {
                                decisions += 1;
                                let same = verdicts.get(index) == Some(&Verdict::of(&evaluation));
                                changed += usize::from(!same);
                            }
                            if let Some(samples) = group(index).and_then(|g| samples.get_mut(g)) {
                                samples.push((nanoseconds(took) - clock).max(0.0));
                            }
                        })?;
                    if passes.elapsed() >= slice {
                        break;
                    }
                }
                lane.end_round();
            }
        }
        let mut native = Native {
            rounds,
            decisions,
            changed,
            controls: variants.iter().map(|v: &Variant| v.without).collect(),
            operations: Vec::new(),
        };
        for (number, verdict) in groups.iter().enumerate() {
            let own = (0..verdicts.len()).filter(|index| group(*index) == Some(number));
            let firsts: Vec<f64> = own
                .clone()
                .filter_map(|index| Spread::of(first_ns.get(index)?))
                .map(|spread| spread.median)
                .collect();
            let operation = operation(verdict, own.count(), &firsts, number, &lanes);
            native.operations.extend(operation);
        }
        native.share();
        Ok(native)
    }
}

impl Lane {
    fn new(policy: &Arc<Policy>, groups: usize) -> Self {
        Self {
            policy: Arc::clone(policy),
            samples: vec![Vec::new(); groups],
            medians: vec![Vec::new(); groups],
            p99s: vec![Vec::new(); groups],
        }
    }

    fn end_round(&mut self) {
        let into = self.medians.iter_mut().zip(&mut self.p99s);
        for (samples, (medians, p99s)) in self.samples.iter_mut().zip(into) {
            samples.sort_by(f64::total_cmp);
            medians.extend(quantile(samples, 0.5));
            p99s.extend(quantile(samples, 0.99));
            samples.clear();
        }
    }

    fn spread(&self, group: usize) -> Option<Spread> {
        Spread::of(self.medians.get(group)?)
    }
}

fn operation(
    verdict: &Verdict,
    exchanges: usize,
    firsts: &[f64],
    group: usize,
    lanes: &[Lane],
) -> Option<Operation> {
    let decision_ns = lanes.first()?.spread(group)?;
    let medians: Vec<f64> = lanes
        .iter()
        .filter_map(|lane| Some(lane.spread(group)?.median))
        .collect();
    let steps = medians.iter().zip(medians.iter().skip(1));
    let parts_ns = match verdict.reason {
        None => steps.map(|(with, without)| with - without).collect(),
        Some(_) => Vec::new(),
    };
    Some(Operation {
        verdict: verdict.clone(),
        exchanges,
        share: 0.0,
        first_ns: Spread::of(firsts)?.median,
        decision_ns,
        p99_ns: Spread::of(lanes.first()?.p99s.get(group)?)?.median,
        parts_ns,
    })
}

impl Native {
    /// Says what takes most, and puts it first.
    fn share(&mut self) {
        let time = |o: &Operation| o.decision_ns.median * float(o.exchanges);
        let whole: f64 = self.operations.iter().map(time).sum();
        for operation in &mut self.operations {
            operation.share = if whole > 0.0 {
                time(operation) / whole
            } else {
                0.0
            };
        }
        self.operations.sort_by(|a, b| b.share.total_cmp(&a.share));
    }
}

/// What reading the clock twice takes, in nanoseconds: it is in every sample.
fn reading() -> f64 {
    let mut readings: Vec<f64> = (0..READINGS)
        .map(|_| {
            let elapsed = Stopwatch::start().elapsed();
            nanoseconds(u64::try_from(elapsed.as_nanos()).unwrap_or(0))
        })
        .collect();
    readings.sort_by(f64::total_cmp);
    quantile(&readings, 0.5).unwrap_or(0.0)
}
