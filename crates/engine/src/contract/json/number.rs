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
    let digits = bytes.get(first..end).unwrap_or_default();
    let number = if end == whole {
        integer(digits, negative)
    } else {
        short(digits, negative)
    };
    let number = number.or_else(|| any(text.get(at..end)?)).ok_or(end)?;
    Ok((number, end))
}

/// Any number, but slower. `None` for what is not finite.
#[inline(never)]
fn any(text: &str) -> Option<Number> {
    Number::from_f64(text.parse().ok()?)
}

/// A number with a fraction and no exponent, of so few digits that a double holds all of them as an integer: as ten to the power of their
/// number does, the quotient is rounded once, and rightly (W. D. Clinger, "How to read floating point numbers accurately").
fn short(digits: &[u8], negative: bool) -> Option<Number> {
    const MOST: usize = 15;
    if digits.len() > MOST + 1 {
        return None;
    }
    let (mut value, mut scale) = (0_u64, 0_u64);
    for digit in digits {
        match digit {
            b'0'..=b'9' => {
                value = value * 10 + u64::from(digit - b'0');
                scale *= 10;
            }
            b'.' => scale = 1,
            _ => return None,
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "fifteen digits are fewer than 2^53"
    )]
    let double = value as f64 / scale as f64;
    Number::from_f64(if negative { -double } else { double })
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
