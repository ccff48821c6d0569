//! A slot of the shared table: a small set of buckets.
//!
//! A key's digest names its set, and its bucket in the set. A set holds [`Set::WAYS`] buckets. A bucket that is full again
//! says nothing that a new one would not say, so its place is free. When every place is taken by a bucket in use, a further
//! key is counted in the set's overflow bucket of that limit: many keys then share one bucket, which refuses too early rather
//! than too late, and nobody's count is lost. So a flood of made-up keys cannot push out the count of a real one.

use super::MAX_WINDOWS;
use super::bucket::Room;
use super::concurrency::Generation;
use super::rules::Rules;

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

/// The moment of every window of a bucket, without an allocation of its own; in the last two places, requests in flight where the limit
/// counts them.
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

    const fn flying(&self) -> [u64; 2] {
        let [_, _, even, odd] = self.all;
        [even, odd]
    }

    fn set_flying(&mut self, counts: [u64; 2]) {
        let [first, second, ..] = self.all;
        let [even, odd] = counts;
        self.all = [first, second, even, odd];
        self.count = MAX_WINDOWS;
    }
}

/// What a set says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// There was room, and the set is changed: write it back.
    Taken(Grant),
    /// The window at this index has no room for so many nanoseconds.
    Full { window: usize, wait: u64 },
    /// The window at this index never has so much room.
    Never { window: usize },
    /// There are as many requests in flight as may be.
    Busy,
}

/// What a request was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    /// The bucket that counted it, and whether that is an overflow bucket.
    pub(super) bucket: (u128, bool),
    /// Where it counts as in flight.
    pub(super) held: Option<Generation>,
    /// What is left.
    pub(super) left: Left,
}

/// How much is left for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    /// The window with the least, by its index; `None` for requests in flight.
    pub(crate) window: Option<usize>,
    /// How many requests.
    pub(crate) requests: u64,
    /// Nanoseconds until nothing is used.
    pub(crate) reset: u64,
}

impl Set {
    /// The buckets of one set.
    pub(super) const WAYS: usize = 8;
    /// The first byte of a slot, to be raised with every change of its form.
    const FORM: u8 = 3;

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

    /// Asks for room for so much in every window of a key's bucket. Takes from all of them, or from none.
    pub(super) fn take(
        &mut self,
        name: u128,
        overflow: u128,
        rules: &Rules,
        cost: u64,
        now: u64,
    ) -> Answer {
        let place = self.place(name, overflow, now);
        let old = place
            .and_then(|i| self.buckets.get(i))
            .map_or_else(Moments::default, |b| b.moments);
        let mut moments = Moments::default();
        let mut left: Option<Left> = None;
        for (index, window) in rules.windows.iter().enumerate() {
            match window.take(old.all.get(index).copied().unwrap_or(0), now, cost) {
                Room::Taken(moment) => {
                    moments.push(moment);
                    let (requests, reset) = window.left(moment, now);
                    if left.is_none_or(|least| requests < least.requests) {
                        left = Some(Left {
                            window: Some(index),
                            requests,
                            reset,
                        });
                    }
                }
                Room::Full(wait) => {
                    return Answer::Full {
                        window: index,
                        wait,
                    };
                }
                Room::Never => return Answer::Never { window: index },
            }
        }
        let mut held = None;
        if let Some(concurrency) = rules.concurrency {
            let mut counts = old.flying();
            let Some((generation, requests)) = concurrency.begin(&mut counts, now) else {
                return Answer::Busy;
            };
            moments.set_flying(counts);
            held = Some(generation);
            left = left.or(Some(Left {
                window: None,
                requests,
                reset: 0,
            }));
        }
        let bucket = if let Some(bucket) = place.and_then(|i| self.buckets.get_mut(i)) {
            bucket.moments = moments;
            (bucket.name, bucket.overflow)
        } else {
            self.buckets.retain(|b| b.moments.in_use(now));
            let full = self.regular() >= Self::WAYS;
            let bucket = (if full { overflow } else { name }, full);
            self.buckets.push(Bucket {
                name: bucket.0,
                overflow: full,
                moments,
            });
            bucket
        };
        let left = left.unwrap_or(Left {
            window: None,
            requests: 0,
            reset: 0,
        });
        Answer::Taken(Grant { bucket, held, left })
    }

    /// Ends a request that was counted in this bucket: takes what it costs besides, and takes it from those in flight. Whether anything changed.
    pub(super) fn settle(
        &mut self,
        (name, overflow): (u128, bool),
        rules: &Rules,
        held: Option<Generation>,
        cost: u64,
        now: u64,
    ) -> bool {
        let mut found = self
            .buckets
            .iter()
            .position(|b| b.overflow == overflow && b.name == name);
        if found.is_none() && cost > 0 {
            // Its place was given away, because it was full again: what it costs now is owed all the same.
            self.buckets.retain(|b| b.moments.in_use(now));
            if overflow || self.regular() < Self::WAYS {
                found = Some(self.buckets.len());
                self.buckets.push(Bucket {
                    name,
                    overflow,
                    moments: Moments::default(),
                });
            }
        }
        let Some(bucket) = found.and_then(|i| self.buckets.get_mut(i)) else {
            return false;
        };
        let mut changed = cost > 0;
        if changed {
            let all = bucket.moments.all;
            let mut moments = Moments::default();
            for (window, moment) in rules.windows.iter().zip(all) {
                moments.push(window.charge(moment, now, cost));
            }
            if rules.concurrency.is_some() {
                moments.set_flying(bucket.moments.flying());
            }
            bucket.moments = moments;
        }
        if let Some(generation) = held {
            let mut counts = bucket.moments.flying();
            if generation.end(&mut counts) {
                bucket.moments.set_flying(counts);
                changed = true;
            }
        }
        changed
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
    use super::super::bucket::Window;
    use super::super::concurrency::Concurrency;
    use super::*;
    use crate::config::Rate;

    fn windows(burst: u64) -> Rules {
        let windows = vec![
            Window::compile(
                "",
                Rate {
                    requests: 1,
                    period: 1_000_000,
                },
                Some(burst),
                false,
                &mut Vec::new(),
            )
            .unwrap(),
        ];
        Rules {
            windows,
            concurrency: None,
        }
    }

    fn taken(answer: Answer) -> bool {
        matches!(answer, Answer::Taken(_))
    }

    const NOW: u64 = 1_700_000_000_000_000_000;
    const OVERFLOW: u128 = u128::MAX;

    #[test]
    fn a_slot_reads_back_as_it_was_written_and_rubbish_counts_as_empty() {
        let mut set = Set::default();
        for i in 0..10 {
            set.take(i, OVERFLOW, &windows(5), 1, NOW);
        }
        assert_eq!(Set::decode(&set.encode()), set);
        assert!(set.encode().len() <= 64 * (Set::WAYS + 1));
        for rubbish in [&b""[..], b"\x01", b"\x03\x01", &[3; 40]] {
            assert_eq!(Set::decode(rubbish), Set::default());
        }
    }

    #[test]
    fn made_up_keys_share_the_overflow_and_push_nobody_out() {
        let mut set = Set::default();
        let w = windows(2);
        assert!(taken(set.take(1, OVERFLOW, &w, 1, NOW)));
        assert!(taken(set.take(1, OVERFLOW, &w, 1, NOW)));
        let mut admitted = 0;
        for i in 2..100 {
            if taken(set.take(i, OVERFLOW, &w, 1, NOW)) {
                admitted += 1;
            }
        }
        assert_eq!(
            admitted,
            7 + 2,
            "seven free places, then the overflow's burst"
        );
        assert!(
            matches!(set.take(1, OVERFLOW, &w, 1, NOW), Answer::Full { .. }),
            "the victim's count stands"
        );
        assert_eq!(set.buckets.len(), Set::WAYS + 1);
    }

    #[test]
    fn a_bucket_that_is_full_again_gives_its_place_away() {
        let mut set = Set::default();
        let w = windows(1);
        for i in 0..8 {
            set.take(i, OVERFLOW, &w, 1, NOW);
        }
        let later = NOW + 1_000_000_001;
        assert!(taken(set.take(50, OVERFLOW, &w, 1, later)));
        assert_eq!(set.buckets.len(), 1);
    }

    #[test]
    fn several_windows_take_from_all_or_none() {
        let mut set = Set::default();
        let two = Rules {
            windows: [windows(3).windows, windows(1).windows].concat(),
            concurrency: None,
        };
        assert!(taken(set.take(1, OVERFLOW, &two, 1, NOW)));
        assert_eq!(
            set.take(1, OVERFLOW, &two, 1, NOW),
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

    #[test]
    fn requests_in_flight_and_a_rate_share_a_bucket() {
        let mut set = Set::default();
        let rules = Rules {
            concurrency: Some(Concurrency {
                most: 2,
                hold: 60_000_000_000,
            }),
            ..windows(3)
        };
        let mut granted = Vec::new();
        for _ in 0..2 {
            match set.take(1, OVERFLOW, &rules, 1, NOW) {
                Answer::Taken(grant) => granted.push(grant),
                other @ (Answer::Full { .. } | Answer::Never { .. } | Answer::Busy) => {
                    panic!("{other:?}")
                }
            }
        }
        assert_eq!(set.take(1, OVERFLOW, &rules, 1, NOW), Answer::Busy);
        assert_eq!(Set::decode(&set.encode()), set);
        let first = granted[0];
        assert!(set.settle(first.bucket, &rules, first.held, 0, NOW));
        assert!(taken(set.take(1, OVERFLOW, &rules, 1, NOW)));
        assert!(set.settle(first.bucket, &rules, granted[1].held, 0, NOW));
        assert!(
            matches!(set.take(1, OVERFLOW, &rules, 1, NOW), Answer::Full { .. }),
            "the rate counts on its own"
        );
    }

    #[test]
    fn what_is_charged_afterwards_is_charged_though_the_bucket_gave_its_place_away() {
        let mut set = Set::default();
        let rate = Rate {
            requests: 1,
            period: 1_000_000,
        };
        let late = Window::compile("", rate, Some(5), true, &mut Vec::new()).unwrap();
        let rules = Rules {
            windows: vec![late],
            concurrency: None,
        };
        assert!(set.settle((1, false), &rules, None, 9, NOW));
        assert!(matches!(
            set.take(1, OVERFLOW, &rules, 0, NOW),
            Answer::Full {
                wait: 5_000_000_000,
                ..
            }
        ));
        assert!(!set.settle((2, false), &rules, None, 0, NOW));
    }
}
