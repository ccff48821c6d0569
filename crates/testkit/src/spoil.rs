//! Breaking a token after it was signed.

use crate::format::Spoil;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value, json};

/// The orders of P-256 and P-384 (SEC 2 §2.4.2, §2.5.1).
const ORDERS: [&str; 2] = [
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
];

/// A token of these parts, broken in this way.
pub(crate) fn spoil(
    how: Option<Spoil>,
    head: &str,
    body: &str,
    signature: &str,
) -> Result<String, String> {
    let Some(how) = how else {
        return Ok(format!("{head}.{body}.{signature}"));
    };
    let bytes = BASE64
        .decode(signature)
        .map_err(|e| format!("signature: {e}"))?;
    let (r, s) = bytes.split_at(bytes.len() / 2);
    let with = |bytes: Vec<u8>| Ok(format!("{head}.{body}.{}", BASE64.encode(bytes)));
    match how {
        Spoil::Signature => {
            let mut bytes = bytes;
            if let Some(byte) = bytes.first_mut() {
                *byte ^= 1;
            }
            with(bytes)
        }
        Spoil::SignatureShort => with(bytes.iter().copied().take(bytes.len() / 4 * 3).collect()),
        Spoil::SignatureLong => with([&[0], bytes.as_slice()].concat()),
        Spoil::SignatureEmpty => Ok(format!("{head}.{body}.")),
        Spoil::SignatureZero => with(vec![0; bytes.len()]),
        Spoil::SignatureHigh => with(vec![0xff; bytes.len()]),
        Spoil::RZero => with([&vec![0; r.len()], s].concat()),
        Spoil::SZero => with([r, &vec![0; s.len()]].concat()),
        Spoil::ROrder => with([order(r.len())?.as_slice(), s].concat()),
        Spoil::SOrder => with([r, order(s.len())?.as_slice()].concat()),
        Spoil::SMirrored => with([r, &difference(&order(s.len())?, s)].concat()),
        Spoil::Der => with(der(r, s)),
        Spoil::Claims => {
            let decoded = BASE64.decode(body).map_err(|e| format!("claims: {e}"))?;
            let mut claims: Map<String, Value> =
                serde_json::from_slice(&decoded).map_err(|e| format!("claims: {e}"))?;
            claims.insert("sub".to_owned(), json!("root"));
            let body = BASE64.encode(Value::Object(claims).to_string());
            Ok(format!("{head}.{body}.{signature}"))
        }
        Spoil::Padding => Ok(format!("{head}.{body}.{signature}=")),
        Spoil::FourParts => Ok(format!("{head}.{body}.{signature}.{signature}")),
        Spoil::TenDots => Ok(format!("{head}.{body}.{signature}........")),
        Spoil::Alphabet => Ok(format!("{head}.{body}.{signature}+/")),
        Spoil::StrayBits => Ok(format!("{head}.{body}.{}", stray(signature)?)),
    }
}

/// The order of the curve whose numbers have so many bytes.
fn order(length: usize) -> Result<Vec<u8>, String> {
    let digits = ORDERS.into_iter().find(|digits| digits.len() == length * 2);
    let digits = digits.ok_or_else(|| "no curve has a signature of this length".to_owned())?;
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16))
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())
}

/// Big-endian numbers of one length, the first not below the second.
fn difference(from: &[u8], take: &[u8]) -> Vec<u8> {
    let mut borrowed = false;
    let mut digits: Vec<u8> = from
        .iter()
        .zip(take)
        .rev()
        .map(|(a, b)| {
            let (digit, below) = a.overflowing_sub(*b);
            let (digit, again) = digit.overflowing_sub(u8::from(borrowed));
            borrowed = below || again;
            digit
        })
        .collect();
    digits.reverse();
    digits
}

/// As other protocols write an ECDSA signature. Both numbers get a zero in front: read as DER strictly it may be wrong, and it
/// is no signature of a token in any case.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let length = |content: usize| u8::try_from(content).unwrap_or(u8::MAX);
    let integer = |number: &[u8]| [&[2, length(number.len() + 1), 0], number].concat();
    let both = [integer(r), integer(s)].concat();
    [&[0x30, length(both.len())], both.as_slice()].concat()
}

/// The last character carries bits that stand for nothing: another one says the same to a lenient reader.
fn stray(signature: &str) -> Result<String, String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let spare = (!signature.len().is_multiple_of(4))
        .then(|| signature.char_indices().next_back())
        .flatten();
    let (at, last) = spare.ok_or_else(|| "the signature has no stray bits".to_owned())?;
    let index = ALPHABET.iter().position(|c| char::from(*c) == last);
    let next = index.and_then(|index| ALPHABET.get(index + 1));
    let next = next.ok_or_else(|| "the signature is not base64url".to_owned())?;
    let (start, _) = signature.split_at(at);
    Ok(format!("{start}{}", char::from(*next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_of_a_mirror_is_the_number() {
        let order = order(32).unwrap();
        let number = [7; 32];
        let mirrored = difference(&order, &number);
        assert_ne!(mirrored, number);
        assert_eq!(difference(&order, &mirrored), number);
    }

    #[test]
    fn stray_bits_are_set_where_there_are_any() {
        assert_eq!(stray("AA").unwrap(), "AB");
        assert!(stray("AAAA").is_err());
    }
}
