//! How many different objects: a list of them where few are too many, and else a picture of bits, in which each object sets one.
//!
//! Two pictures of half a window each take turns, so that what was asked for is remembered for half of the window to all of it. The number of bits
//! set in both together is never greater than that of the objects, so nobody is taken for an enumerator too early; and the picture has at least
//! sixteen bits for each object that is nothing special, so that few objects fall onto the same bit, and an enumerator is seen soon. With few
//! objects soon is not enough, because one that falls onto another's bit is a large part of them: these are listed, by 32 bits of their hash.

/// How pictures are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sketch {
    /// As many are nothing special.
    pub(super) most: u32,
    /// Half a window, in microseconds.
    pub(super) half: u64,
}

/// A picture: the beginning of its half, that half's bits, and those of the half before.
#[derive(Debug, PartialEq, Eq)]
struct Picture {
    began: u64,
    now: Vec<u8>,
    before: Vec<u8>,
}

impl Sketch {
    /// Where so many objects are nothing special, they are listed. A list then takes no more than 68 bytes.
    const LISTED: u32 = 16;

    /// Bytes of one half.
    fn bytes(self) -> usize {
        let bytes = if self.lists() {
            // One more than is nothing special: from there on nobody counts.
            self.most.saturating_add(1).saturating_mul(4)
        } else {
            self.most.saturating_mul(16).next_power_of_two() / 8
        };
        usize::try_from(bytes).unwrap_or_default()
    }

    const fn lists(self) -> bool {
        self.most <= Self::LISTED
    }

    /// Draws an object. Gives how many there are, and the picture where it has changed.
    pub(super) fn draw(self, old: &[u8], object: u64, now: u64) -> (u32, Option<Vec<u8>>) {
        let mut picture = self.read(old, now);
        let (is_new, count) = if self.lists() {
            (picture.list(object), picture.listed())
        } else {
            (picture.mark(object), picture.marked())
        };
        (count, is_new.then(|| picture.write()))
    }

    fn read(self, bytes: &[u8], now: u64) -> Picture {
        let length = self.bytes();
        let empty = Picture {
            began: now,
            now: vec![0; length],
            before: vec![0; length],
        };
        let Some((began, rest)) = bytes.split_first_chunk::<8>() else {
            return empty;
        };
        // One of another policy, with more or fewer bits, says nothing.
        let Some((current, before)) = rest
            .split_at_checked(length)
            .filter(|(_, before)| before.len() == length)
        else {
            return empty;
        };
        let began = u64::from_le_bytes(*began);
        match now.checked_sub(began) {
            Some(age) if age < self.half => Picture {
                began,
                now: current.to_vec(),
                before: before.to_vec(),
            },
            Some(age) if age < self.half.saturating_mul(2) => Picture {
                began: began.saturating_add(self.half),
                now: vec![0; length],
                before: current.to_vec(),
            },
            // Too old, or of a clock that was set back.
            Some(_) | None => empty,
        }
    }
}

impl Picture {
    /// Sets an object's bit. Whether it was not set.
    fn mark(&mut self, object: u64) -> bool {
        let bits = u64::try_from(self.now.len()).unwrap_or_default() * 8;
        let bit = object.checked_rem(bits).unwrap_or_default();
        let place = usize::try_from(bit / 8).ok();
        let Some(byte) = place.and_then(|place| self.now.get_mut(place)) else {
            return false;
        };
        let mask = 1_u8 << (bit % 8);
        let is_new = *byte & mask == 0;
        *byte |= mask;
        is_new
    }

    fn marked(&self) -> u32 {
        let both = self.now.iter().zip(&self.before);
        both.map(|(now, before)| (now | before).count_ones()).sum()
    }

    /// Writes an object into the list, if it is not there and there is room. Whether it was written.
    fn list(&mut self, object: u64) -> bool {
        let name = listed_as(object);
        for place in self.now.as_chunks_mut().0 {
            if *place == name {
                return false;
            }
            if *place == EMPTY {
                *place = name;
                return true;
            }
        }
        false
    }

    fn listed(&self) -> u32 {
        let (now, before) = (self.now.as_chunks().0, self.before.as_chunks().0);
        let earlier = before.iter().filter(|name| !now.contains(name));
        let all = now.iter().chain(earlier);
        let count = all.filter(|name| **name != EMPTY).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn write(&self) -> Vec<u8> {
        [&self.began.to_le_bytes()[..], &self.now, &self.before].concat()
    }
}

/// A place of a list in which nothing stands.
const EMPTY: [u8; 4] = [0; 4];

/// What stands in a list for an object: never [`EMPTY`].
const fn listed_as(object: u64) -> [u8; 4] {
    let [a, b, c, d, ..] = object.to_be_bytes();
    [a, b, c, d | 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use siphasher::sip::SipHasher13;

    const FIFTY: Sketch = Sketch {
        most: 50,
        half: 300_000_000,
    };
    const FEW: Sketch = Sketch { most: 5, ..FIFTY };
    const NOW: u64 = 1_700_000_000_000_000;

    fn hash(seed: u64, object: u64) -> u64 {
        SipHasher13::new_with_keys(seed, 1).hash(&object.to_le_bytes())
    }

    #[test]
    fn nobody_is_counted_too_high_and_an_enumerator_is_seen_before_the_sixtieth_object() {
        let mut latest = 0;
        for seed in 0..2_000 {
            let mut picture = Vec::new();
            for object in 1..=500_u64 {
                let (count, changed) = FIFTY.draw(&picture, hash(seed, object), NOW);
                assert!(u64::from(count) <= object);
                picture = changed.unwrap_or(picture);
                if count > FIFTY.most {
                    latest = latest.max(object);
                    break;
                }
            }
        }
        assert!((51..60).contains(&latest), "{latest}");
    }

    #[test]
    fn few_objects_are_counted_exactly() {
        for most in [1, 3, 16] {
            let few = Sketch { most, ..FIFTY };
            for seed in 0..2_000 {
                let mut picture = Vec::new();
                for object in 1..=u64::from(most) + 3 {
                    let (count, changed) = few.draw(&picture, hash(seed, object), NOW);
                    picture = changed.unwrap_or(picture);
                    // Beyond what is too many nobody counts.
                    assert_eq!(u64::from(count), object.min(u64::from(most) + 1));
                }
                // A flood in the next half does not hide what there was.
                let later = NOW + few.half;
                let (count, _) = few.draw(&picture, hash(seed, 1), later);
                assert_eq!(count, most + 1);
            }
        }
    }

    #[test]
    fn the_same_object_again_changes_nothing() {
        for sketch in [FIFTY, FEW] {
            let (count, picture) = sketch.draw(&[], 7 << 32, NOW);
            assert_eq!(count, 1);
            let (count, changed) = sketch.draw(&picture.unwrap(), 7 << 32, NOW + 1);
            assert_eq!((count, changed), (1, None));
        }
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        for sketch in [FIFTY, FEW] {
            let [a, b, c] = [1, 2, 3].map(|object| hash(0, object));
            let (_, picture) = sketch.draw(&[], a, NOW);
            let (count, second) = sketch.draw(&picture.unwrap(), b, NOW + sketch.half);
            assert_eq!(count, 2);
            let second = second.unwrap();
            assert_eq!(sketch.draw(&second, c, NOW + 2 * sketch.half).0, 2);
            assert_eq!(sketch.draw(&second, c, NOW + 3 * sketch.half).0, 1);
            assert_eq!(
                sketch.draw(&second, c, NOW - 1).0,
                1,
                "a clock that was set back"
            );
        }
    }

    #[test]
    fn rubbish_counts_as_nothing() {
        for rubbish in [&b"\xff"[..], &[0xff; 100], &[0xff; 3000]] {
            assert_eq!(FIFTY.draw(rubbish, 1, NOW).0, 1);
        }
    }
}
