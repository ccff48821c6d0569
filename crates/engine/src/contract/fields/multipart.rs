//! `multipart/form-data` (RFC 7578, RFC 2046), read in one way.
//!
//! Receivers disagree on almost everything that lies beside the form which browsers and libraries send: text before the first
//! boundary, a boundary at the wrong place, line feeds alone, headers that are folded or stand twice, names in two encodings.
//! So that form alone is read, and the rest is refused. INVARIANT (boundaries): the boundary stands nowhere but where it divides.

use super::Piece;
use crate::contract::json::{Fault, FaultKind};
use crate::contract::media;
use crate::http::is_token;
use memchr::memmem;
use std::borrow::Cow;

/// The most header fields of one part.
const FIELDS: usize = 8;
/// The longest head of one part.
const HEAD: usize = 4_096;

/// How many parts there may be, and how long one may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::contract) struct Limits {
    pub(in crate::contract) parts: u32,
    pub(in crate::contract) size: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            parts: 100,
            size: u64::MAX,
        }
    }
}

/// The parts of a body, in order.
pub(super) fn read<'b>(
    body: &'b [u8],
    boundary: &str,
    limits: Limits,
) -> Result<Vec<Piece<'b>>, Fault> {
    if !is_boundary(boundary) {
        return Err(wrong("a boundary of 1 to 70 characters (RFC 2046)"));
    }
    let delimiter = format!("--{boundary}");
    let finder = memmem::Finder::new(delimiter.as_bytes());
    let first = body.strip_prefix(delimiter.as_bytes());
    let mut rest = first.ok_or_else(|| wrong("the body to begin with the boundary"))?;
    let mut parts = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            return match end {
                b"" | b"\r\n" => Ok(parts),
                _ => Err(wrong("nothing after the last boundary")),
            };
        }
        if u32::try_from(parts.len()).map_or(true, |count| count >= limits.parts) {
            let expected = format!("expected at most {} parts", limits.parts);
            return Err(Fault::whole(FaultKind::Parts, expected));
        }
        let inner = rest.strip_prefix(b"\r\n");
        let inner = inner.ok_or_else(|| wrong("the end of the line after a boundary"))?;
        let at = finder
            .find(inner)
            .ok_or_else(|| wrong("a boundary after every part"))?;
        let (part, after) = inner.split_at_checked(at).unwrap_or((inner, b""));
        let part = part
            .strip_suffix(b"\r\n")
            .ok_or_else(|| wrong("every boundary at the beginning of a line"))?;
        let piece = one(part)?;
        if piece.bytes.len() as u64 > limits.size {
            let expected = format!("expected at most {} bytes", limits.size);
            return Err(Fault::whole(FaultKind::PartSize, expected).within(&piece.name));
        }
        parts.push(piece);
        rest = after.strip_prefix(delimiter.as_bytes()).unwrap_or_default();
    }
}

/// RFC 2046, section 5.1.1.
fn is_boundary(text: &str) -> bool {
    let characters = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    (1..=70).contains(&text.len()) && text.bytes().all(characters) && !text.ends_with(' ')
}

fn one(part: &[u8]) -> Result<Piece<'_>, Fault> {
    let end = memmem::find(part, b"\r\n\r\n")
        .filter(|end| *end <= HEAD)
        .ok_or_else(|| wrong("the head of every part, and an empty line"))?;
    let (head, body) = part.split_at_checked(end).unwrap_or((part, b""));
    let body = body.strip_prefix(b"\r\n\r\n").unwrap_or_default();
    let head = std::str::from_utf8(head).map_err(|_| wrong("the heads of parts in UTF-8"))?;
    let mut fields: Vec<(String, &str)> = Vec::new();
    let (mut disposition, mut content_type) = (None, None);
    for line in head.split("\r\n") {
        let (name, value) = field(line).ok_or_else(|| wrong("header fields of one line each"))?;
        if fields.len() >= FIELDS || fields.iter().any(|(known, _)| *known == name) {
            return Err(wrong("few header fields in a part, each once"));
        }
        match name.as_str() {
            "content-disposition" => disposition = Some(value),
            "content-type" => {
                let parsed = media::parse(value.as_bytes());
                content_type = Some(parsed.ok_or_else(|| wrong("one content type for a part"))?);
            }
            "content-transfer-encoding"
                if !["binary", "8bit", "7bit"].contains(&value.to_ascii_lowercase().as_str()) =>
            {
                return Err(wrong("parts that are not encoded (RFC 7578, section 4.7)"));
            }
            _ => {}
        }
        fields.push((name, value));
    }
    let (name, has_file_name) = disposition.and_then(named).ok_or_else(|| {
        wrong("`Content-Disposition: form-data` with one `name`, and `filename` for a file")
    })?;
    Ok(Piece {
        name: Cow::Borrowed(name),
        bytes: Cow::Borrowed(body),
        head: fields,
        content_type,
        has_file_name,
    })
}

/// The name in lower case, and the value.
fn field(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim_matches([' ', '\t']);
    let clean = !value.chars().any(|c| c.is_control() && c != '\t');
    (is_token(name.as_bytes()) && clean).then(|| (name.to_ascii_lowercase(), value))
}

/// The name that a disposition gives, and whether it gives a file's too. `filename*` is another encoding of the same name: RFC 7578
/// forbids it. So does Meshward a path in a file's name.
fn named(disposition: &str) -> Option<(&str, bool)> {
    let (kind, rest) = disposition.split_once(';')?;
    if !kind.trim_end().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let (mut name, mut file) = (None, None);
    let mut rest = Some(rest);
    while let Some(text) = rest {
        let (key, value, after) = media::parameter(text)?;
        rest = after;
        let place = match key.to_ascii_lowercase().as_str() {
            "name" => &mut name,
            "filename" => &mut file,
            _ => return None,
        };
        if place.replace(value).is_some() {
            return None;
        }
    }
    let fits = |file: &str| !file.contains('/') && file != "." && file != "..";
    (name.is_some_and(|name| !name.is_empty()) && file.is_none_or(fits))
        .then(|| (name.unwrap_or_default(), file.is_some()))
}

fn wrong(expected: &str) -> Fault {
    Fault::whole(FaultKind::Malformed, format!("expected {expected}"))
}

#[cfg(test)]
mod tests;
