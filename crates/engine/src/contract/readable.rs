//! Bodies as values, for controls that look at single members whether or not the contract is enforced.
//!
//! The bounds are those of the contract. What is not JSON in one reading has no value.

use super::Contract;
use super::body::Length;
use super::encoded::Encoded;
use super::json;
use super::media::{self, Sent};
use super::response::{self, ResponseContract};
use crate::http::{Headers, RequestHead, ResponseHead};
use serde_json::Value;

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
    pub(crate) fn value(&self, head: &RequestHead, body: &[u8]) -> Option<Value> {
        if !is_json(&head.headers) || self.check_size(body.len()).is_some() {
            return None;
        }
        json::read(body, self.body.bounds()).ok()
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
    pub(crate) fn value(&self, head: &ResponseHead, body: &[u8]) -> Option<Value> {
        if !is_json(&head.headers) || self.check_size(body.len()).is_some() {
            return None;
        }
        json::read(body, response::BOUNDS).ok()
    }
}

/// Whether a head announces JSON that lies open.
fn is_json(headers: &Headers) -> bool {
    match media::sent(headers) {
        Sent::Type(sent) => sent.is_json() && sent.is_utf8() && !Encoded::hides(headers),
        Sent::Missing | Sent::Unreadable => false,
    }
}
