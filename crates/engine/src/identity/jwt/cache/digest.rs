//! The name of a token in the cache: SipHash-2-4 with 128 bits, under a key that only this cache has.
//!
//! A cache that takes one token for another lets a stranger in, so its names must not collide, whoever chooses the tokens.
//! SipHash is made for that: without its key its values cannot be told from random ones, the key never leaves, and no value is
//! ever shown, so to hit one of a thousand entries by chance takes in the order of 2^118 requests. For a token of 800 bytes it takes
//! 3,600 instructions (callgrind, x86-64); SHA-256, which needs no key, takes 44,600, and every request would pay for them. To
//! keep the token itself and compare it takes 2,300, and leaves a thousand live credentials in the memory of each worker.

use siphasher::sip128::SipHasher24;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

/// The name of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest(u128);

/// Names tokens.
pub(super) struct Digester(SipHasher24);

impl Digester {
    /// With a key of its own. The standard library's hasher has a random one: its values under that key are the source of ours,
    /// because the engine has no other randomness. Nothing that it decides depends on which key it is.
    pub(super) fn new() -> Self {
        let source = RandomState::new();
        Self(SipHasher24::new_with_keys(
            source.hash_one(1_u8),
            source.hash_one(2_u8),
        ))
    }

    pub(super) fn digest(&self, text: &str) -> Digest {
        Digest(self.0.hash(text.as_bytes()).as_u128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cache_has_its_own_names() {
        let (a, b) = (Digester::new(), Digester::new());
        assert_eq!(a.digest("token"), a.digest("token"));
        assert_ne!(a.digest("token"), a.digest("tokem"));
        assert_ne!(a.digest("token"), b.digest("token"));
    }

    #[test]
    fn the_hash_is_siphash_2_4_with_128_bits() {
        // The reference implementation's first vector: key 00 … 0f, no input.
        let key: [u8; 16] = std::array::from_fn(|n| u8::try_from(n).unwrap());
        let value = SipHasher24::new_with_key(&key).hash(&[]).as_bytes();
        let expected = [
            0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55,
            0x02, 0x93,
        ];
        assert_eq!(value, expected);
    }
}
