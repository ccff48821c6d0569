//! The policy as it is loaded: its limits count as ever, and are too high to be met. Otherwise a load would measure refusals.

use meshward_engine::config::{Document, Limit, Plan, Rate, Window};

/// The highest rate that a policy can have.
const HIGHEST: Rate = Rate {
    requests: 1_000_000_000,
    period: 1_000_000,
};
/// More requests in flight than any load has.
const IN_FLIGHT: u32 = 1 << 20;

/// Lifts every limit.
pub(super) fn lift(document: &mut Document) {
    for limit in document.limits.values_mut() {
        let Limit {
            rate,
            burst,
            windows,
            concurrent,
            plans,
            key: _,
            hold: _,
            cost: _,
            plan_from: _,
            announce: _,
            on_missing: _,
            // Counted by its service, which has limits of its own.
            global: _,
        } = limit;
        raise(rate, burst, windows, concurrent);
        for plan in plans.values_mut() {
            let Plan {
                rate,
                burst,
                windows,
                concurrent,
                requests: _,
            } = plan;
            raise(rate, burst, windows, concurrent);
        }
    }
}

fn raise(
    rate: &mut Option<Rate>,
    burst: &mut Option<u64>,
    windows: &mut [Window],
    concurrent: &mut Option<u32>,
) {
    if let Some(rate) = rate {
        *rate = HIGHEST;
        *burst = None;
    }
    for window in windows {
        *window = Window {
            rate: HIGHEST,
            burst: None,
        };
    }
    if let Some(concurrent) = concurrent {
        *concurrent = IN_FLIGHT;
    }
}
