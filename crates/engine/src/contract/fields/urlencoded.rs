//! `application/x-www-form-urlencoded` (WHATWG URL, section 5.1), as queries are read.
//!
//! One reading: `&` alone separates, every `%` has two digits, all is UTF-8, and no name has a control character.

use super::Piece;
use crate::contract::json::{Fault, FaultKind};
use crate::http::query;
use std::borrow::Cow;

/// The fields of a body, in order; at most `most`.
pub(super) fn read(body: &[u8], most: u32) -> Result<Vec<Piece<'_>>, Fault> {
    let pieces = body.split(|byte| *byte == b'&').filter(|p| !p.is_empty());
    let mut fields = Vec::new();
    for piece in pieces {
        if u32::try_from(fields.len()).map_or(true, |count| count >= most) {
            return Err(Fault::whole(
                FaultKind::Complex,
                format!("expected at most {most} fields"),
            ));
        }
        let (name, value) = query::form(piece).map_err(|fault| {
            let (query::Fault::Encoding(expected) | query::Fault::Ambiguous(expected)) = fault;
            Fault::whole(FaultKind::Malformed, format!("expected {expected}"))
        })?;
        fields.push(Piece {
            name: Cow::Owned(name),
            bytes: Cow::Owned(value.into_bytes()),
            head: Vec::new(),
            content_type: None,
            has_file_name: false,
        });
    }
    Ok(fields)
}
