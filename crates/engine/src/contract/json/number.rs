//! Numbers, as RFC 8259 writes them.

use serde_json::Number;

/// The number that begins `at` this byte, and where it ends. The error is where it breaks; what no double can hold is none.
pub(super) fn read(text: &str, at: usize) -> Result<(Number, usize), usize> {
    let bytes = text.as_bytes();
    let negative = bytes.get(at) == Some(&b'-');
    let first = at + usize::from(negative);
    let whole = digits(bytes, first)?;
    if bytes.get(first) == Some(&b'0') && whole > first + 1 {
        return Err(first + 1);
    }
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') {
        end = digits(bytes, end + 1)?;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
        end = digits(bytes, end + 1 + usize::from(sign))?;
    }
    let integer = (end == whole).then(|| integer(bytes.get(first..end)?, negative));
    if let Some(number) = integer.flatten() {
        return Ok((number, end));
    }
    let double = text.get(at..end).and_then(|text| text.parse().ok());
    // `None` for what is not finite.
    let number = double.and_then(Number::from_f64).ok_or(end)?;
    Ok((number, end))
}

/// Where the digits end that stand at a place; there must be one.
fn digits(bytes: &[u8], at: usize) -> Result<usize, usize> {
    let rest = bytes.get(at..).unwrap_or_default();
    let count = rest
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(rest.len());
    if count == 0 { Err(at) } else { Ok(at + count) }
}

/// Digits as an integer, where one of 64 bits can hold it. The negative zero is none.
fn integer(digits: &[u8], negative: bool) -> Option<Number> {
    let mut value = 0_u64;
    for digit in digits {
        let digit = u64::from(digit.wrapping_sub(b'0'));
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    if !negative {
        return Some(value.into());
    }
    let value = 0_i64.checked_sub_unsigned(value)?;
    (value != 0).then(|| value.into())
}
