//! Header fields that can be understood in one way: names are tokens, values have no line breaks, and what may stand once
//! stands once.
//!
//! Values may hold any other bytes, also such that are not UTF-8: they are judged where they are used.

use super::ByteSet;
use super::Headers;
use crate::config;
use crate::verdict::{Reason, Refusal};

/// The fields that decide who calls, where to, and where a message ends. Receivers disagree on which of two counts.
const ONCE: [&str; 4] = ["authorization", "content-length", "content-type", "host"];

/// Adds what is wrong with the fields of a head.
pub(super) fn check(headers: &Headers, bounds: &config::Reading, wrong: &mut Vec<Refusal>) {
    if u32::try_from(headers.len()).map_or(true, |count| count > bounds.max_headers) {
        wrong.push(
            Refusal::new(Reason::TooManyHeaders)
                .expected(format!("at most {} header fields", bounds.max_headers)),
        );
    }
    let (mut tokens, mut breaks) = (true, false);
    // The first value of each field of `ONCE`, and whether there are more.
    let mut once: [(Option<&[u8]>, bool); ONCE.len()] = Default::default();
    for (name, value) in headers.iter() {
        tokens &= is_token(name);
        breaks |= has_line_break(value);
        for ((first, more), known) in once.iter_mut().zip(ONCE) {
            if name == known.as_bytes() {
                *more = first.is_some();
                first.get_or_insert(value);
            }
        }
    }
    if !tokens {
        wrong.push(malformed("names of header fields that are tokens"));
    }
    if breaks {
        wrong.push(malformed("no NUL and no line break in a header field"));
    }
    for (name, (first, more)) in ONCE.into_iter().zip(once) {
        let Some(first) = first else { continue };
        let at = || format!("header.{name}");
        if more || (is_single(name) && is_list(first)) {
            wrong.push(Refusal::at(Reason::HeaderDuplicate, at()));
        } else if name == "content-length" && !is_length(first) {
            wrong.push(
                Refusal::at(Reason::HeadMalformed, at()).expected("a number of bytes, in digits"),
            );
        }
    }
}

/// RFC 9110, section 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    static BYTES: ByteSet = ByteSet::alphanumeric_and(b"!#$%&'*+-.^_`|~");
    !bytes.is_empty() && BYTES.has_all(bytes)
}

/// Looks at every byte, without a branch for each, so that it can be done for many at once: tokens are long.
fn has_line_break(value: &[u8]) -> bool {
    value.iter().fold(false, |found, byte| {
        found | matches!(byte, 0 | b'\r' | b'\n')
    })
}

/// Whether a comma in this field can only come from two fields that somebody joined. In `Authorization` some schemes have
/// commas of their own, and `Host` is compared with the authority.
fn is_single(name: &str) -> bool {
    matches!(name, "content-length" | "content-type")
}

/// Whether a value has a comma outside of quoted strings (RFC 9110, section 5.6.4).
fn is_list(value: &[u8]) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for byte in value {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return true,
            _ => {}
        }
    }
    false
}

/// 19 digits always fit into 64 bits.
fn is_length(value: &[u8]) -> bool {
    (1..=19).contains(&value.len()) && value.iter().all(u8::is_ascii_digit)
}

fn malformed(expected: &str) -> Refusal {
    Refusal::new(Reason::HeadMalformed).expected(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(fields: &[(&[u8], &[u8])]) -> Vec<Reason> {
        let headers = Headers::new(
            fields
                .iter()
                .map(|(name, value)| (name.to_vec(), value.to_vec()))
                .collect(),
        );
        let mut wrong = Vec::new();
        check(&headers, &config::Reading::default(), &mut wrong);
        wrong.into_iter().map(|refusal| refusal.reason).collect()
    }

    #[test]
    fn lets_odd_but_clear_fields_pass() {
        assert!(
            reasons(&[
                (b"x-name", b"caf\xe9"),
                (b"x-name", b"again"),
                (b"cookie", b"a=1"),
                (b"cookie", b"b=2"),
                (b"content-type", b"multipart/related; type=\"a,\\\"b\""),
                (b"authorization", b"Digest a=1, b=2"),
                (b"content-length", b"0"),
            ])
            .is_empty()
        );
    }

    #[test]
    fn refuses_repeated_fields() {
        for name in ["authorization", "content-type", "content-length", "host"] {
            let upper = name.to_ascii_uppercase();
            let fields: [(&[u8], &[u8]); 2] = [(name.as_bytes(), b"5"), (upper.as_bytes(), b"5")];
            assert_eq!(reasons(&fields), [Reason::HeaderDuplicate], "{name}");
        }
        for (name, value) in [
            ("content-length", "5, 5"),
            ("content-type", "text/plain,application/json"),
        ] {
            let fields: [(&[u8], &[u8]); 1] = [(name.as_bytes(), value.as_bytes())];
            assert_eq!(reasons(&fields), [Reason::HeaderDuplicate], "{name}");
        }
    }

    #[test]
    fn refuses_malformed_fields() {
        for (name, value) in [
            ("x y", "1"),
            ("", "1"),
            ("x\u{e9}", "1"),
            ("x", "a\r\nb"),
            ("x", "a\nb"),
            ("x", "a\0b"),
            ("content-length", ""),
            ("content-length", "+5"),
            ("content-length", "0x5"),
            ("content-length", "99999999999999999999"),
        ] {
            let fields: [(&[u8], &[u8]); 1] = [(name.as_bytes(), value.as_bytes())];
            assert_eq!(
                reasons(&fields),
                [Reason::HeadMalformed],
                "{name:?} {value:?}"
            );
        }
    }

    #[test]
    fn bounds_their_number() {
        let field: (&[u8], &[u8]) = (b"x", b"1");
        assert!(reasons(&vec![field; 100]).is_empty());
        assert_eq!(reasons(&vec![field; 101]), [Reason::TooManyHeaders]);
    }
}
