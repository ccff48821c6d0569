//! Questions to servers: what the engine asks of the proxy when a verdict needs to know what only another server knows.
//!
//! The engine sends nothing. It gives a [`Call`], the adapter makes it through one of the proxy's clusters, and brings a
//! [`CallAnswer`]. [`RemoteKeys`] are the keys of one issuer, with the machine that fetches them; a [`Desk`] is where requests wait for
//! their part of a quota that a fleet shares, and an [`Ask`] fetches it. A breaker stops asking whoever does not answer.
//!
//! INVARIANT (bounded): a call has a timeout, and an answer longer than [`MAX_ANSWER`] is none.

mod answer;
mod awaited;
mod breaker;
mod call;
mod location;

pub use crate::identity::remote::{Note, RemoteKeys, Task};
pub use crate::limit::{Ask, Desk, Tally};
pub use awaited::Awaited;
pub use call::{Call, CallAnswer, MAX_ANSWER, Protocol};

pub(crate) use answer::{Fault, json};
pub(crate) use breaker::Breaker;
pub(crate) use location::Location;
