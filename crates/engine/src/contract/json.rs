//! Strict JSON: bytes to one value that every receiver reads in the same way, or a fault.
//!
//! The grammar is RFC 8259: one value, UTF-8, no byte order mark, no lone surrogate, no number beyond the range of a double. On top of
//! it, in the same pass: no repeated member, bounded depth, bounded number of values. What is read refers to the bytes: texts without
//! escapes are not copied, and every value knows where it stands.
//!
//! INVARIANT (one reading): what is accepted here, `serde_json` accepts with the same value. A property test holds it to that.
//! INVARIANT (stack): depth is bounded, so that nothing that walks a value recurses further than that.

mod node;
mod number;
mod reader;
mod text;
mod tree;

pub(crate) use node::{Node, Nodes};
pub(super) use tree::Span;
pub(crate) use tree::{Json, Kind};

use crate::verdict::Reason;
use serde_json::Value;

/// Deeper than this no policy may allow.
const DEEPEST: u32 = 100;

/// How much JSON may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// The deepest nesting of arrays and objects.
    pub(super) depth: u32,
    /// The most values, containers included.
    pub(super) values: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            depth: 32,
            values: 50_000,
        }
    }
}

/// Why bytes are not a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// A JSON pointer, where the place is known.
    pub(super) at: Option<String>,
    /// What was expected.
    pub(super) expected: String,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    Malformed,
    Duplicate,
    Deep,
    Complex,
    /// Too many parts.
    Parts,
    /// A part that is too long.
    PartSize,
    /// A part of a wrong content type.
    PartType,
}

impl FaultKind {
    /// The reason for a request.
    pub(super) const fn in_request(self) -> Reason {
        match self {
            Self::Malformed => Reason::BodyMalformed,
            Self::Duplicate => Reason::BodyDuplicateMember,
            Self::Deep => Reason::BodyTooDeep,
            Self::Complex => Reason::BodyTooComplex,
            Self::Parts => Reason::BodyTooManyParts,
            Self::PartSize => Reason::BodyPartTooLarge,
            Self::PartType => Reason::ContentTypeUnsupported,
        }
    }
}

/// Reads one value.
pub(super) fn parse(bytes: &[u8], bounds: Bounds) -> Result<Json<'_>, Fault> {
    reader::read(bytes, bounds)
}

/// Reads one value, which owns its texts.
pub(super) fn read(bytes: &[u8], bounds: Bounds) -> Result<Value, Fault> {
    parse(bytes, bounds).map(Json::into_value)
}

#[cfg(test)]
mod tests;
