//! What a worker knows of an API's upstream: how many requests are under way, and how long it takes to answer.

use super::{Bound, Bounds, Cause};
use crate::config::{Priority, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is smoothed is smoothed over about so many microseconds.
const WINDOW: u64 = 2_000_000;
/// The least and the most that one response weighs, in parts of [`WHOLE`].
const LEAST: u64 = 64;
const MOST: u64 = WHOLE / 2;
const WHOLE: u64 = 1024;
/// While a class is shed for its latency, so many microseconds are between two requests that pass all the same: nobody else would find out that the
/// upstream is quick again.
const BETWEEN_PROBES: u64 = 1_000_000;

/// What is known of one upstream.
#[derive(Debug, Default)]
pub struct Gauge(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    in_flight: u32,
    /// When the last response was taken into account, in microseconds.
    seen: u64,
    classes: [Class; 3],
}

/// What one class is judged by.
#[derive(Debug, Clone, Copy, Default)]
struct Class {
    /// Microseconds, smoothed; no response counts for more than twice the bound, so that a single slow one sheds nobody.
    latency: u64,
    shedding: bool,
    /// When a request passed last to try.
    tried: u64,
}

impl Gauge {
    /// How many requests are in flight.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.state().in_flight
    }

    pub(super) fn sheds(&self, class: Priority, bound: Bound, now: Timestamp) -> Option<Cause> {
        let mut state = self.state();
        let in_flight = u64::from(state.in_flight);
        let class = state.class(class);
        // Once it is shed, it passes again below four fifths: at the bound itself it would flap.
        let parts = if class.shedding { 4 } else { 5 };
        let crowded = bound
            .in_flight
            .is_some_and(|most| in_flight * 5 >= u64::from(most) * parts);
        let slow = bound
            .latency
            .is_some_and(|most| class.latency.saturating_mul(5) > most.saturating_mul(parts));
        if slow && !class.shedding {
            class.tried = now.0;
        }
        class.shedding = crowded || slow;
        if crowded {
            return Some(Cause::InFlight);
        }
        if slow && now.0.saturating_sub(class.tried) >= BETWEEN_PROBES {
            class.tried = now.0;
            return None;
        }
        slow.then_some(Cause::Latency)
    }

    pub(super) fn departed(&self) {
        let mut state = self.state();
        state.in_flight = state.in_flight.saturating_add(1);
    }

    pub(super) fn arrived(&self) {
        let mut state = self.state();
        state.in_flight = state.in_flight.saturating_sub(1);
    }

    /// Takes a response into account that took so many microseconds; with `at_least`, none came in that time.
    pub(super) fn took(&self, time: u64, at_least: bool, bounds: Bounds, now: Timestamp) {
        let mut state = self.state();
        let age = now.0.saturating_sub(state.seen).min(WINDOW);
        let weight = (age * WHOLE / WINDOW).clamp(LEAST, MOST);
        state.seen = state.seen.max(now.0);
        for (class, bound) in state.classes.iter_mut().zip(bounds.0) {
            let Some(most) = bound.latency else {
                continue;
            };
            let time = time.min(most.saturating_mul(2));
            if at_least && time <= class.latency {
                continue;
            }
            let kept = class.latency.saturating_mul(WHOLE - weight);
            class.latency = kept.saturating_add(time.saturating_mul(weight)) / WHOLE;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn class(&mut self, class: Priority) -> &mut Class {
        let [bulk, normal, critical] = &mut self.classes;
        match class {
            Priority::Bulk => bulk,
            Priority::Normal => normal,
            Priority::Critical => critical,
        }
    }
}

/// The gauges of a worker, over all its configurations: a new policy must not take a busy upstream for an idle one.
#[derive(Debug, Default)]
pub struct Gauges(BTreeMap<(Arc<str>, Arc<str>), Arc<Gauge>>);

impl Gauges {
    /// The gauge of this policy's API. Those that nobody uses any more are forgotten.
    pub(crate) fn of(&mut self, policy: &Arc<str>, api: &Arc<str>) -> Arc<Gauge> {
        self.0.retain(|_, gauge| Arc::strong_count(gauge) > 1);
        let key = (Arc::clone(policy), Arc::clone(api));
        Arc::clone(self.0.entry(key).or_default())
    }

    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        self.0.len()
    }
}
