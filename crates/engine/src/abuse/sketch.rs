//! How many different objects: a picture of bits, in which each object sets one.
//!
//! Two pictures of half a window each take turns, so that what was asked for is remembered for half of the window to all of it. The number of bits
//! set in both together is never greater than that of the objects, so nobody is taken for an enumerator too early; and the picture has at least
//! sixteen bits for each object that is nothing special, so that few objects fall onto the same bit, and an enumerator is seen soon.

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
    /// Bytes of one half.
    fn bytes(self) -> usize {
        let bits = self.most.max(8).saturating_mul(16).next_power_of_two();
        usize::try_from(bits / 8).unwrap_or(16)
    }

    /// Draws an object. Gives how many there are, and the picture where it has changed.
    pub(super) fn draw(self, old: &[u8], object: u64, now: u64) -> (u32, Option<Vec<u8>>) {
        let mut picture = self.read(old, now);
        let bits = u64::try_from(picture.now.len()).unwrap_or(1).max(1) * 8;
        let bit = object.checked_rem(bits).unwrap_or_default();
        let (place, mask) = (bit / 8, 1_u8 << (bit % 8));
        let mut is_new = false;
        if let Some(byte) = usize::try_from(place)
            .ok()
            .and_then(|place| picture.now.get_mut(place))
        {
            is_new = *byte & mask == 0;
            *byte |= mask;
        }
        let both = picture.now.iter().zip(&picture.before);
        let count = both.map(|(now, before)| (now | before).count_ones()).sum();
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
    fn write(&self) -> Vec<u8> {
        [&self.began.to_le_bytes()[..], &self.now, &self.before].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use siphasher::sip::SipHasher13;

    const FIFTY: Sketch = Sketch {
        most: 50,
        half: 300_000_000,
    };
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
    fn the_same_object_again_changes_nothing() {
        let (count, picture) = FIFTY.draw(&[], 7, NOW);
        assert_eq!(count, 1);
        let (count, changed) = FIFTY.draw(&picture.unwrap(), 7, NOW + 1);
        assert_eq!((count, changed), (1, None));
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let (_, picture) = FIFTY.draw(&[], 1, NOW);
        let (count, second) = FIFTY.draw(&picture.unwrap(), 2, NOW + FIFTY.half);
        assert_eq!(count, 2);
        let second = second.unwrap();
        assert_eq!(FIFTY.draw(&second, 3, NOW + 2 * FIFTY.half).0, 2);
        assert_eq!(FIFTY.draw(&second, 3, NOW + 3 * FIFTY.half).0, 1);
        assert_eq!(
            FIFTY.draw(&second, 3, NOW - 1).0,
            1,
            "a clock that was set back"
        );
    }

    #[test]
    fn rubbish_counts_as_nothing() {
        for rubbish in [&b"\xff"[..], &[0xff; 100], &[0xff; 3000]] {
            assert_eq!(FIFTY.draw(rubbish, 1, NOW).0, 1);
        }
    }
}
