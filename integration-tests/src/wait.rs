//! Waiting for what can be observed, with a deadline.

use std::thread;
use std::time::Duration;

/// How long anything may take on a busy machine: Envoy alone needs seconds to compile the module for every listener.
pub const DEADLINE: Duration = Duration::from_secs(180);

/// Between two looks at something that tells nobody when it changes.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until there is something. `what` names it in the failure.
///
/// # Panics
/// When the deadline passes.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let turns = DEADLINE.as_millis() / PAUSE.as_millis();
    for _ in 0..turns {
        if let Some(found) = look() {
            return found;
        }
        // Between looks: what is waited for ends the wait, the time does not.
        thread::sleep(PAUSE);
    }
    panic!("waited {DEADLINE:?} in vain for {what}")
}

/// Time for reports. Nothing is decided by it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "a report of a run against real servers has no other clock"
    )]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since it was started.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
