//! Questions to servers: what the engine asks of the proxy when a verdict needs to know what only another server knows.
//!
//! The engine sends nothing. It gives a [`Call`], the adapter makes it through one of the proxy's clusters, and brings a
//! [`CallAnswer`]. [`RemoteKeys`] are the keys of one issuer, with the machine that fetches them.
//!
//! INVARIANT (bounded): a call has a timeout, and an answer longer than [`MAX_ANSWER`] is none.

mod answer;
mod call;
mod location;

pub use crate::identity::remote::{RemoteKeys, Task};
pub use call::{Call, CallAnswer, MAX_ANSWER};

pub(crate) use answer::{Fault, json};
pub(crate) use location::Location;
