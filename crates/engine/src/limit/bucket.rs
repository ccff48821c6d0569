//! One token bucket, as the generic cell rate algorithm (ITU-T I.371) keeps it: a single moment per bucket.
//!
//! The moment is when the bucket will be full again, in nanoseconds since the Unix epoch; a moment in the past means a full bucket.

use crate::config::Rate;
use crate::problem::{Problem, pointer};

/// One window of a limit: a rate and the size of its bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// As the policy writes it, for headers and explanations.
    pub(crate) rate: Rate,
    /// How many requests a full bucket holds.
    pub(crate) burst: u64,
    /// What one request costs: nanoseconds of refilling.
    interval: u64,
    /// What a full bucket holds: nanoseconds of refilling.
    capacity: u64,
}

/// What a bucket says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// There was room; the bucket's new moment.
    Taken(u64),
    /// There is none for so many nanoseconds.
    Full(u64),
}

impl Window {
    pub(super) fn compile(
        at: &str,
        rate: Rate,
        burst: Option<u64>,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let burst = burst.unwrap_or(rate.requests);
        // INVARIANT (interval): `rate.requests` is at most 1e9 in at least a second, so the interval is at least 1 ns.
        let interval = (rate.period * 1000)
            .checked_div(rate.requests)
            .unwrap_or(1)
            .max(1);
        let capacity = interval
            .checked_mul(burst)
            .filter(|c| (1..=Self::LONGEST).contains(c));
        let Some(capacity) = capacity else {
            problems.push(
                Problem::error(
                    "limit-burst",
                    pointer(at, "burst"),
                    format!("a burst of `{burst}` at `{rate}` is not possible"),
                )
                .hint("use a burst of at least 1 that refills within 400 days"),
            );
            return None;
        };
        Some(Self {
            rate,
            burst,
            interval,
            capacity,
        })
    }

    /// 400 days in nanoseconds: moments stay far below `u64::MAX`.
    const LONGEST: u64 = 400 * 86_400 * 1_000_000_000;

    /// Asks for room for one request at `now`, in nanoseconds.
    pub(crate) fn take(&self, moment: u64, now: u64) -> Room {
        // A moment beyond a full debt cannot come from this window: the policy changed, or the clock was set back.
        let moment = moment.clamp(now, now.saturating_add(self.capacity));
        let next = moment.saturating_add(self.interval);
        match next.saturating_sub(now).checked_sub(self.capacity) {
            None | Some(0) => Room::Taken(next),
            Some(wait) => Room::Full(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(requests: u64, period: u64, burst: u64) -> Window {
        Window::compile("", Rate { requests, period }, Some(burst), &mut Vec::new()).unwrap()
    }

    #[test]
    fn a_full_bucket_admits_its_burst_and_then_its_rate() {
        let w = window(10, 1_000_000, 3);
        let mut moment = 0;
        let now = 1_700_000_000_000_000_000;
        for _ in 0..3 {
            match w.take(moment, now) {
                Room::Taken(m) => moment = m,
                Room::Full(_) => panic!("the burst must pass"),
            }
        }
        assert_eq!(w.take(moment, now), Room::Full(100_000_000));
        assert!(matches!(w.take(moment, now + 99_999_999), Room::Full(1)));
        assert!(matches!(w.take(moment, now + 100_000_000), Room::Taken(_)));
    }

    #[test]
    fn a_clock_that_was_set_back_never_locks_a_bucket_for_longer_than_it_takes_to_fill() {
        let w = window(1, 1_000_000, 5);
        assert_eq!(w.take(u64::MAX, 1_000), Room::Full(1_000_000_000));
    }

    #[test]
    fn impossible_bursts_are_problems() {
        for (rate, burst) in [
            (
                Rate {
                    requests: 1,
                    period: 86_400_000_000,
                },
                401,
            ),
            (
                Rate {
                    requests: 1,
                    period: 1_000_000,
                },
                0,
            ),
        ] {
            let mut problems = Vec::new();
            assert!(Window::compile("/limits/x", rate, Some(burst), &mut problems).is_none());
            assert_eq!(problems[0].at, "/limits/x/burst");
        }
    }
}
