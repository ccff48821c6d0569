//! Load protection: while the upstream of an API has too much to do, requests that matter less are shed before they reach it.
//!
//! - `Load` is what the policy says of one API: bounds for each class of endpoints. [`Gauge`] is what a worker knows of the API's upstream, and
//!   [`Flight`] one request on its way there, which the adapter tells when the response began and when the exchange was over.
//! - Nothing is asked of the proxy for a decision, and nothing is shared between workers: the upstream is slow for all of them alike, and what one
//!   worker has under way needs no other to be counted.
//!
//! INVARIANT (nothing leaks): a request is in flight as long as its [`Flight`] lives, however it ends.

mod flight;
mod gauge;

pub use flight::Flight;
pub use gauge::{Gauge, Gauges};

use crate::config::{self, LoadBounds, Priority, Span, Timestamp};
use crate::problem::{Problem, pointer};
use std::sync::{Arc, OnceLock};

/// How long a client waits at least, where the policy does not say, in seconds.
const RETRY_AFTER: u64 = 2;
/// An hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

/// When requests to one API are shed.
#[derive(Debug)]
pub(crate) struct Load {
    bounds: Bounds,
    retry_after: u64,
    /// Known once the policy serves: a policy that replaces another goes on with its gauge.
    gauge: OnceLock<Arc<Gauge>>,
}

/// The bounds of each class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bounds([Bound; 3]);

/// The bounds of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bound {
    in_flight: Option<u32>,
    /// Microseconds.
    latency: Option<u64>,
}

/// Why a request is shed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// So much is under way.
    InFlight,
    /// It takes the upstream so long.
    Latency,
}

impl Cause {
    /// What was expected, in words.
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::InFlight => "fewer requests in flight",
            Self::Latency => "a quicker upstream",
        }
    }
}

impl Load {
    pub(crate) fn compile(at: &str, config: &config::Load, problems: &mut Vec<Problem>) -> Self {
        let config::Load {
            bulk,
            normal,
            critical,
            retry_after,
        } = config;
        let classes = [
            (Priority::Bulk, bulk),
            (Priority::Normal, normal),
            (Priority::Critical, critical),
        ];
        let bounds = classes.map(|(class, bounds)| {
            let at = pointer(at, class.name());
            bounds.map_or_else(Bound::default, |bounds| {
                Bound::compile(&at, &bounds, problems)
            })
        });
        if classes.iter().all(|(_, bounds)| bounds.is_none()) {
            problems.push(
                Problem::error("load-form", at, "nothing is ever shed").hint(
                    "give a class its bounds, such as `bulk: { inFlight: 100, latency: 500ms }`",
                ),
            );
        }
        let retry_after = retry_after.map_or(RETRY_AFTER, Span::seconds);
        if !(1..=3600).contains(&retry_after) {
            problems.push(
                Problem::error(
                    "load-retry-after",
                    pointer(at, "retryAfter"),
                    "such a `retryAfter` is not possible",
                )
                .hint("use a time from 1s to 1h"),
            );
        }
        Self {
            bounds: Bounds(bounds),
            retry_after,
            gauge: OnceLock::new(),
        }
    }

    /// Goes on with what is known already. Too late once a request was judged.
    pub(crate) fn go_on(&self, gauge: Arc<Gauge>) {
        self.gauge.get_or_init(|| gauge);
    }

    fn gauge(&self) -> &Arc<Gauge> {
        self.gauge.get_or_init(Arc::default)
    }

    /// Whether a request of this class is shed now, and why.
    pub(crate) fn sheds(&self, class: Priority, now: Timestamp) -> Option<Cause> {
        self.gauge().sheds(class, self.bounds.of(class), now)
    }

    /// Puts an admitted request on its way.
    pub(crate) fn depart(&self, now: Timestamp) -> Flight {
        Flight::new(Arc::clone(self.gauge()), self.bounds, now)
    }

    /// How many seconds a client that is shed now is told to wait: from `retryAfter` to twice as long. The moment is what differs between two
    /// clients, down to the microsecond; mixed, so that those who are shed together come back apart.
    pub(crate) const fn retry_after(&self, now: Timestamp) -> u64 {
        let mut mixed = now.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        self.retry_after + mixed % (self.retry_after + 1)
    }

    /// The bounds of a class as they were written, for explanations.
    pub(crate) fn bounds(&self, class: Priority) -> LoadBounds {
        let Bound { in_flight, latency } = self.bounds.of(class);
        LoadBounds {
            in_flight,
            latency: latency.map(Span),
        }
    }
}

impl Bounds {
    const fn of(self, class: Priority) -> Bound {
        let [bulk, normal, critical] = self.0;
        match class {
            Priority::Bulk => bulk,
            Priority::Normal => normal,
            Priority::Critical => critical,
        }
    }
}

impl Bound {
    fn compile(at: &str, bounds: &LoadBounds, problems: &mut Vec<Problem>) -> Self {
        let LoadBounds { in_flight, latency } = *bounds;
        if in_flight.is_none() && latency.is_none() {
            problems.push(
                Problem::error("load-form", at, "this class is never shed")
                    .hint("set `inFlight` or `latency`, or leave the class out"),
            );
        }
        let latency = latency.map(|Span(latency)| latency);
        if latency.is_some_and(|latency| !(1_000..=LONGEST).contains(&latency)) {
            problems.push(
                Problem::error(
                    "load-latency",
                    pointer(at, "latency"),
                    "such a `latency` is not possible",
                )
                .hint("use a time from 1ms to 1h"),
            );
        }
        Self { in_flight, latency }
    }
}

#[cfg(test)]
mod tests;
