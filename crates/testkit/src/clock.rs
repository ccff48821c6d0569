//! The one place where the corpus looks at the clock: a run fixes its time when it starts.

use meshward_engine::config::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time now.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a run through Envoy lives at the real time, so the native run does too"
)]
pub fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
