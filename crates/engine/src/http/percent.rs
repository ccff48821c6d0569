//! Percent-encoding (RFC 3986, section 2.1), read one unit at a time, so that every caller treats a broken sequence knowingly.

/// One character of an encoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A byte that stands for itself.
    Plain(u8),
    /// A byte that was written as `%XX`.
    Encoded(u8),
    /// A `%` without two hexadecimal digits after it.
    Broken,
}

/// The units of an encoded text, in order.
#[derive(Debug, Clone)]
pub(crate) struct Units<'a>(&'a [u8]);

/// Reads an encoded text.
pub(crate) const fn units(bytes: &[u8]) -> Units<'_> {
    Units(bytes)
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        let (unit, rest) = match self.0 {
            [] => return None,
            [b'%', high, low, rest @ ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (Unit::Encoded(high << 4 | low), rest),
                _ => (Unit::Broken, rest),
            },
            [b'%', rest @ ..] => (Unit::Broken, rest),
            [byte, rest @ ..] => (Unit::Plain(*byte), rest),
        };
        self.0 = rest;
        Some(unit)
    }
}

/// Appends a byte as `%XX`, in upper case.
pub(crate) fn push_encoded(text: &mut String, byte: u8) {
    text.push('%');
    for half in [byte >> 4, byte & 15] {
        text.push(char::from(if half < 10 {
            b'0' + half
        } else {
            b'A' + half - 10
        }));
    }
}

/// RFC 3986, section 2.3: what never needs encoding.
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units() {
        let all: Vec<Unit> = units(b"a%2f%2").collect();
        assert_eq!(
            all,
            [
                Unit::Plain(b'a'),
                Unit::Encoded(b'/'),
                Unit::Broken,
                Unit::Plain(b'2')
            ]
        );
        assert_eq!(units(b"%zz").next(), Some(Unit::Broken));
    }

    #[test]
    fn every_byte_survives_encoding() {
        for byte in 0..=u8::MAX {
            let mut text = String::new();
            push_encoded(&mut text, byte);
            assert_eq!(text, text.to_ascii_uppercase());
            let read: Vec<Unit> = units(text.as_bytes()).collect();
            assert_eq!(read, [Unit::Encoded(byte)]);
        }
    }
}
