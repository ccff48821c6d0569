//! One reading of a target: decoded once, for everybody.

use super::RequestHead;
use crate::config;
use crate::verdict::{Reason, Refusal};

/// A target in its normal form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The host: lower case, without port and final dot.
    pub host: String,
    /// The path's segments, percent-decoded. `/` has none; a final slash gives an empty last segment.
    pub segments: Vec<String>,
    /// The query's parameters in order, percent-decoded (`+` is a space).
    pub query: Vec<(String, String)>,
    /// The target to send upstream, when the raw one was not in its normal form.
    pub rewritten: Option<String>,
}

/// Reads a request head.
///
/// # Errors
/// The first thing that makes the head refusable; see the `reading` reasons.
pub fn read(head: &RequestHead, bounds: &config::Reading) -> Result<Target, Refusal> {
    let _ = (head, bounds);
    Err(Refusal::new(Reason::HeadMalformed))
}
