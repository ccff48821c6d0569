//! Load protection: a request may be shed for those that matter more, and an admitted one is in flight until its exchange is over.

use super::{Found, Step, Transaction, reply};
use crate::config::{Mode, Timestamp};
use crate::load::{Cause, Flight, Load};
use crate::verdict::{Reason, Refusal};

impl Transaction {
    /// Sheds the request, or goes on with its limits: what is shed has taken nothing from them.
    pub(super) fn protect(self: Box<Self>, now: Timestamp) -> Step {
        match self.shed(now) {
            None => self.limit(0),
            Some((cause, mode, wait)) => self.shed_for(cause, mode, wait),
        }
    }

    /// Puts an admitted request on its way to the upstream. Whoever carries it there keeps what this gives until the exchange is over. `None` where
    /// nothing is ever shed.
    #[must_use]
    pub fn depart(&self, now: Timestamp) -> Option<Flight> {
        self.load().map(|load| load.depart(now))
    }

    /// Whether the time that the upstream takes is measured, once the request is on its way.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.load().is_some()
    }

    fn load(&self) -> Option<&Load> {
        let api = self.endpoint()?.api;
        self.policy.apis.get(api)?.load.as_ref()
    }

    fn shed(&self, now: Timestamp) -> Option<(Cause, Mode, u64)> {
        let load = self.load()?;
        let endpoint = self.endpoint()?;
        let mode = endpoint.modes.limit;
        if mode == Mode::Off {
            return None;
        }
        let cause = load.sheds(endpoint.priority, now)?;
        Some((cause, mode, load.retry_after(now)))
    }

    #[cold]
    fn shed_for(mut self: Box<Self>, cause: Cause, mode: Mode, wait: u64) -> Step {
        let refusal = Refusal::new(Reason::LoadShed).expected(cause.expected());
        match self.note(refusal, mode) {
            Found::Passes => self.limit(0),
            Found::Refused(refusal) => {
                let mut reply = reply::refusal(&self, &refusal);
                reply
                    .headers
                    .push(("retry-after".to_owned(), wait.to_string()));
                self.end(refusal.reason, reply)
            }
        }
    }
}
