//! `Content-Encoding`: which bodies are encoded, and what is in them.
//!
//! INVARIANT (bounded): no more is decoded than a body may have, whatever was sent. INVARIANT (one reading): one gzip member with
//! its right checksum and length, and nothing after it: receivers disagree on whether they read on.

use crate::http::Headers;
use crate::verdict::{Reason, Refusal};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoded {
    /// Not.
    Not,
    /// In gzip, once.
    Gzip,
    /// In a way that hides its content. The words say what was expected.
    Otherwise(&'static str),
}

impl Encoded {
    /// What a head says.
    pub(super) fn of(headers: &Headers) -> Self {
        let plain = |value: &&[u8]| {
            !value.trim_ascii().is_empty() && !value.trim_ascii().eq_ignore_ascii_case(b"identity")
        };
        let mut values = headers.all("content-encoding").filter(plain);
        match (values.next(), values.next()) {
            (None, _) => Self::Not,
            (Some(value), None) if value.trim_ascii().eq_ignore_ascii_case(b"gzip") => Self::Gzip,
            (Some(_), _) => Self::Otherwise("expected no `Content-Encoding`, or `gzip`"),
        }
    }

    /// Whether it hides the content.
    pub(super) fn hides(headers: &Headers) -> bool {
        Self::of(headers) != Self::Not
    }
}

/// What is in a body in gzip (RFC 1952), at most `most` bytes.
pub(super) fn gunzip(body: &[u8], most: u64) -> Result<Vec<u8>, Refusal> {
    let broken = || {
        Refusal::at(Reason::BodyMalformed, "header.content-encoding")
            .expected("expected one whole gzip member")
    };
    let packed = payload(body).ok_or_else(broken)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    // The length that the body states is but a claim: more is taken only when it is needed.
    let mut decoded = vec![0; packed.len().saturating_mul(4).clamp(1, most.max(1))];
    let mut state = Box::<DecompressorOxide>::default();
    let (mut read, mut written) = (0, 0);
    loop {
        let rest = packed.get(read..).unwrap_or_default();
        let (status, taken, given) = decompress(
            &mut state,
            rest,
            &mut decoded,
            written,
            TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        );
        read += taken;
        written += given;
        if status == TINFLStatus::Done {
            break;
        }
        if status != TINFLStatus::HasMoreOutput {
            return Err(broken());
        }
        if decoded.len() >= most {
            return Err(Refusal::new(Reason::BodyTooLarge)
                .expected(format!("expected at most {most} bytes, decoded")));
        }
        let length = decoded.len().saturating_mul(2).min(most);
        decoded.resize(length, 0);
    }
    decoded.truncate(written);
    let number = |bytes: Option<&[u8]>| Some(u32::from_le_bytes(bytes?.try_into().ok()?));
    let trailer = packed.get(read..).filter(|trailer| trailer.len() == 8);
    let trailer = trailer.ok_or_else(broken)?;
    let fits = number(trailer.get(..4)) == Some(crc32(&decoded))
        && number(trailer.get(4..)) == u32::try_from(written).ok();
    if fits { Ok(decoded) } else { Err(broken()) }
}

/// What follows the header. A name or a comment in it says nothing, and is skipped; `FHCRC` and reserved flags nobody sends.
fn payload(body: &[u8]) -> Option<&[u8]> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, rest @ ..] = body else {
        return None;
    };
    if flags & !(EXTRA | NAME | COMMENT | 1) != 0 {
        return None;
    }
    let mut rest = rest;
    if flags & EXTRA != 0 {
        let (length, after) = rest.split_at_checked(2)?;
        let length = u16::from_le_bytes(length.try_into().ok()?);
        rest = after.get(usize::from(length)..)?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    Some(rest)
}

/// RFC 1952, section 8.
fn crc32(bytes: &[u8]) -> u32 {
    static TABLE: [u32; 256] = table();
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        TABLE
            .get(usize::from(low ^ byte))
            .copied()
            .unwrap_or_default()
            ^ (crc >> 8)
    })
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index: u32 = 0;
    while index < 256 {
        let mut value = index;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                0xedb8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "computed when this is compiled: an index out of bounds does not compile"
        )]
        {
            table[index as usize] = value;
        }
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{crc32, gunzip};
    use crate::verdict::Reason;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut body = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 255];
        body.extend(b"name\0");
        body.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
        body.extend(crc32(text).to_le_bytes());
        body.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        body
    }

    fn reason(body: &[u8], most: u64) -> Option<Reason> {
        gunzip(body, most).err().map(|refusal| refusal.reason)
    }

    #[test]
    fn reads_what_was_packed() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        for text in [&b""[..], b"{}", &[b'a'; 100_000]] {
            assert_eq!(gunzip(&gzip(text), 1 << 20).unwrap(), text);
        }
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let bomb = gzip(&vec![0; 4 << 20]);
        assert!(bomb.len() < 8_000);
        assert_eq!(reason(&bomb, 1 << 20), Some(Reason::BodyTooLarge));
        let fits = gzip(&[1; 64]);
        assert_eq!(reason(&fits, 64), None);
        assert_eq!(reason(&fits, 63), Some(Reason::BodyTooLarge));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_malformed() {
        let good = gzip(b"{}");
        let mut checksum = good.clone();
        let at = checksum.len() - 8;
        checksum[at] ^= 1;
        let mut length = good.clone();
        *length.last_mut().unwrap() = 1;
        let mut flags = good.clone();
        flags[3] = 2;
        let cut = good[..good.len() - 1].to_vec();
        for body in [
            checksum,
            length,
            flags,
            cut,
            [&good[..], &good].concat(),
            [&good[..], b"{}"].concat(),
            b"{}".to_vec(),
            Vec::new(),
        ] {
            assert_eq!(
                reason(&body, 1_000),
                Some(Reason::BodyMalformed),
                "{body:?}"
            );
        }
    }
}
