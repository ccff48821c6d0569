//! Proofs that were used, so that none is accepted twice: a bounded table in the data that all workers of a proxy share.
//!
//! A proof's digest names a slot and an entry in it. Entries of proofs that are too old by themselves make room. When a slot is full of
//! others, a further proof is refused: forgetting one would let it be used again.
//!
//! INVARIANT (once): a proof counts as unused only after its entry was written over what was read; of two workers one wins, and the other
//! reads again.

use super::Use;
use crate::config::Timestamp;
use crate::limit::Seed;
use crate::transaction::{Answer, Query};
use crate::verdict::{Reason, Refusal};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// The proofs of one slot.
const WAYS: usize = 128;
/// The first byte of a slot, to be raised with every change of its form.
const FORM: u8 = 1;
/// A lost race means that another worker moved on, so that many in a row mean a store that does not work.
const MAX_RACES: u32 = 100;
/// The bytes of an entry: half of the digest's first half, and the second in which it ends.
const ENTRY: usize = 12;

/// One attempt to use a proof.
#[derive(Debug)]
pub(crate) struct Claim {
    slot: Arc<str>,
    name: [u8; 8],
    until: u32,
    races: u32,
}

/// What came of it so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claimed {
    /// Ask this first.
    Ask(Query),
    /// Nobody had used it.
    Fresh,
    /// It was used, or nobody can tell.
    Refused(Refusal),
}

impl Claim {
    /// Starts an attempt.
    pub(crate) fn start(policy: &str, provider: &str, seed: Seed, usage: &Use) -> (Self, Query) {
        // With the secret, nobody can aim proofs at one slot.
        let mut hash = Sha256::new();
        hash.update(seed.0);
        hash.update(usage.digest);
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = digest;
        let sets = (usage.table / 128).max(1);
        let set = u32::from_le_bytes([i, j, k, l]) % sets;
        // Rounded up: an entry must not end before its proof.
        let until = usage.until.0.div_ceil(1_000_000);
        let claim = Self {
            slot: format!("meshward.replay.{policy}.{provider}.{set}").into(),
            name: [a, b, c, d, e, f, g, h],
            until: u32::try_from(until).unwrap_or(u32::MAX),
            races: 0,
        };
        let query = claim.read();
        (claim, query)
    }

    fn read(&self) -> Query {
        Query::Get {
            key: Arc::clone(&self.slot),
        }
    }

    /// Takes the answer to the last question.
    pub(crate) fn answer(&mut self, answer: Answer, now: Timestamp) -> Claimed {
        match answer {
            Answer::Slot(stored) => {
                let (old, version) = match &stored {
                    Some(stored) => (stored.value.as_slice(), Some(stored.version)),
                    None => (&[][..], None),
                };
                match self.enter(old, now.seconds()) {
                    Ok(value) => Claimed::Ask(Query::Set {
                        key: Arc::clone(&self.slot),
                        value,
                        version,
                    }),
                    Err(reason) => Claimed::Refused(refusal(reason)),
                }
            }
            Answer::Written => Claimed::Fresh,
            Answer::Conflict if self.races < MAX_RACES => {
                self.races += 1;
                Claimed::Ask(self.read())
            }
            Answer::Conflict | Answer::Fact(_) | Answer::Failed => {
                Claimed::Refused(refusal(Reason::DpopUnchecked))
            }
        }
    }

    /// The slot with this proof in it.
    fn enter(&self, old: &[u8], now: u64) -> Result<Vec<u8>, Reason> {
        // What another version of this table wrote cannot be read, and what cannot be read may hold the proof.
        let entries = match old.split_first() {
            None => &[][..],
            Some((&FORM, entries)) if entries.len().is_multiple_of(ENTRY) => entries,
            Some(_) => return Err(Reason::DpopUnchecked),
        };
        let mut slot = Vec::with_capacity(old.len() + ENTRY + 1);
        slot.push(FORM);
        for entry in entries.as_chunks::<ENTRY>().0 {
            let [a, b, c, d, e, f, g, h, until @ ..] = *entry;
            if u64::from(u32::from_le_bytes(until)) <= now {
                continue;
            }
            if [a, b, c, d, e, f, g, h] == self.name {
                return Err(Reason::DpopReplayed);
            }
            slot.extend_from_slice(entry);
        }
        if slot.len() > (WAYS - 1) * ENTRY + 1 {
            return Err(Reason::DpopUnchecked);
        }
        slot.extend_from_slice(&self.name);
        slot.extend_from_slice(&self.until.to_le_bytes());
        Ok(slot)
    }
}

fn refusal(reason: Reason) -> Refusal {
    Refusal::at(reason, "dpop.jti")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transaction::Stored;

    const NOW: u64 = 1_800_000_000;

    fn usage(number: u8, seconds: u64) -> Use {
        Use {
            digest: [number; 32],
            until: Timestamp((NOW + seconds) * 1_000_000),
            table: 128,
        }
    }

    /// Uses a proof; gives the slot as it is then.
    fn claim(slot: Option<Vec<u8>>, usage: &Use, now: u64) -> Result<Vec<u8>, Reason> {
        let (mut claim, query) = Claim::start("p", "corp", Seed::default(), usage);
        let Query::Get { key } = query else {
            panic!("a slot is read first");
        };
        assert_eq!(&*key, "meshward.replay.p.corp.0");
        let stored = slot.map(|value| Stored { value, version: 7 });
        match claim.answer(Answer::Slot(stored), Timestamp(now * 1_000_000)) {
            Claimed::Ask(Query::Set { value, .. }) => {
                assert_eq!(
                    claim.answer(Answer::Written, Timestamp(now * 1_000_000)),
                    Claimed::Fresh
                );
                Ok(value)
            }
            Claimed::Refused(refusal) => Err(refusal.reason),
            other @ (Claimed::Ask(_) | Claimed::Fresh) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_proof_is_good_once_until_it_is_too_old_by_itself() {
        let slot = claim(None, &usage(1, 60), NOW).unwrap();
        assert_eq!(
            claim(Some(slot.clone()), &usage(1, 60), NOW + 59),
            Err(Reason::DpopReplayed)
        );
        let two = claim(Some(slot.clone()), &usage(2, 60), NOW).unwrap();
        assert_eq!(two.len(), 1 + 2 * ENTRY);
        let later = claim(Some(two), &usage(3, 120), NOW + 60).unwrap();
        assert_eq!(later.len(), 1 + ENTRY, "old entries make room");
    }

    #[test]
    fn a_full_slot_refuses_and_forgets_nothing() {
        let mut slot = None;
        for number in 0..128 {
            slot = Some(claim(slot, &usage(number, 60), NOW).unwrap());
        }
        let full = slot.clone().unwrap();
        assert_eq!(full.len(), 1 + WAYS * ENTRY);
        assert_eq!(
            claim(slot.clone(), &usage(200, 60), NOW),
            Err(Reason::DpopUnchecked)
        );
        assert_eq!(claim(slot, &usage(0, 60), NOW), Err(Reason::DpopReplayed));
    }

    #[test]
    fn what_cannot_be_read_refuses() {
        for rubbish in [&b"\x02"[..], b"\x01\x01", &[1; 14]] {
            assert_eq!(
                claim(Some(rubbish.to_vec()), &usage(1, 60), NOW),
                Err(Reason::DpopUnchecked)
            );
        }
        let (mut claim, _) = Claim::start("p", "corp", Seed::default(), &usage(1, 60));
        let failed = claim.answer(Answer::Failed, Timestamp(0));
        assert_eq!(failed, Claimed::Refused(refusal(Reason::DpopUnchecked)));
    }

    #[test]
    fn a_lost_race_reads_again_and_not_for_ever() {
        let (mut claim, read) = Claim::start("p", "corp", Seed::default(), &usage(1, 60));
        for _ in 0..MAX_RACES {
            let again = claim.answer(Answer::Conflict, Timestamp(0));
            assert_eq!(again, Claimed::Ask(read.clone()));
        }
        assert!(matches!(
            claim.answer(Answer::Conflict, Timestamp(0)),
            Claimed::Refused(_)
        ));
    }
}
