//! The one place that reads the clock.

use meshward_engine::config::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time now, in microseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is the caller that gives the engine its time"
)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long others take is measured here alone"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
