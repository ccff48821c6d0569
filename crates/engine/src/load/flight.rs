//! One request on its way to the upstream.

use super::{Bounds, Gauge};
use crate::config::Timestamp;
use std::sync::Arc;

/// A request in flight, as long as this lives.
#[derive(Debug)]
pub struct Flight {
    gauge: Arc<Gauge>,
    bounds: Bounds,
    departed: Timestamp,
    answered: bool,
}

impl Flight {
    pub(super) fn new(gauge: Arc<Gauge>, bounds: Bounds, now: Timestamp) -> Self {
        gauge.departed();
        Self {
            gauge,
            bounds,
            departed: now,
            answered: false,
        }
    }

    /// The response began. Where the proxy made it, because the upstream did not answer in time or cannot be reached, it says only that the upstream
    /// takes at least as long.
    pub fn answered(&mut self, by_proxy: bool, now: Timestamp) {
        if !self.answered {
            self.answered = true;
            let time = now.0.saturating_sub(self.departed.0);
            self.gauge.took(time, by_proxy, self.bounds, now);
        }
    }

    /// The exchange is over, with or without a response.
    pub fn over(mut self, now: Timestamp) {
        self.answered(true, now);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.gauge.arrived();
    }
}
