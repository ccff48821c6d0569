//! What comes of a message that the engine has not asked for, and how much of one is here.

use super::{Flow, State, Stream};
use crate::host::Side;

impl<H, J> Stream<H, J> {
    /// What happens to a message that the engine does not ask for.
    pub(super) const fn unjudged(&self, side: Side) -> Flow {
        match (&self.state, side) {
            (State::Upstream(_) | State::Passed(_) | State::HoldsResponse(_), Side::Request) => {
                Flow::Pass
            }
            (
                State::New
                | State::Waits(..)
                | State::Calls(..)
                | State::HoldsRequest(_)
                | State::Answered(..)
                | State::Over,
                Side::Request,
            ) => Flow::Hold,
            (State::HoldsResponse(_) | State::Answered(Side::Response, _), Side::Response) => {
                Flow::Hold
            }
            // Answered on the request's side: this is our own answer on its way. Not yet admitted: it is one that the proxy
            // made, such as 413 for a body over its buffer.
            (
                State::New
                | State::Waits(..)
                | State::Calls(..)
                | State::HoldsRequest(_)
                | State::Upstream(_)
                | State::Passed(_)
                | State::Answered(Side::Request, _)
                | State::Over,
                Side::Response,
            ) => Flow::Pass,
        }
    }

    /// Keeps account of what is held of a message.
    pub(super) const fn note_arrival(&mut self, side: Side, size: usize, end_of_stream: bool) {
        self.held = size;
        if matches!(side, Side::Request) {
            self.complete = end_of_stream;
        }
    }

    pub(super) const fn holds(&self, side: Side) -> bool {
        matches!(
            (&self.state, side),
            (State::HoldsRequest(_), Side::Request) | (State::HoldsResponse(_), Side::Response)
        )
    }
}
