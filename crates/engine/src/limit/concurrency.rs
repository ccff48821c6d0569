//! Requests in flight: how many of a key were admitted and have not ended.
//!
//! Time is cut into generations of `hold`. A request counts in the generation in which it began, and in two numbers each bucket keeps the
//! counts of this generation and the one before. Older ones are forgotten: so a request whose end nobody saw, because its worker was lost, is held
//! against its key for one to two times `hold`, and never for ever.
//!
//! A number is the moment at which its generation is forgotten, with the count in its lowest 24 bits (17 ms): like any other number of a
//! bucket, it is in use while it lies in the future.

/// A bound on requests in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Concurrency {
    /// The most requests.
    pub(crate) most: u32,
    /// The length of a generation, in nanoseconds.
    pub(super) hold: u64,
}

/// The generation in which a request began: it names the count from which its end takes 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

const COUNT: u64 = (1 << 24) - 1;

impl Concurrency {
    /// The most that a count holds.
    pub(super) const MOST: u32 = 1 << 20;

    /// Counts one more request, unless there are as many as may be. Says how many more there may be.
    pub(super) fn begin(self, counts: &mut [u64; 2], now: u64) -> Option<(Generation, u64)> {
        let number = now.checked_div(self.hold).unwrap_or_default();
        let ends = number
            .saturating_add(2)
            .saturating_mul(self.hold)
            // At least the count's own width away, so that it is in use.
            .max(now.saturating_add(2 * COUNT));
        let generation = Generation(ends & !COUNT);
        let [even, odd] = counts;
        for count in [&mut *even, &mut *odd] {
            // Forgotten, or of a clock that was set back.
            if *count <= now || *count > now.saturating_add(self.hold.saturating_mul(2) + 4 * COUNT)
            {
                *count = 0;
            }
        }
        let flying = (*even & COUNT) + (*odd & COUNT);
        let left = u64::from(self.most).checked_sub(flying + 1)?;
        let own = if number.is_multiple_of(2) { even } else { odd };
        // Of another generation only where the policy changed `hold`: its requests stay counted, in this one.
        let count = (*own & COUNT) + 1;
        *own = generation.0 | count.min(COUNT);
        Some((generation, left))
    }
}

impl Generation {
    /// A request that began in it has ended. Whether anything changed: a generation that is forgotten does not.
    pub(super) fn end(self, counts: &mut [u64; 2]) -> bool {
        let Some(count) = counts
            .iter_mut()
            .find(|count| **count & !COUNT == self.0 && **count & COUNT > 0)
        else {
            return false;
        };
        *count -= 1;
        if *count & COUNT == 0 {
            *count = 0;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000_000_000;
    const HOLD: u64 = 300_000_000_000;
    const THREE: Concurrency = Concurrency {
        most: 3,
        hold: HOLD,
    };

    #[test]
    fn as_many_as_may_be_and_one_more_for_each_that_ends() {
        let mut counts = [0; 2];
        let (first, left) = THREE.begin(&mut counts, NOW).unwrap();
        assert_eq!(left, 2);
        assert!(THREE.begin(&mut counts, NOW).is_some());
        assert!(
            THREE.begin(&mut counts, NOW + HOLD).is_some(),
            "the next generation"
        );
        assert!(THREE.begin(&mut counts, NOW + HOLD).is_none());
        assert!(first.end(&mut counts));
        assert!(THREE.begin(&mut counts, NOW + HOLD).is_some());
        assert!(THREE.begin(&mut counts, NOW + HOLD).is_none());
    }

    #[test]
    fn what_nobody_ended_is_forgotten_after_twice_the_hold_and_not_before_once() {
        let mut counts = [0; 2];
        let held: Vec<_> = (0..3)
            .filter_map(|_| THREE.begin(&mut counts, NOW))
            .collect();
        assert_eq!(held.len(), 3);
        assert!(
            THREE
                .begin(&mut counts, NOW + HOLD - 1_000_000_000)
                .is_none()
        );
        assert!(THREE.begin(&mut counts, NOW + 2 * HOLD).is_some());
        assert!(!held[0].0.end(&mut counts), "it is forgotten");
        let (_, left) = THREE.begin(&mut counts, NOW + 2 * HOLD).unwrap();
        assert_eq!(left, 1);
    }

    #[test]
    fn ends_never_count_below_nothing_and_an_empty_bucket_is_not_in_use() {
        let mut counts = [0; 2];
        let (generation, _) = THREE.begin(&mut counts, NOW).unwrap();
        assert!(counts.iter().any(|c| *c > NOW));
        assert!(generation.end(&mut counts));
        assert_eq!(counts, [0; 2]);
        assert!(!generation.end(&mut counts));
    }

    #[test]
    fn a_clock_that_was_set_back_shuts_nobody_out() {
        let mut counts = [u64::MAX; 2];
        assert!(THREE.begin(&mut counts, NOW).is_some());
    }
}
