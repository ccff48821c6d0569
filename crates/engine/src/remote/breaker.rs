//! Not asking a server that does not answer: requests then fail at once instead of each waiting in vain.

use crate::config::Timestamp;

const SECOND: u64 = 1_000_000;
/// So many failures in a row open it.
const PATIENCE: u32 = 3;
/// The longest pause, as a power of two of seconds.
const MOST_DOUBLINGS: u32 = 3;

/// How a server has answered lately.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    open_until: u64,
    /// Whether its pauses do not grow.
    steady: bool,
}

impl Breaker {
    /// One whose pauses stay at a second: for a server without which nothing is counted, so that it is found again soon.
    pub(crate) fn steady() -> Self {
        Self {
            steady: true,
            ..Self::default()
        }
    }

    /// Whether the server is not asked now.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        now.0 < self.open_until
    }

    /// How long it is not asked, in seconds, rounded up.
    pub(crate) fn seconds_left(&self, now: Timestamp) -> u64 {
        self.open_until.saturating_sub(now.0).div_ceil(SECOND)
    }

    /// It answered.
    pub(crate) fn answered(&mut self) {
        *self = Self {
            steady: self.steady,
            ..Self::default()
        };
    }

    /// It did not. What was asked before the pause and fails during it does not make it longer.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        if self.is_open(now) {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if let Some(doublings) = self.failures.checked_sub(PATIENCE) {
            let most = if self.steady { 0 } else { MOST_DOUBLINGS };
            let pause = SECOND << doublings.min(most);
            self.open_until = now.0.saturating_add(pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_open_it_and_one_answer_closes_it() {
        let mut breaker = Breaker::default();
        let at = |seconds: u64| Timestamp(seconds * SECOND);
        breaker.failed(at(0));
        breaker.failed(at(0));
        assert!(!breaker.is_open(at(0)));
        breaker.failed(at(0));
        assert!(breaker.is_open(at(0)));
        assert_eq!(breaker.seconds_left(at(0)), 1);
        breaker.failed(at(0));
        assert!(!breaker.is_open(at(1)));
        breaker.failed(at(1));
        assert_eq!(breaker.seconds_left(at(1)), 2);
        for second in 10..100 {
            breaker.failed(at(second));
            assert!(breaker.seconds_left(at(second)) <= 8);
        }
        breaker.answered();
        assert!(!breaker.is_open(at(10)));
    }

    #[test]
    fn a_steady_one_looks_every_second() {
        let mut breaker = Breaker::steady();
        let at = |seconds: u64| Timestamp(seconds * SECOND);
        breaker.answered();
        for second in 0..100 {
            breaker.failed(at(second));
            assert!(breaker.seconds_left(at(second)) <= 1);
        }
        assert!(!breaker.is_open(at(100)));
    }
}
