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
