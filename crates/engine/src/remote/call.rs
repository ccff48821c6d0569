//! One call and its answer.

use crate::config::Span;
use crate::http::Headers;
use std::fmt;

/// The longest answer that is read, in bytes: room for some hundred keys.
pub const MAX_ANSWER: usize = 64 * 1024;

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// As an HTTP request.
    Http,
    /// As a unary gRPC call: `path` is `/SERVICE/METHOD`, `body` the message, `timeout` the deadline; the rest is the proxy's.
    Grpc,
}

/// A call to a server, through one of the proxy's clusters.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// How it is made.
    pub protocol: Protocol,
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
    /// The message of a gRPC answer with the status OK, at most [`MAX_ANSWER`] long.
    Message(Vec<u8>),
    /// A gRPC call that ended with this status, which is not OK.
    Status(u32),
    /// A response whose body is longer.
    TooLong,
    /// None: no such cluster, no connection, or not in time.
    Failed,
}

impl fmt::Debug for Call {
    // Fields and body may hold a client's secret or a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("protocol", &self.protocol)
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
            Self::Message(message) => f
                .debug_struct("Message")
                .field("length", &message.len())
                .finish(),
            Self::Status(status) => f.debug_tuple("Status").field(status).finish(),
            Self::TooLong => f.write_str("TooLong"),
            Self::Failed => f.write_str("Failed"),
        }
    }
}
