//! Bounds on the head of an endpoint's request, and on the time that its upstream may take.

use super::{Found, HeaderChange, Transaction};
use crate::config::Mode;

/// How long Envoy's router lets the upstream take, in milliseconds. It takes the field out before the request goes on.
const TIMEOUT: &str = "x-envoy-upstream-rq-timeout-ms";
/// The same for each try. A client that could set it would decide how often a request is tried.
const TRY_TIMEOUT: &str = "x-envoy-upstream-rq-per-try-timeout-ms";

impl Transaction {
    /// Holds the request head to the bounds of its endpoint.
    pub(super) fn head_bounds(&mut self) -> Found {
        let Some(endpoint) = self.endpoint() else {
            return Found::Passes;
        };
        match (&endpoint.head_bounds, endpoint.modes.limit) {
            (None, _) | (Some(_), Mode::Off) => Found::Passes,
            (Some(bounds), mode) => {
                let broken = bounds.broken(&self.head, &self.target);
                self.note_all(broken, mode)
            }
        }
    }

    /// Tells the proxy how long the upstream may take. What the client says about it counts nothing then.
    pub(super) fn upstream_timeout(&self, changes: &mut Vec<HeaderChange>) {
        let endpoint = self.endpoint();
        let endpoint = endpoint.filter(|endpoint| endpoint.modes.limit == Mode::Enforce);
        let Some(timeout) = endpoint.and_then(|endpoint| endpoint.timeout) else {
            return;
        };
        for name in [TIMEOUT, TRY_TIMEOUT] {
            if self.head.headers.first(name).is_some() {
                changes.push(HeaderChange::Remove(name.into()));
            }
        }
        changes.push(HeaderChange::Add(TIMEOUT.into(), timeout.to_string()));
    }
}
