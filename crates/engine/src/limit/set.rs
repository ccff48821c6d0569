//! A slot of the shared table: a small set of buckets.
//!
//! A key's digest names its set, and its bucket in the set. A set holds [`Set::WAYS`] buckets. A bucket that is full again
//! says nothing that a new one would not say, so its place is free. When every place is taken by a bucket in use, a further
//! key is counted in the set's overflow bucket of that limit: many keys then share one bucket, which refuses too early rather
//! than too late, and nobody's count is lost. So a flood of made-up keys cannot push out the count of a real one.

use super::MAX_WINDOWS;
use super::bucket::{Room, Window};

/// The buckets of one slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Set {
    buckets: Vec<Bucket>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Bucket {
    /// The key's hash, which also chose the set.
    name: u128,
    overflow: bool,
    moments: Moments,
}

/// The moment of every window of a bucket, without an allocation of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Moments {
    count: usize,
    /// Zero from `count` on.
    all: [u64; MAX_WINDOWS],
}

impl Moments {
    fn as_slice(&self) -> &[u64] {
        self.all.get(..self.count).unwrap_or_default()
    }

    /// Adds one; more than [`MAX_WINDOWS`] are not kept: no policy has them.
    fn push(&mut self, moment: u64) {
        if let Some(place) = self.all.get_mut(self.count) {
            *place = moment;
            self.count += 1;
        }
    }

    fn in_use(&self, now: u64) -> bool {
        self.all.iter().any(|moment| *moment > now)
    }
}

/// What a set says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// There was room, and the set is changed: write it back.
    Taken,
    /// The window at this index has no room for so many nanoseconds.
    Full { window: usize, wait: u64 },
}

impl Set {
    /// The buckets of one set.
    pub(super) const WAYS: usize = 8;
    /// The first byte of a slot, to be raised with every change of its form.
    const FORM: u8 = 2;

    /// Reads a slot. What cannot be read counts as empty: it comes from another version of this table.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        Self::try_decode(bytes).unwrap_or_default()
    }

    fn try_decode(bytes: &[u8]) -> Option<Self> {
        let (&form, mut rest) = bytes.split_first()?;
        if form != Self::FORM {
            return None;
        }
        let mut buckets = Vec::with_capacity(Self::WAYS);
        while let Some((head, tail)) = rest.split_first_chunk::<17>() {
            let (name, [flags]) = head.split_first_chunk::<16>().map(|(n, f)| (*n, f))? else {
                return None;
            };
            let count = usize::from(flags & 0x7f);
            if count > MAX_WINDOWS {
                return None;
            }
            let (bytes, tail) = tail.split_at_checked(count.checked_mul(8)?)?;
            let mut moments = Moments::default();
            for moment in bytes.as_chunks::<8>().0 {
                moments.push(u64::from_le_bytes(*moment));
            }
            buckets.push(Bucket {
                name: u128::from_le_bytes(name),
                overflow: flags & 0x80 != 0,
                moments,
            });
            rest = tail;
        }
        rest.is_empty().then_some(Self { buckets })
    }

    /// Writes a slot.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.buckets.len() * 33);
        bytes.push(Self::FORM);
        for bucket in &self.buckets {
            bytes.extend_from_slice(&bucket.name.to_le_bytes());
            let count = u8::try_from(bucket.moments.count).unwrap_or(0) & 0x7f;
            bytes.push(count | if bucket.overflow { 0x80 } else { 0 });
            for moment in bucket.moments.as_slice() {
                bytes.extend_from_slice(&moment.to_le_bytes());
            }
        }
        bytes
    }

    /// Asks for room in every window of a key's bucket. Takes from all of them, or from none.
    pub(super) fn take(
        &mut self,
        name: u128,
        overflow: u128,
        windows: &[Window],
        now: u64,
    ) -> Answer {
        let place = self.place(name, overflow, now);
        let old = place
            .and_then(|i| self.buckets.get(i))
            .map_or_else(Moments::default, |b| b.moments);
        let mut moments = Moments::default();
        for (index, window) in windows.iter().enumerate() {
            match window.take(old.all.get(index).copied().unwrap_or(0), now) {
                Room::Taken(moment) => moments.push(moment),
                Room::Full(wait) => {
                    return Answer::Full {
                        window: index,
                        wait,
                    };
                }
            }
        }
        if let Some(bucket) = place.and_then(|i| self.buckets.get_mut(i)) {
            bucket.moments = moments;
        } else {
            self.buckets.retain(|b| b.moments.in_use(now));
            let full = self.regular() >= Self::WAYS;
            self.buckets.push(Bucket {
                name: if full { overflow } else { name },
                overflow: full,
                moments,
            });
        }
        Answer::Taken
    }

    /// The bucket that counts a key: its own, or the overflow bucket when it has none and finds no place.
    fn place(&self, name: u128, overflow: u128, now: u64) -> Option<usize> {
        let find = |name, is_overflow| {
            self.buckets
                .iter()
                .position(|b| b.overflow == is_overflow && b.name == name)
        };
        find(name, false).or_else(|| {
            let in_use = self
                .buckets
                .iter()
                .filter(|b| !b.overflow && b.moments.in_use(now))
                .count();
            if in_use < Self::WAYS {
                None
            } else {
                find(overflow, true)
            }
        })
    }

    fn regular(&self) -> usize {
        self.buckets.iter().filter(|b| !b.overflow).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rate;

    fn windows(burst: u64) -> Vec<Window> {
        vec![
            Window::compile(
                "",
                Rate {
                    requests: 1,
                    period: 1_000_000,
                },
                Some(burst),
                &mut Vec::new(),
            )
            .unwrap(),
        ]
    }

    const NOW: u64 = 1_700_000_000_000_000_000;
    const OVERFLOW: u128 = u128::MAX;

    #[test]
    fn a_slot_reads_back_as_it_was_written_and_rubbish_counts_as_empty() {
        let mut set = Set::default();
        for i in 0..10 {
            set.take(i, OVERFLOW, &windows(5), NOW);
        }
        assert_eq!(Set::decode(&set.encode()), set);
        assert!(set.encode().len() <= 64 * (Set::WAYS + 1));
        for rubbish in [&b""[..], b"\x01", b"\x02\x01", &[2; 40]] {
            assert_eq!(Set::decode(rubbish), Set::default());
        }
    }

    #[test]
    fn made_up_keys_share_the_overflow_and_push_nobody_out() {
        let mut set = Set::default();
        let w = windows(2);
        assert_eq!(set.take(1, OVERFLOW, &w, NOW), Answer::Taken);
        assert_eq!(set.take(1, OVERFLOW, &w, NOW), Answer::Taken);
        let mut admitted = 0;
        for i in 2..100 {
            if set.take(i, OVERFLOW, &w, NOW) == Answer::Taken {
                admitted += 1;
            }
        }
        assert_eq!(
            admitted,
            7 + 2,
            "seven free places, then the overflow's burst"
        );
        assert!(
            matches!(set.take(1, OVERFLOW, &w, NOW), Answer::Full { .. }),
            "the victim's count stands"
        );
        assert_eq!(set.buckets.len(), Set::WAYS + 1);
    }

    #[test]
    fn a_bucket_that_is_full_again_gives_its_place_away() {
        let mut set = Set::default();
        let w = windows(1);
        for i in 0..8 {
            set.take(i, OVERFLOW, &w, NOW);
        }
        let later = NOW + 1_000_000_001;
        assert_eq!(set.take(50, OVERFLOW, &w, later), Answer::Taken);
        assert_eq!(set.buckets.len(), 1);
    }

    #[test]
    fn several_windows_take_from_all_or_none() {
        let mut set = Set::default();
        let two = [windows(3), windows(1)].concat();
        assert_eq!(set.take(1, OVERFLOW, &two, NOW), Answer::Taken);
        assert_eq!(
            set.take(1, OVERFLOW, &two, NOW),
            Answer::Full {
                window: 1,
                wait: 1_000_000_000
            }
        );
        let first = set.buckets[0].moments.all[0];
        assert_eq!(
            first,
            NOW + 1_000_000_000,
            "the wide window was charged once"
        );
    }
}
