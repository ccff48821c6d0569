//! Mutations: small changes, the same for the same seed.

/// A source of numbers that look random (xorshift64*).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }
}

/// The longest input: what is longer finds nothing new, and takes long.
const LONGEST: usize = 8 * 1024;

/// Changes an input in one to six places, with pieces that mean something and parts of another input.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], pieces: &[&str], random: &mut Random) {
    for _ in 0..=random.below(6) {
        let at = random.below(input.len().saturating_add(1));
        let end = input.len().min(at.saturating_add(random.below(16)));
        match random.below(8) {
            0 => flip(input, at, random),
            1 => drop(input.drain(at..end)),
            2 => input.truncate(at),
            3 => {
                let part: Vec<u8> = input.get(at..end).unwrap_or_default().to_vec();
                insert(input, end, &part);
            }
            4 => {
                let from = random.below(other.len());
                let to = other.len().min(from.saturating_add(random.below(64)));
                insert(input, at, other.get(from..to).unwrap_or_default());
            }
            5 => {
                let byte = u8::try_from(random.below(256)).unwrap_or_default();
                insert(input, at, &[byte]);
            }
            _ => {
                let piece = pieces
                    .get(random.below(pieces.len()))
                    .copied()
                    .unwrap_or_default();
                if random.below(2) == 0 {
                    drop(input.drain(at..end));
                }
                insert(input, at, piece.as_bytes());
            }
        }
        input.truncate(LONGEST);
    }
}

fn flip(input: &mut [u8], at: usize, random: &mut Random) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    input.splice(at..at, bytes.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        let inputs = |seed| {
            let mut random = Random::new(seed);
            let mut input = b"/open/1?a=b".to_vec();
            (0..50)
                .map(|_| {
                    mutate(&mut input, b"other", &["%2f"], &mut random);
                    input.clone()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }
}
