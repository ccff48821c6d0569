//! Texts in quotes, as RFC 8259 writes them.

use std::borrow::Cow;

/// The text that begins after a quote `at` this byte, and where its closing quote ends. The error is where it breaks.
pub(super) fn read(text: &str, at: usize) -> Result<(Cow<'_, str>, usize), usize> {
    let end = plain(text, at);
    let first = text.get(at..end).ok_or(at)?;
    if text.as_bytes().get(end) == Some(&b'"') {
        return Ok((Cow::Borrowed(first), end + 1));
    }
    let mut out = first.to_owned();
    let mut at = end;
    loop {
        match text.as_bytes().get(at) {
            Some(b'"') => return Ok((Cow::Owned(out), at + 1)),
            Some(b'\\') => at = escape(text, at + 1, &mut out)?,
            _ => return Err(at),
        }
        let end = plain(text, at);
        out.push_str(text.get(at..end).ok_or(at)?);
        at = end;
    }
}

/// Where a stretch that means itself ends: at a quote, a backslash, a control character or the end.
fn plain(text: &str, at: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let (chunks, last) = rest.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        // A byte that is zero borrows from its highest bit. A borrow may mark the bytes above it as well: only the lowest mark counts.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let quote = zero(word ^ (ONES * u64::from(b'"')));
        let marks = control | quote | zero(word ^ (ONES * u64::from(b'\\')));
        if marks != 0 {
            return at + index * 8 + (marks.trailing_zeros() / 8) as usize;
        }
    }
    let stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    let left = last.iter().position(stop).unwrap_or(last.len());
    at + chunks.len() * 8 + left
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
    use super::{plain, read};

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
        let (read, end) = read(text, 0).expect("a text");
        assert_eq!(read, "a\"\\/\u{8}\u{c}\n\r\tA😀z");
        assert_eq!(text.get(end..), Some(" rest"));
    }
}
