//! One call and its answer.

use crate::config::Span;
use crate::http::Headers;
use std::fmt;

/// The longest answer that is read, in bytes: room for some hundred keys.
pub const MAX_ANSWER: usize = 64 * 1024;

/// A call to a server, through one of the proxy's clusters.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The cluster.
    pub cluster: String,
    /// The method.
    pub method: &'static str,
    /// The authority that the server answers to.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// The fields, without pseudo-headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body; none when empty.
    pub body: Vec<u8>,
    /// The longest time for the whole answer.
    pub timeout: Span,
}

/// What came of a call.
#[derive(Clone, PartialEq, Eq)]
pub enum CallAnswer {
    /// A response, complete.
    Response {
        /// Its status.
        status: u16,
        /// Its fields.
        headers: Headers,
        /// Its body, at most [`MAX_ANSWER`] long.
        body: Vec<u8>,
    },
    /// A response whose body is longer.
    TooLong,
    /// None: no such cluster, no connection, or not in time.
    Failed,
}

impl fmt::Debug for Call {
    // Fields and body may hold a client's secret or a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("cluster", &self.cluster)
            .field("method", &self.method)
            .field("authority", &self.authority)
            .field("path", &self.path)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CallAnswer {
    // The body may hold claims.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response { status, body, .. } => f
                .debug_struct("Response")
                .field("status", status)
                .field("length", &body.len())
                .finish_non_exhaustive(),
            Self::TooLong => f.write_str("TooLong"),
            Self::Failed => f.write_str("Failed"),
        }
    }
}
