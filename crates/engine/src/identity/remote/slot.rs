//! What the workers of a proxy share about one issuer's keys: a small slot that says how things stand, and a large one with the
//! key set.
//!
//! Both have a fixed form and a bounded size. What cannot be read counts as not there: it is fetched again.

use crate::remote::MAX_ANSWER;

/// How things stand. Times are microseconds since the Unix epoch; 0 is "never".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Which key set is current: when it was stored.
    pub(super) document: u64,
    /// When the issuer last said that it is current.
    pub(super) confirmed: u64,
    /// How long the issuer says that it is current, in microseconds; `u64::MAX` when it says nothing.
    pub(super) max_age: u64,
    /// When the last attempt began.
    pub(super) attempted: u64,
    /// Until when the worker that attempts it has time: also the name of its lease.
    pub(super) leased: u64,
    /// Nobody tries again before this.
    pub(super) not_before: u64,
    /// Nobody tries for an unknown key again before this.
    pub(super) demand_not_before: u64,
    /// How many attempts failed in a row.
    pub(super) failures: u64,
}

const VERSION: u8 = 1;

impl Standing {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for number in self.numbers() {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Self {
        Self::read(bytes).unwrap_or_default()
    }

    fn numbers(&self) -> [u64; 8] {
        let Self {
            document,
            confirmed,
            max_age,
            attempted,
            leased,
            not_before,
            demand_not_before,
            failures,
        } = *self;
        [
            document,
            confirmed,
            max_age,
            attempted,
            leased,
            not_before,
            demand_not_before,
            failures,
        ]
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (numbers, []) = rest.as_chunks::<8>() else {
            return None;
        };
        let [
            document,
            confirmed,
            max_age,
            attempted,
            leased,
            not_before,
            demand_not_before,
            failures,
        ] = <[[u8; 8]; 8]>::try_from(numbers)
            .ok()?
            .map(u64::from_le_bytes);
        (*version == VERSION).then_some(Self {
            document,
            confirmed,
            max_age,
            attempted,
            leased,
            not_before,
            demand_not_before,
            failures,
        })
    }
}

/// A key set, as the issuer sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    /// When it was stored: its name in [`Standing::document`].
    pub(super) document: u64,
    /// Where it was fetched: after a discovery, the issuer may name another place.
    pub(super) path: String,
    /// The issuer's tag of this version.
    pub(super) etag: Option<String>,
    /// The key set.
    pub(super) body: Vec<u8>,
}

/// The longest tag that is sent back: longer ones are not kept.
pub(super) const MAX_ETAG: usize = 256;

impl Stored {
    pub(super) fn encode(&self) -> Vec<u8> {
        let Self {
            document,
            path,
            etag,
            body,
        } = self;
        let mut out = vec![VERSION];
        out.extend_from_slice(&document.to_le_bytes());
        for text in [path, etag.as_deref().unwrap_or_default()] {
            // Both are bounded: a path by the longest URI, a tag by `MAX_ETAG`.
            let length = u16::try_from(text.len()).unwrap_or(0);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend(text.bytes().take(usize::from(length)));
        }
        out.extend_from_slice(body);
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (document, rest) = rest.split_first_chunk::<8>()?;
        let (path, rest) = text(rest)?;
        let (etag, body) = text(rest)?;
        (*version == VERSION && body.len() <= MAX_ANSWER).then(|| Self {
            document: u64::from_le_bytes(*document),
            path: path.to_owned(),
            etag: (!etag.is_empty()).then(|| etag.to_owned()),
            body: body.to_vec(),
        })
    }
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let standing = Standing {
            document: 1,
            confirmed: 2,
            max_age: u64::MAX,
            attempted: 4,
            leased: 5,
            not_before: 6,
            demand_not_before: 7,
            failures: 8,
        };
        assert_eq!(Standing::decode(&standing.encode()), standing);
        for etag in [None, Some("\"a\"".to_owned())] {
            let stored = Stored {
                document: 9,
                path: "idp.test/certs".to_owned(),
                etag,
                body: b"{}".to_vec(),
            };
            assert_eq!(Stored::decode(&stored.encode()), Some(stored));
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_there() {
        for bytes in [&b""[..], b"\x01", b"\x02", &[0; 65], &[1; 64], &[1; 66]] {
            assert_eq!(Standing::decode(bytes), Standing::default());
        }
        for bytes in [&b""[..], b"\x01", &[1; 9], &[1; 20], &[0; 40]] {
            assert_eq!(Stored::decode(bytes), None);
        }
    }
}
