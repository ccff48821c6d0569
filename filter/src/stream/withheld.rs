//! Bodies that are asked for and never shown: a plugin without `allow_on_headers_stop_iteration`, under a policy that says otherwise.
//!
//! Such a proxy holds the message and calls the filter no more, so that the exchange would stand still. What it has received it still
//! counts: a message that has grown, and was not shown, tells that the setting is missing.

use super::{Flow, State, Stream};
use crate::drive::Judge;
use crate::head;
use crate::host::{Host, Side};
use crate::policy::Holding;
use meshward_engine::transaction::Event;

impl<H: Host, J: Judge> Stream<H, J> {
    /// Whether it holds a message, and it is not sure yet that its body will be shown.
    pub(crate) fn is_doubted(&self) -> bool {
        self.held_side().is_some() && self.holding() != Holding::Works
    }

    /// Of a stream that has just begun to hold a message: what the proxy has received of the request.
    pub(crate) fn received(&self) -> Option<u64> {
        head::received(&self.host)
    }

    /// Of a stream that holds a message: whether its body is there and was not shown, or never will be. `before`: what had been received when
    /// the message was held.
    pub(crate) fn is_withheld(&self, before: Option<u64>) -> bool {
        let missing = self.holding() == Holding::Missing;
        match self.held_side() {
            Some(_) if missing => true,
            Some(Side::Request) => before
                .zip(self.received())
                .is_some_and(|(before, now)| now > before),
            Some(Side::Response) => head::has_answered(&self.host),
            None => false,
        }
    }

    /// Goes on without the body, as the policy says for proxies that cannot hold messages. Gives the side that goes on.
    #[cold]
    pub(crate) fn go_on_without(&mut self) -> Option<Side> {
        let side = self.held_side()?;
        if let Some(loaded) = &self.loaded
            && loaded.holding.replace(Holding::Missing) != Holding::Missing
        {
            self.host.log(
                log::Level::Error,
                &format!(
                    "meshward: the policy `{}` says `delivery.allowOnHeadersStopIteration: true`, and the proxy does not show the bodies of messages that are held: \
                     they are not checked, and such messages are refused, or pass where `delivery.otherwise` or a mode says so. \
                     Set `allow_on_headers_stop_iteration: true` on the Wasm plugin, as `meshward render` does",
                    loaded.policy.name()
                ),
            );
        }
        let (State::HoldsRequest(transaction) | State::HoldsResponse(transaction)) = self.take()
        else {
            return None;
        };
        let flow =
            self.timed(|stream, now| stream.advance(transaction, Event::NotHeld, side, true, now));
        (flow == Flow::Pass).then_some(side)
    }

    /// A body was shown.
    pub(super) fn note_shown(&self) {
        if let Some(loaded) = &self.loaded {
            loaded.holding.set(Holding::Works);
        }
    }

    const fn held_side(&self) -> Option<Side> {
        match &self.state {
            State::HoldsRequest(_) => Some(Side::Request),
            State::HoldsResponse(_) => Some(Side::Response),
            State::New
            | State::Waits(..)
            | State::Calls(..)
            | State::Upstream(_)
            | State::Passed(_)
            | State::Answered(..)
            | State::Over => None,
        }
    }

    fn holding(&self) -> Holding {
        let loaded = self.loaded.as_ref();
        loaded.map_or(Holding::Works, |loaded| loaded.holding.get())
    }
}
