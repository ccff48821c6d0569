//! Texts in quotes, as RFC 8259 writes them.

/// The text that begins `at` this byte and means itself up to `end`, and where its closing quote ends. The error is where it breaks.
pub(super) fn escaped(text: &str, at: usize, mut end: usize) -> Result<(String, usize), usize> {
    let mut out = text.get(at..end).ok_or(at)?.to_owned();
    loop {
        let at = match text.as_bytes().get(end) {
            Some(b'"') => return Ok((out, end + 1)),
            Some(b'\\') => escape(text, end + 1, &mut out)?,
            _ => return Err(end),
        };
        end = plain(text, at);
        out.push_str(text.get(at..end).ok_or(at)?);
    }
}

/// Where a stretch that means itself ends: at a quote, a backslash, a control character or the end.
pub(super) fn plain(text: &str, mut at: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let mut rest = text.as_bytes().get(at..).unwrap_or_default();
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // A byte below a bound borrows from its highest bit. A borrow may mark the bytes above it as well: only the lowest mark counts.
        // With the second bit turned round a quote comes to stand above the control characters, which stay among themselves.
        let control_or_quote = (word ^ (ONES * 2)).wrapping_sub(ONES * 0x21);
        let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
        let marks = (control_or_quote | backslash) & !word & HIGH;
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
        rest = after;
    }
    let stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    at + rest.iter().position(stop).unwrap_or(rest.len())
}

/// Reads what follows a backslash, and says where it ends.
fn escape(text: &str, at: usize, out: &mut String) -> Result<usize, usize> {
    let plain = match text.as_bytes().get(at).ok_or(at)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text, at + 1, out),
        _ => return Err(at),
    };
    out.push(plain);
    Ok(at + 1)
}

/// Reads four digits, or two times four with the second escape: lone surrogates are no text.
fn unicode(text: &str, at: usize, out: &mut String) -> Result<usize, usize> {
    let first = unit(text, at)?;
    if let Some(plain) = char::from_u32(first) {
        out.push(plain);
        return Ok(at + 4);
    }
    let pair = text.as_bytes().get(at + 4..at + 6) == Some(br"\u");
    if !pair || first >= 0xdc00 {
        return Err(at);
    }
    let second = unit(text, at + 6)?;
    if !(0xdc00..0xe000).contains(&second) {
        return Err(at);
    }
    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    out.push(char::from_u32(code).ok_or(at)?);
    Ok(at + 10)
}

fn unit(text: &str, at: usize) -> Result<u32, usize> {
    let digits = text.as_bytes().get(at..at + 4).ok_or(text.len())?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or(at)?;
        Ok(unit << 4 | digit)
    })
}

#[cfg(test)]
mod tests {
    use super::{escaped, plain};

    #[test]
    fn finds_every_end_at_every_place() {
        for stop in ['"', '\\', '\u{0}', '\u{1f}', '\n'] {
            for before in 0..20 {
                // What stands around it has bits that a careless search takes for the end.
                for around in [" ", "!", "#", "[", "]", "\u{80}", "ÿ", "\u{7f}"] {
                    let text = format!("{}{stop}{}", around.repeat(before), around.repeat(9));
                    assert_eq!(plain(&text, 0), around.len() * before, "{text:?}");
                }
            }
        }
        assert_eq!(plain("abcdefghij", 3), 10);
    }

    #[test]
    fn reads_escapes() {
        let text = r#"a\"\\\/\b\f\n\r\t\u0041\ud83d\ude00z" rest"#;
        let (read, end) = escaped(text, 0, plain(text, 0)).expect("a text");
        assert_eq!(read, "a\"\\/\u{8}\u{c}\n\r\tA😀z");
        assert_eq!(text.get(end..), Some(" rest"));
    }
}
