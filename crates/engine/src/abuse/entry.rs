//! A slot of the table of behaviour: what is known of a few keys.
//!
//! A key's digest names its slot and its entry. A slot has [`WAYS`] entries. When all are in use, a further key is not watched at once: it wears
//! down the weakest of them. An entry has as many lives as it has seen events; each newcomer takes one, and takes the place when none is left. So to
//! push out what is known of somebody takes as many events as somebody has shown, and never pushes out a key that is being held off.

/// The entries of one slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Slot {
    entries: Vec<Entry>,
}

/// What is known of one key. Times are in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key's digest.
    name: u128,
    /// From then on it says nothing any more.
    pub(super) until: u64,
    /// Until then the key is held off.
    pub(super) held: u64,
    /// The moment of the bucket from which requests pass meanwhile, in nanoseconds.
    pub(super) pace: u64,
    lives: u16,
    /// What the pattern itself keeps.
    pub(super) kept: Vec<u8>,
}

/// The entries of one slot.
pub(super) const WAYS: usize = 4;
const FORM: u8 = 1;
const HEAD: usize = 16 + 3 * 8 + 2 + 2;

impl Slot {
    /// Reads a slot. What cannot be read counts as empty: it comes from another version of this table.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        Self::try_decode(bytes).unwrap_or_default()
    }

    fn try_decode(bytes: &[u8]) -> Option<Self> {
        let (&form, mut rest) = bytes.split_first()?;
        let mut entries = Vec::with_capacity(WAYS);
        while form == FORM && entries.len() < WAYS {
            let Some((head, tail)) = rest.split_first_chunk::<HEAD>() else {
                break;
            };
            let (name, head) = head.split_first_chunk::<16>()?;
            let (times, ends) = head.as_chunks::<8>();
            let (&[until, held, pace], (&[lives, length], [])) = (times, ends.as_chunks::<2>())
            else {
                return None;
            };
            let length = usize::from(u16::from_le_bytes(length));
            let (kept, tail) = tail.split_at_checked(length)?;
            entries.push(Entry {
                name: u128::from_le_bytes(*name),
                until: u64::from_le_bytes(until),
                held: u64::from_le_bytes(held),
                pace: u64::from_le_bytes(pace),
                lives: u16::from_le_bytes(lives),
                kept: kept.to_vec(),
            });
            rest = tail;
        }
        (form == FORM && rest.is_empty()).then_some(Self { entries })
    }

    /// Writes a slot.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        for entry in &self.entries {
            bytes.extend_from_slice(&entry.name.to_le_bytes());
            for time in [entry.until, entry.held, entry.pace] {
                bytes.extend_from_slice(&time.to_le_bytes());
            }
            bytes.extend_from_slice(&entry.lives.to_le_bytes());
            let length = u16::try_from(entry.kept.len()).unwrap_or_default();
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend(entry.kept.iter().take(usize::from(length)));
        }
        bytes
    }

    /// What is known of a key, if that still says anything.
    pub(super) fn find(&self, name: u128, now: u64) -> Option<&Entry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.name == name && entry.is_in_use(now))
    }

    /// The entry of a key for something that it did: its own, a free one, or one that has no lives left. `None` where this event only wore
    /// another entry down.
    pub(super) fn enter(&mut self, name: u128, now: u64) -> Option<&mut Entry> {
        self.entries.retain(|entry| entry.is_in_use(now));
        let own = self.entries.iter().position(|entry| entry.name == name);
        let place = match own {
            Some(place) => place,
            None if self.entries.len() < WAYS => {
                self.entries.push(Entry::default());
                self.entries.len().checked_sub(1)?
            }
            None => {
                let loose = self.entries.iter_mut().enumerate();
                let (place, weakest) = loose
                    .filter(|(_, entry)| entry.held <= now)
                    .min_by_key(|(_, entry)| entry.lives)?;
                weakest.lives = weakest.lives.saturating_sub(1);
                if weakest.lives > 0 {
                    return None;
                }
                *weakest = Entry::default();
                place
            }
        };
        let entry = self.entries.get_mut(place)?;
        entry.name = name;
        entry.lives = entry.lives.saturating_add(1);
        Some(entry)
    }
}

impl Entry {
    const fn is_in_use(&self, now: u64) -> bool {
        self.until > now || self.held > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000_000;

    fn event(slot: &mut Slot, name: u128) -> bool {
        let entry = slot.enter(name, NOW);
        let entered = entry.is_some();
        if let Some(entry) = entry {
            entry.until = NOW + 1;
        }
        entered
    }

    #[test]
    fn a_slot_reads_back_as_it_was_written_and_rubbish_counts_as_empty() {
        let mut slot = Slot::default();
        for name in 0..4 {
            event(&mut slot, name);
            slot.entries[0].kept = vec![7; 300];
        }
        assert_eq!(Slot::decode(&slot.encode()), slot);
        let long = slot.encode();
        for rubbish in [
            &b""[..],
            b"\x02",
            b"\x01\x01",
            &[1; 60],
            &long[..long.len() - 1],
        ] {
            assert_eq!(Slot::decode(rubbish), Slot::default());
        }
    }

    #[test]
    fn to_push_a_key_out_takes_as_many_events_as_it_has_shown() {
        let mut slot = Slot::default();
        for name in 0..4 {
            for _ in 0..30 {
                assert!(event(&mut slot, name));
            }
        }
        // Newcomers wear the weakest down, one life each, and one of the four is lost after 30 events.
        let mut newcomers = 0;
        while !event(&mut slot, 100 + newcomers) {
            newcomers += 1;
        }
        assert_eq!(newcomers, 29);
        assert_eq!((0..4).filter(|n| slot.find(*n, NOW).is_some()).count(), 3);
    }

    #[test]
    fn a_key_that_is_held_off_is_never_pushed_out() {
        let mut slot = Slot::default();
        for name in 0..4 {
            event(&mut slot, name);
            slot.entries.iter_mut().for_each(|e| e.held = NOW + 9);
        }
        for name in 100..1000 {
            assert!(!event(&mut slot, name));
        }
        assert!((0..4).all(|name| slot.find(name, NOW).is_some()));
    }

    #[test]
    fn what_says_nothing_any_more_gives_its_place_away() {
        let mut slot = Slot::default();
        for name in 0..4 {
            event(&mut slot, name);
        }
        assert!(slot.find(1, NOW).is_some());
        assert!(slot.find(1, NOW + 1).is_none());
        let entry = slot.enter(9, NOW + 1).unwrap();
        entry.until = NOW + 2;
        assert_eq!(slot.entries.len(), 1);
    }
}
