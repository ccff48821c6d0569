//! Bodies as values, for controls that look at single members whether or not the contract is enforced.
//!
//! The bounds are those of the contract. What is not JSON in one reading has no value.

use super::Contract;
use super::body::Length;
use super::encoded::Encoded;
use super::json::{self, Json};
use super::media::{self, Sent};
use super::response::{self, ResponseContract};
use crate::http::{Headers, RequestHead, ResponseHead};

/// A body that is there.
#[derive(Debug)]
pub(crate) struct Held<'b> {
    pub(crate) bytes: &'b [u8],
    /// What it says, where the contract has read it already: by the same bounds, and unchanged.
    pub(super) value: Option<Json<'b>>,
}

impl<'b> Held<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, value: None }
    }
}

impl Contract {
    /// Whether a body follows that may have a value.
    pub(crate) fn is_readable(&self, head: &RequestHead) -> bool {
        let length = Length::of(&head.headers, head.end_of_stream);
        let too_long = |length: u64| {
            usize::try_from(length).map_or(true, |length| self.check_size(length).is_some())
        };
        is_json(&head.headers)
            && match length {
                Length::Known(0) => false,
                Length::Known(length) => !too_long(length),
                Length::Unknown => true,
            }
    }

    /// The value of a request's body, if it has one.
    pub(crate) fn value<'b>(&self, head: &RequestHead, body: Held<'b>) -> Option<Json<'b>> {
        if body.value.is_some() {
            return body.value;
        }
        if !is_json(&head.headers) || self.check_size(body.bytes.len()).is_some() {
            return None;
        }
        json::parse(body.bytes, self.body.bounds()).ok()
    }
}

impl ResponseContract {
    /// Whether a body follows that may have a value.
    pub(crate) fn is_readable(&self, head: &ResponseHead) -> bool {
        is_json(&head.headers)
            && match Length::of(&head.headers, head.end_of_stream) {
                Length::Known(length) => response::check_length(length).is_none(),
                Length::Unknown => true,
            }
    }

    /// The value of a response's body, if it has one.
    pub(crate) fn value<'b>(&self, head: &ResponseHead, body: Held<'b>) -> Option<Json<'b>> {
        if body.value.is_some() {
            return body.value;
        }
        if !is_json(&head.headers) || self.check_size(body.bytes.len()).is_some() {
            return None;
        }
        json::parse(body.bytes, response::BOUNDS).ok()
    }
}

/// Whether a head announces JSON that lies open.
fn is_json(headers: &Headers) -> bool {
    match media::sent(headers) {
        Sent::Type(sent) => sent.is_json() && sent.is_utf8() && !Encoded::hides(headers),
        Sent::Missing | Sent::Unreadable => false,
    }
}
