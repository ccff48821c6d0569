//! What a request can wait for, besides the answer to a call of its own.

use super::{Desk, RemoteKeys};
use std::sync::Arc;

/// What a request waits for: an adapter fetches it, for all requests at once.
#[derive(Debug, Clone)]
pub enum Awaited {
    /// An issuer's keys.
    Keys(Arc<RemoteKeys>),
    /// A part of a quota that a fleet shares.
    Lease(Arc<Desk>),
}

impl Awaited {
    /// Grows whenever requests that wait may find something else.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        match self {
            Self::Keys(keys) => keys.epoch(),
            Self::Lease(desk) => desk.epoch(),
        }
    }
}
