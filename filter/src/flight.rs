//! A request on its way to an upstream that is watched: when it left, when the response began, and when all was over.
//!
//! Where nothing is ever shed there is nothing here, and the proxy is asked nothing.

use crate::host::Host;
use meshward_engine::config::Timestamp;
use meshward_engine::load::Flight;
use meshward_engine::transaction::Transaction;

/// The request, while it is under way.
#[derive(Debug, Default)]
pub(crate) struct UnderWay(Option<Flight>);

impl UnderWay {
    /// An admitted request leaves.
    pub(crate) fn depart(&mut self, transaction: &Transaction, now: Timestamp) {
        self.0 = transaction.depart(now);
    }

    /// Whether somebody asks how it goes.
    pub(crate) const fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// The response begins. `by_proxy`: the proxy made it.
    pub(crate) fn answered(&mut self, host: &impl Host, by_proxy: bool) {
        if let Some(flight) = &mut self.0 {
            flight.answered(by_proxy, host.now());
        }
    }

    /// All is over.
    pub(crate) fn over(&mut self, host: &impl Host) {
        if let Some(flight) = self.0.take() {
            flight.over(host.now());
        }
    }
}
