//! The parameters of a query, as `application/x-www-form-urlencoded` writes them (WHATWG URL, section 5.1).
//!
//! `&` alone separates: a `;` is a part of a value, as it is for browsers. Empty pieces (`a=1&&b=2`) are no parameters.

use super::percent::{self, Unit};
use crate::verdict::{Reason, Refusal};

/// Reads a query, without its `?`. Time and memory are linear in its length.
///
/// # Errors
/// The first fault: `TargetEncoding` or `TargetAmbiguous`. Control characters are refused in names. In values schemas judge
/// them, except for NUL, at which some servers stop reading.
pub(super) fn read(query: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
    query
        .split(|byte| *byte == b'&')
        .filter(|piece| !piece.is_empty())
        .map(parameter)
        .collect()
}

fn parameter(piece: &[u8]) -> Result<(String, String), Refusal> {
    form(piece).map_err(|fault| match fault {
        Fault::Encoding(expected) => Refusal::new(Reason::TargetEncoding).expected(expected),
        Fault::Ambiguous(expected) => Refusal::new(Reason::TargetAmbiguous).expected(expected),
    })
}

/// Why a piece is no name and value. The words say what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is wrongly encoded.
    Encoding(&'static str),
    /// It can be read in two ways.
    Ambiguous(&'static str),
}

/// One piece between `&`: a name and a value.
///
/// # Errors
/// As [`read`]; a body of a form is read in the same way.
pub(crate) fn form(piece: &[u8]) -> Result<(String, String), Fault> {
    let mut parts = piece.splitn(2, |byte| *byte == b'=');
    let name = decode(parts.next().unwrap_or_default())?;
    let value = decode(parts.next().unwrap_or_default())?;
    if name.chars().any(char::is_control) {
        return Err(Fault::Ambiguous("no control character in a name"));
    }
    if value.contains('\0') {
        return Err(Fault::Ambiguous("no NUL"));
    }
    Ok((name, value))
}

fn decode(text: &[u8]) -> Result<String, Fault> {
    let wrong = Fault::Encoding;
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return String::from_utf8(text.to_vec()).map_err(|_| wrong("UTF-8"));
    }
    let mut decoded = Vec::with_capacity(text.len());
    for unit in percent::units(text) {
        decoded.push(match unit {
            Unit::Plain(b'+') => b' ',
            Unit::Plain(byte) | Unit::Encoded(byte) => byte,
            Unit::Broken => return Err(wrong("two hexadecimal digits after every `%`")),
        });
    }
    String::from_utf8(decoded).map_err(|_| wrong("UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str) -> Result<Vec<(String, String)>, Reason> {
        read(query.as_bytes()).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn reads_parameters_in_order() {
        let read = parameters("a=1&b&=c&&a=2%203+4&d=x=y;z&caf%C3%A9=%2F%0A").unwrap();
        let expected = [
            ("a", "1"),
            ("b", ""),
            ("", "c"),
            ("a", "2 3 4"),
            ("d", "x=y;z"),
            ("caf\u{e9}", "/\n"),
        ];
        let expected: Vec<(String, String)> = expected
            .into_iter()
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect();
        assert_eq!(read, expected);
        assert_eq!(parameters(""), Ok(Vec::new()));
    }

    #[test]
    fn refuses_what_is_wrongly_encoded() {
        for query in ["a=%", "a=%4", "%zz=1", "a=%ff", "a=%c0%af"] {
            assert_eq!(parameters(query), Err(Reason::TargetEncoding), "{query}");
        }
    }

    #[test]
    fn refuses_nul_and_control_characters_in_names() {
        for query in ["a=%00", "a%00=1", "a%0d=1", "x=1&a%7f"] {
            assert_eq!(parameters(query), Err(Reason::TargetAmbiguous), "{query}");
        }
    }
}
