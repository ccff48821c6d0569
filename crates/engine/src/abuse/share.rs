//! The share of 4xx responses, over the last half to whole of a window.

/// How shares are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share {
    pub(super) share: f64,
    pub(super) at_least: u32,
    /// Half a window, in microseconds.
    pub(super) half: u64,
}

/// All responses and the bad ones: of this half of the window, and of the half before.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    began: u64,
    now: [u32; 2],
    before: [u32; 2],
}

impl Share {
    /// Counts a response. Gives the new counts, and all and bad ones where their share is too great.
    pub(super) fn count(self, old: &[u8], bad: bool, now: u64) -> (Vec<u8>, Option<(u32, u32)>) {
        let mut counts = Counts::read(old, self.half, now);
        let [all, wrong] = &mut counts.now;
        *all = all.saturating_add(1);
        *wrong = wrong.saturating_add(u32::from(bad));
        let ([all, wrong], [all_before, wrong_before]) = (counts.now, counts.before);
        let (all, wrong) = (
            all.saturating_add(all_before),
            wrong.saturating_add(wrong_before),
        );
        let seen = bad && all >= self.at_least && f64::from(wrong) > self.share * f64::from(all);
        (counts.write(), seen.then_some((all, wrong)))
    }
}

impl Counts {
    fn read(bytes: &[u8], half: u64, now: u64) -> Self {
        let fresh = Self {
            began: now,
            ..Self::default()
        };
        let Some((began, rest)) = bytes.split_first_chunk::<8>() else {
            return fresh;
        };
        let (&[all, wrong, all_before, wrong_before], []) = rest.as_chunks::<4>() else {
            return fresh;
        };
        let began = u64::from_le_bytes(*began);
        let current = [all, wrong].map(u32::from_le_bytes);
        match now.checked_sub(began) {
            Some(age) if age < half => Self {
                began,
                now: current,
                before: [all_before, wrong_before].map(u32::from_le_bytes),
            },
            Some(age) if age < half.saturating_mul(2) => Self {
                began: began.saturating_add(half),
                now: [0; 2],
                before: current,
            },
            Some(_) | None => fresh,
        }
    }

    fn write(&self) -> Vec<u8> {
        let mut bytes = self.began.to_le_bytes().to_vec();
        for count in self.now.into_iter().chain(self.before) {
            bytes.extend_from_slice(&count.to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Share = Share {
        share: 0.5,
        at_least: 10,
        half: 1_000_000,
    };
    const NOW: u64 = 1_700_000_000_000_000;

    #[test]
    fn a_share_says_nothing_before_there_are_enough_responses() {
        let mut counts = Vec::new();
        for number in 1..=10 {
            let (new, seen) = HALF.count(&counts, true, NOW);
            assert_eq!(seen, (number == 10).then_some((10, 10)), "{number}");
            counts = new;
        }
    }

    #[test]
    fn good_responses_make_up_for_bad_ones_and_old_ones_are_forgotten() {
        let mut counts = Vec::new();
        for number in 0..100 {
            let (new, seen) = HALF.count(&counts, number % 2 == 1, NOW);
            assert_eq!(seen, None, "{number}");
            counts = new;
        }
        let (new, seen) = HALF.count(&counts, true, NOW + HALF.half);
        assert_eq!(seen, Some((101, 51)));
        let (_, seen) = HALF.count(&new, true, NOW + 3 * HALF.half);
        assert_eq!(seen, None);
    }
}
