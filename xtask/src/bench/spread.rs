//! What many rounds say together: the value in the middle, and between what half of them lie.

/// Of a number of values: their median, and the two quartiles around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    /// Half of all values lie from here
    pub(super) low: f64,
    /// to here.
    pub(super) high: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Some(Self {
            median: at(&values, 0.5)?,
            low: at(&values, 0.25)?,
            high: at(&values, 0.75)?,
        })
    }

    /// Between what half of all values lie.
    pub(super) fn half(self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// With so many parts of one as are worth showing.
    pub(super) fn to(self, parts: f64) -> Self {
        Self {
            median: to(parts, self.median),
            low: to(parts, self.low),
            high: to(parts, self.high),
        }
    }
}

/// Rounded to so many parts of one.
pub(super) fn to(parts: f64, value: f64) -> f64 {
    (value * parts).round() / parts
}

/// The value below which such a share of the sorted values lies; between two of them, in proportion.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the place in a list of at most a thousand rounds"
)]
fn at(values: &[f64], share: f64) -> Option<f64> {
    let place = values.len().saturating_sub(1) as f64 * share;
    let below = values.get(place.floor() as usize)?;
    let above = values.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Option<[f64; 3]> {
        let spread = Spread::of(values.iter().copied())?;
        Some([spread.low, spread.median, spread.high])
    }

    #[test]
    fn the_median_is_in_the_middle_of_half_of_the_rounds() {
        assert_eq!(of(&[5.0, 1.0, 4.0, 2.0, 3.0]), Some([2.0, 3.0, 4.0]));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), Some([1.75, 2.5, 3.25]));
        assert_eq!(of(&[7.0]), Some([7.0, 7.0, 7.0]));
        assert_eq!(of(&[]), None);
    }
}
