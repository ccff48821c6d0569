//! Maps whose keys are hashes already.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map by values that are hashes already, which it does not hash again: a lookup then runs through a tenth of the code.
///
/// Whoever chooses the keys of such a map can make it slow. So they are hashes under a secret, or made from what the policy says.
pub type HashedMap<K, V> = HashMap<K, V, BuildHasherDefault<AlreadyHashed>>;

/// A set of values that are hashes already; see [`HashedMap`].
pub(crate) type HashedSet<K> = HashSet<K, BuildHasherDefault<AlreadyHashed>>;

/// Takes a number of 64 bits for its own hash.
#[derive(Debug, Default)]
pub struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// No key that is meant comes here; one that does gets a poor hash, and is found all the same.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_put_in_whatever_the_key_is() {
        let mut numbers = HashedMap::default();
        for key in 0..1_000_u64 {
            numbers.insert(key, key + 1);
        }
        assert!((0..1_000).all(|key| numbers.get(&key) == Some(&(key + 1))));
        assert_eq!(numbers.get(&1_000), None);
        let texts: HashedSet<_> = ["one", "another"].into_iter().collect();
        assert!(texts.contains("one") && !texts.contains("none"));
    }
}
