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
    /// What it may owe besides, where requests are charged when they are over: nanoseconds of refilling.
    debt: u64,
}

/// What a bucket says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// There was room; the bucket's new moment.
    Taken(u64),
    /// There is none for so many nanoseconds.
    Full(u64),
    /// There never will be: not even a full bucket holds what this request takes.
    Never,
}

impl Window {
    pub(crate) fn compile(
        at: &str,
        rate: Rate,
        burst: Option<u64>,
        late: bool,
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
            debt: if late { Self::DEBT } else { 0 },
        })
    }

    /// 400 days in nanoseconds: moments stay far below `u64::MAX`.
    const LONGEST: u64 = 400 * 86_400 * 1_000_000_000;
    /// One hour: a response that is far too long does not shut its caller out for a day.
    const DEBT: u64 = 3_600 * 1_000_000_000;

    /// Asks for room for a request of this cost at `now`, in nanoseconds. Also a request that costs nothing yet needs room for 1.
    pub(crate) fn take(&self, moment: u64, now: u64, cost: u64) -> Room {
        let moment = self.clamp(moment, now);
        let needs = self.interval.saturating_mul(cost.max(1));
        if needs > self.capacity {
            return Room::Never;
        }
        let over = moment.saturating_add(needs).saturating_sub(now);
        match over.checked_sub(self.capacity) {
            None | Some(0) => {
                Room::Taken(moment.saturating_add(self.interval.saturating_mul(cost)))
            }
            Some(wait) => Room::Full(wait),
        }
    }

    /// Takes without asking, from a bucket that may owe.
    pub(super) fn charge(&self, moment: u64, now: u64, cost: u64) -> u64 {
        let charged = self
            .clamp(moment, now)
            .saturating_add(self.interval.saturating_mul(cost));
        self.clamp(charged, now)
    }

    /// How many requests of cost 1 still have room, and in how many nanoseconds the bucket is full again.
    pub(super) fn left(&self, moment: u64, now: u64) -> (u64, u64) {
        let used = self.clamp(moment, now).saturating_sub(now);
        let left = self
            .capacity
            .saturating_sub(used)
            .checked_div(self.interval);
        (left.unwrap_or_default(), used)
    }

    /// A moment beyond a full debt cannot come from this window: the policy changed, or the clock was set back.
    fn clamp(&self, moment: u64, now: u64) -> u64 {
        let most = self.capacity.saturating_add(self.debt);
        moment.clamp(now, now.saturating_add(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(requests: u64, period: u64, burst: u64) -> Window {
        Window::compile(
            "",
            Rate { requests, period },
            Some(burst),
            false,
            &mut Vec::new(),
        )
        .unwrap()
    }

    #[test]
    fn a_full_bucket_admits_its_burst_and_then_its_rate() {
        let w = window(10, 1_000_000, 3);
        let mut moment = 0;
        let now = 1_700_000_000_000_000_000;
        for _ in 0..3 {
            match w.take(moment, now, 1) {
                Room::Taken(m) => moment = m,
                Room::Full(_) | Room::Never => panic!("the burst must pass"),
            }
        }
        assert_eq!(w.take(moment, now, 1), Room::Full(100_000_000));
        assert!(matches!(w.take(moment, now + 99_999_999, 1), Room::Full(1)));
        assert!(matches!(
            w.take(moment, now + 100_000_000, 1),
            Room::Taken(_)
        ));
    }

    #[test]
    fn a_clock_that_was_set_back_never_locks_a_bucket_for_longer_than_it_takes_to_fill() {
        let w = window(1, 1_000_000, 5);
        assert_eq!(w.take(u64::MAX, 1_000, 1), Room::Full(1_000_000_000));
    }

    #[test]
    fn a_request_takes_what_it_costs_and_never_more_than_a_full_bucket() {
        let w = window(10, 1_000_000, 5);
        let now = 1_700_000_000_000_000_000;
        let Room::Taken(moment) = w.take(0, now, 4) else {
            panic!("there is room for 4 of 5");
        };
        assert_eq!(w.left(moment, now), (1, 400_000_000));
        assert_eq!(w.take(moment, now, 2), Room::Full(100_000_000));
        assert_eq!(
            w.take(moment, now, 0),
            Room::Taken(moment),
            "it costs nothing"
        );
        assert_eq!(w.take(0, now, 6), Room::Never);
        assert_eq!(w.take(0, now, u64::MAX), Room::Never);
        let Room::Taken(empty) = w.take(moment, now, 1) else {
            panic!("there is room for one more");
        };
        assert_eq!(
            w.take(empty, now, 0),
            Room::Full(100_000_000),
            "an empty bucket"
        );
    }

    #[test]
    fn what_is_charged_afterwards_is_owed_for_an_hour_at_most() {
        let rate = Rate {
            requests: 10,
            period: 1_000_000,
        };
        let w = Window::compile("", rate, Some(5), true, &mut Vec::new()).unwrap();
        let now = 1_700_000_000_000_000_000;
        let moment = w.charge(0, now, 20);
        assert_eq!(moment, now + 2_000_000_000);
        assert_eq!(w.take(moment, now, 0), Room::Full(1_600_000_000));
        assert_eq!(w.charge(moment, now, u64::MAX), now + 3_600_500_000_000);
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
            assert!(
                Window::compile("/limits/x", rate, Some(burst), false, &mut problems).is_none()
            );
            assert_eq!(problems[0].at, "/limits/x/burst");
        }
    }
}
