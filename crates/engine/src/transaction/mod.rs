//! The sans-I/O state machine of one exchange: events in, steps out.
//!
//! [`Transaction::handle`] takes the machine by value and gives it back inside the step, so that after a verdict no state
//! is left that could be resumed wrongly. Time comes with every event.

mod effect;

pub use effect::{Answer, Event, Forward, HeaderChange, Query, Reply, Step, Stored};

use crate::Policy;
use crate::config::Timestamp;
use std::sync::Arc;

/// One exchange on its way.
#[derive(Debug)]
pub struct Transaction {}

impl Transaction {
    /// Starts an exchange that arrived at `now`.
    #[must_use]
    pub fn new(policy: Arc<Policy>, now: Timestamp) -> Self {
        let _ = (policy, now);
        Self {}
    }

    /// Takes one event and says what comes next.
    #[must_use]
    pub fn handle(self, event: Event, now: Timestamp) -> Step {
        let _ = (event, now);
        Step::Forward(Box::new(self), Forward::default())
    }
}
