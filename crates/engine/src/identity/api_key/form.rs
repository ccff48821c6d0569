//! The form of a key: a prefix by which scanners find a leaked one, and a checksum by which they tell it from text that looks like it.
//!
//! `PREFIX RANDOM _ CHECKSUM`: the checksum is the CRC-32 of everything before the last `_`, in six digits of base 62. It keeps
//! nobody out: whoever knows this can make one. It saves a lookup, and tells a mistyped key from one that is not known.

use crate::problem::{Problem, pointer};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The digits of a checksum: 62^6 is more than 2^32.
const LENGTH: usize = 6;
/// The longest prefix, in bytes.
const MAX_PREFIX: usize = 32;

/// What keys must look like.
#[derive(Debug, Default)]
pub(super) struct Form {
    prefix: Option<String>,
    checksum: bool,
}

impl Form {
    pub(super) fn compile(
        at: &str,
        prefix: Option<&str>,
        checksum: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        if let Some(prefix) = prefix
            && !((1..=MAX_PREFIX).contains(&prefix.len())
                && prefix
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
        {
            problems.push(
                Problem::error(
                    "invalid-prefix",
                    pointer(at, "prefix"),
                    format!("`{}` is not a prefix", prefix.escape_debug()),
                )
                .hint("use 1 to 32 letters, digits, `_` and `-`, such as `mwk_`"),
            );
        }
        Self {
            prefix: prefix.map(str::to_owned),
            checksum,
        }
    }

    /// Whether a key has this form.
    pub(super) fn fits(&self, key: &[u8]) -> bool {
        let begins = self
            .prefix
            .as_ref()
            .is_none_or(|prefix| key.starts_with(prefix.as_bytes()));
        begins && (!self.checksum || ends_with_checksum(key))
    }
}

fn ends_with_checksum(key: &[u8]) -> bool {
    let Some((body, [b'_', end @ ..])) = key.split_last_chunk::<{ LENGTH + 1 }>() else {
        return false;
    };
    checksum(body).as_bytes() == end
}

/// The checksum of what stands before a key's last `_`.
#[must_use]
pub fn checksum(body: &[u8]) -> String {
    let mut crc = u32::MAX;
    for byte in body {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let lowest = crc & 1;
            crc >>= 1;
            if lowest == 1 {
                crc ^= 0xedb8_8320;
            }
        }
    }
    let mut rest = !crc;
    let mut digits = [0; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = rest % 62;
        rest /= 62;
    }
    digits.into_iter().map(digit).collect()
}

/// Random bytes as digits of base 62, each byte one; `None` for a byte that would make some digits likelier than others.
#[must_use]
pub fn encode(byte: u8) -> Option<char> {
    (byte < 248).then(|| digit(u32::from(byte) % 62))
}

fn digit(value: u32) -> char {
    let index = usize::try_from(value).unwrap_or_default();
    DIGITS.get(index).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_crc_32_in_base_62() {
        // The check value of CRC-32/ISO-HDLC: 0xcbf43926.
        let value = checksum(b"123456789").bytes().fold(0_u64, |sum, b| {
            let digit = DIGITS.iter().position(|d| *d == b).unwrap();
            sum * 62 + u64::try_from(digit).unwrap()
        });
        assert_eq!(value, 0xcbf4_3926);
        assert_eq!(checksum(b"").len(), LENGTH);
    }

    #[test]
    fn digits_are_all_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for digit in (0..=255).filter_map(encode) {
            *counts.entry(digit).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| *count == 4));
    }

    #[test]
    fn a_key_has_its_prefix_and_its_checksum_or_is_malformed() {
        let form = Form {
            prefix: Some("mwk_".to_owned()),
            checksum: true,
        };
        let key = format!("mwk_abc_{}", checksum(b"mwk_abc"));
        assert!(form.fits(key.as_bytes()));
        for wrong in [
            "mwk_abc",
            "mwk_abc_000000",
            "mwk_abd_000000",
            "_000000",
            "",
            &key.replace("abc", "abd"),
            &key.replace("mwk_", "mwx_"),
            &format!("x{key}"),
        ] {
            assert!(!form.fits(wrong.as_bytes()), "{wrong}");
        }
        assert!(Form::default().fits(b"anything"));
    }
}
