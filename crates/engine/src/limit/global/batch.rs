//! How much a proxy takes at once, and what came of it.
//!
//! A batch is asked for in parts: one request to the service with several equal descriptors, each with a few hits. The service counts hits
//! also where it then says "over", so the part that does not fit any more is lost, and only that. After it nothing fits, so at most
//! one part is lost in a window, by all proxies together: see [`Batch::new`] for its size.

use super::wire::{self, Status};
use crate::config::Timestamp;

/// So many parts at most, nearly.
const PARTS: u32 = 10;
/// A key's first batch is so many times smaller than a lease, and each further one larger by [`GROWTH`]: who calls seldom leaves little
/// behind unspent on each proxy.
const FIRST: u32 = 10;
const GROWTH: u32 = 4;
/// Near the limit, half of what is left is taken, and not less than a lease divided by this.
const LAST: u32 = 4;

const SECOND: u64 = 1_000_000;

/// What is asked for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batch {
    /// So many parts.
    pub(super) parts: u32,
    /// Of so many hits.
    pub(super) hits: u32,
}

impl Batch {
    /// So many hits that all fit or do not.
    pub(super) const fn whole(hits: u32) -> Self {
        Self { parts: 1, hits }
    }

    /// So many hits. INVARIANT (error): a part is at most a tenth of it, at least 1.
    fn new(size: u32) -> Self {
        let hits = (size / PARTS).max(1);
        Self {
            parts: (size / hits).max(1),
            hits,
        }
    }

    /// The next batch of a key, whose last one was `before` (0 for none) and left so many at the service.
    pub(super) fn after(lease: u32, before: u32, remaining: u32) -> Self {
        if before == 0 {
            return Self::new(lease / FIRST);
        }
        let grown = before.saturating_mul(GROWTH).min(lease);
        let half = remaining.div_ceil(2).max(lease / LAST);
        Self::new(grown.min(half).min(remaining))
    }

    /// All of it.
    pub(super) const fn size(self) -> u32 {
        self.parts.saturating_mul(self.hits)
    }
}

/// What the service gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    /// So many requests may pass.
    pub(super) hits: u32,
    /// So many more are there.
    pub(super) remaining: u32,
    /// There are no more in this window.
    pub(super) over: bool,
    /// When the window ends.
    pub(super) end: u64,
}

/// Reads an answer to a batch. The words say why it is none.
pub(super) fn read(message: &[u8], batch: Batch, now: Timestamp) -> Result<Grant, &'static str> {
    let statuses = wire::response(message).ok_or("its answer is malformed")?;
    if u32::try_from(statuses.len()) != Ok(batch.parts) {
        return Err("its answer is to another request");
    }
    let granted = statuses.iter().filter(|status| !status.over).count();
    let parts = u32::try_from(granted).unwrap_or(0);
    let mut end = u64::MAX;
    for Status { window, reset, .. } in &statuses {
        // It admits what it does not know.
        let window = window.ok_or("it has no such limit")?.saturating_mul(SECOND);
        // It counts in whole seconds: the window ends within the last one.
        let edge = (now.0 / window.max(1))
            .saturating_add(1)
            .saturating_mul(window);
        end = end
            .min(edge)
            .min(now.0.saturating_add(reset.saturating_mul(SECOND)));
    }
    // Where one part did not fit, the count is beyond the limit, and nothing else fits.
    let remaining = statuses.iter().map(|s| s.remaining).min().unwrap_or(0);
    Ok(Grant {
        hits: parts.saturating_mul(batch.hits),
        remaining,
        // Where nothing is left, the next question would only be told so.
        over: remaining == 0,
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(over: bool, remaining: u32) -> (Status, u32) {
        let status = Status {
            over,
            window: Some(60),
            remaining,
            reset: 30,
        };
        (status, 1000)
    }

    #[test]
    fn batches_begin_small_and_end_small() {
        let size = |before, remaining| Batch::after(100, before, remaining).size();
        assert_eq!(size(0, 0), 10);
        assert_eq!(size(10, 990), 40);
        assert_eq!(size(40, 950), 100);
        assert_eq!(size(100, 850), 100);
        assert_eq!(size(100, 150), 75 / 7 * 7);
        assert_eq!(size(100, 30), 24, "in parts of two");
        assert_eq!(size(24, 5), 5);
        assert_eq!(size(5, 0), 1);
        for lease in [0, 1, 3, 9] {
            assert_eq!(Batch::after(lease, 0, 0), Batch::whole(1), "{lease}");
        }
    }

    #[test]
    fn a_part_is_at_most_a_tenth_of_a_lease() {
        for lease in 1..2_000 {
            for before in [0, 1, lease / 3, lease] {
                let batch = Batch::after(lease, before, 1_000_000);
                assert!(batch.hits <= (lease / 10).max(1), "{batch:?}");
                assert!(batch.parts < 2 * PARTS, "{batch:?}");
                assert!(batch.size() <= lease, "{batch:?}");
            }
        }
    }

    #[test]
    fn the_parts_that_fit_are_granted() {
        let now = Timestamp(1_000 * 60 * SECOND + 10 * SECOND);
        let batch = Batch { parts: 3, hits: 10 };
        let message =
            wire::encode_response(&[status(false, 15), status(false, 5), status(true, 0)]);
        let grant = read(&message, batch, now).unwrap();
        assert_eq!((grant.hits, grant.remaining, grant.over), (20, 0, true));
        assert_eq!(grant.end, now.0 + 30 * SECOND);
        let late = Timestamp(1_000 * 60 * SECOND + 59 * SECOND + 900_000);
        let grant = read(&message, batch, late).unwrap();
        assert_eq!(grant.end, 1_001 * 60 * SECOND, "never beyond the window");
    }

    #[test]
    fn what_says_nothing_about_the_limit_is_no_answer() {
        let now = Timestamp(SECOND);
        let unknown = Status {
            over: false,
            window: None,
            remaining: 0,
            reset: 0,
        };
        let message = wire::encode_response(&[(unknown, 0)]);
        assert_eq!(
            read(&message, Batch::whole(1), now),
            Err("it has no such limit")
        );
        let two = wire::encode_response(&[status(false, 1), status(false, 1)]);
        assert!(read(&two, Batch::whole(1), now).is_err());
        assert!(read(b"\x12", Batch::whole(1), now).is_err());
    }
}
