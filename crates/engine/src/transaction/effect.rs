//! What goes in and out of a [`Transaction`].

use super::Transaction;
use crate::audit::Record;
use crate::config::Timestamp;
use crate::http::{RequestHead, ResponseHead};
use crate::remote::{Awaited, Call, CallAnswer};
use std::borrow::Cow;
use std::sync::Arc;

/// Something that happened to the exchange.
#[derive(Debug)]
pub enum Event {
    /// The request head arrived.
    Request(Box<RequestHead>),
    /// More of the request body arrived: the whole length so far. Only the length is needed to refuse a body that is too long.
    RequestProgress(usize),
    /// The request body is complete.
    RequestBody(Vec<u8>),
    /// The answer to a [`Step::Ask`].
    Answer(Answer),
    /// After a [`Step::Wait`]: what was waited for may be there, or the time is over.
    Waited {
        /// Whether it cannot wait any longer, whatever the time is.
        enough: bool,
    },
    /// The answer to a [`Step::Call`].
    Called(CallAnswer),
    /// The response head arrived.
    Response(Box<ResponseHead>),
    /// There is no response to judge: none was written down, the upstream gave none or not all of it, or the proxy made one of its own.
    NoResponse,
    /// More of the response body arrived: the whole length so far.
    ResponseProgress(usize),
    /// The response body is complete.
    ResponseBody(Vec<u8>),
    /// After a [`Step::NeedBody`]: the proxy holds the message, and does not show its body.
    NotHeld,
}

/// A question to the store that all workers of a proxy share. It is answered at once, by [`Event::Answer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Reads one slot.
    Get {
        /// The slot's key: from a bounded set.
        key: Arc<str>,
    },
    /// Something about the connection, which only few verdicts need.
    Fact(Fact),
    /// Writes one slot, if it was not written since it was read.
    Set {
        /// The slot's key.
        key: Arc<str>,
        /// Its new content.
        value: Vec<u8>,
        /// The version that was read; `None` where the slot did not exist.
        version: Option<u32>,
    },
}

/// The answer to a [`Query`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To `Get`: the slot, if it exists.
    Slot(Option<Stored>),
    /// To `Fact`: in words, if there is such a thing.
    Fact(Option<String>),
    /// To `Set`: written.
    Written,
    /// To `Set`: somebody else was first; read again.
    Conflict,
    /// The store failed.
    Failed,
}

/// Something about the connection on which the request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The version of TLS; none on a connection without.
    Tls,
    /// The address of the peer.
    Address,
    /// The SHA-256 digest of the peer's certificate, in hexadecimal digits, whether or not it was verified.
    Certificate,
}

/// A slot's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The bytes.
    pub value: Vec<u8>,
    /// The version, for a later `Set`.
    pub version: u32,
}

/// What the adapter does next.
#[derive(Debug)]
pub enum Step {
    /// Answer a question, at once.
    Ask(Box<Transaction>, Query),
    /// Hold the request until this has changed ([`Awaited::epoch`]), or until the moment: then [`Event::Waited`].
    Wait(Box<Transaction>, Awaited, Timestamp),
    /// Hold the request, make this call, and bring what comes of it: [`Event::Called`].
    Call(Box<Transaction>, Call),
    /// Hold what came so far and bring the whole body: [`Event::RequestProgress`] while it grows, then [`Event::RequestBody`]
    /// (in the response phase the same for the response).
    NeedBody(Box<Transaction>),
    /// Let the request go upstream. The response head comes next, if `watch_response` is set.
    Forward(Box<Transaction>, Forward),
    /// Let the response go to the client: the exchange is over.
    Deliver(Box<Record>),
    /// Let the response go to the client with another body: the exchange is over.
    Replace(Box<Record>, Replacement),
    /// Answer the client instead: the exchange is over.
    Reply(Box<Record>, Reply),
}

/// How an admitted request goes upstream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forward {
    /// Changes to the header fields, in order.
    pub headers: Vec<HeaderChange>,
    /// The target in its normal form, where it must replace the raw one.
    pub target: Option<String>,
    /// Whether the response is judged.
    pub watch_response: bool,
    /// Fields that the response carries besides its own, whoever makes it.
    pub response_headers: Vec<HeaderChange>,
}

/// The body that goes to the client instead of the upstream's, and what changes with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replacement {
    /// Changes to the response's header fields, in order.
    pub headers: Vec<HeaderChange>,
    /// The body.
    pub body: Vec<u8>,
}

/// One change to the header fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderChange {
    /// Removes every field of this name.
    Remove(Cow<'static, str>),
    /// Adds a field. None of its name is there: one that came with the request was removed by an earlier change.
    Add(Cow<'static, str>, String),
}

/// The answer to a client that was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The header fields.
    pub headers: Vec<(String, String)>,
    /// The body: `application/problem+json` (RFC 9457).
    pub body: String,
    /// The gRPC status and message, when the caller speaks gRPC: then the adapter answers in gRPC's way.
    pub grpc: Option<(u8, String)>,
}
