//! When keys are fetched, and how long they serve: arithmetic alone.

use super::slot::Standing;
use crate::config::{OnFailure, Timestamp};

const SECOND: u64 = 1_000_000;
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: u64 = SECOND / 2;
/// The longest pause: so long may it take until a server that is back is noticed.
const LONGEST_PAUSE: u64 = 10 * SECOND;

/// What the policy says about one issuer's keys. Times are in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) refresh: u64,
    pub(crate) max_stale: u64,
    pub(crate) timeout: u64,
    pub(crate) cooldown: u64,
    pub(crate) on_failure: OnFailure,
}

impl Settings {
    /// How long a key set is fresh: what the issuer says, within what the policy says. An issuer that allows no caching is asked no
    /// more often than for unknown keys.
    pub(super) fn lifetime(&self, max_age: u64) -> u64 {
        max_age.max(self.cooldown).min(self.refresh)
    }

    /// When the keys that stand there are fetched again: before they are old, and not by all proxies at once.
    pub(super) fn refresh_at(&self, standing: &Standing) -> u64 {
        if standing.confirmed == 0 {
            return 0;
        }
        let lifetime = self.lifetime(standing.max_age);
        let early = lifetime / 10 + scatter(standing.confirmed, lifetime / 10);
        standing.confirmed.saturating_add(lifetime - early)
    }

    /// Until when the keys that stand there may be used.
    pub(super) fn serves_until(&self, standing: &Standing) -> u64 {
        standing
            .confirmed
            .saturating_add(self.lifetime(standing.max_age))
            .saturating_add(self.max_stale)
    }

    /// How long a worker has for an attempt: two calls (a discovery, then the keys), and some time to spare.
    pub(super) fn lease(&self) -> u64 {
        self.timeout.saturating_mul(2).saturating_add(SECOND)
    }
}

/// The pause after so many failures in a row: doubled each time, and up to a half of it left out.
pub(super) fn pause(failures: u64, now: Timestamp) -> u64 {
    let doublings = u32::try_from(failures.saturating_sub(1)).map_or(5, |n| n.min(5));
    let whole = (FIRST_PAUSE << doublings).min(LONGEST_PAUSE);
    whole - scatter(now.0, whole / 2)
}

/// A number below `range` that differs between proxies, because their microseconds do. Nothing rests on it being unknown.
fn scatter(seed: u64, range: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 32) % range.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        refresh: 300 * SECOND,
        max_stale: 3600 * SECOND,
        timeout: 2 * SECOND,
        cooldown: 5 * SECOND,
        on_failure: OnFailure::Deny,
    };

    #[test]
    fn the_issuer_may_shorten_the_lifetime_and_not_lengthen_it() {
        assert_eq!(SETTINGS.lifetime(u64::MAX), 300 * SECOND);
        assert_eq!(SETTINGS.lifetime(60 * SECOND), 60 * SECOND);
        assert_eq!(SETTINGS.lifetime(0), 5 * SECOND);
    }

    #[test]
    fn keys_are_fetched_before_they_are_old() {
        for confirmed in [1, 1_000, 1_790_000_000_000_000, 1_790_000_000_123_457] {
            let standing = Standing {
                confirmed,
                max_age: u64::MAX,
                ..Standing::default()
            };
            let after = SETTINGS.refresh_at(&standing) - confirmed;
            assert!((240 * SECOND..=270 * SECOND).contains(&after), "{after}");
            assert_eq!(SETTINGS.serves_until(&standing) - confirmed, 3900 * SECOND);
        }
        assert_eq!(SETTINGS.refresh_at(&Standing::default()), 0);
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        for failures in 1..100 {
            let pause = pause(failures, Timestamp(failures * 7_919));
            let most = (FIRST_PAUSE << (failures - 1).min(5)).min(LONGEST_PAUSE);
            assert!((most / 2..=most).contains(&pause), "{failures}: {pause}");
        }
    }
}
