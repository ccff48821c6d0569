//! Figures of several rounds: the middle one, and how far they lie apart.

use serde::Serialize;

/// What rounds came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spread {
    /// The middle round.
    pub(crate) median: f64,
    /// The lowest.
    pub(crate) lowest: f64,
    /// The highest.
    pub(crate) highest: f64,
}

impl Spread {
    /// The spread of some rounds; `None` of none.
    pub(crate) fn of(rounds: &[f64]) -> Option<Self> {
        let mut sorted = rounds.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: quantile(&sorted, 0.5)?,
            lowest: *sorted.first()?,
            highest: *sorted.last()?,
        })
    }

    /// Another unit.
    pub(crate) fn map(self, unit: impl Fn(f64) -> f64) -> Self {
        Self {
            median: unit(self.median),
            lowest: unit(self.lowest),
            highest: unit(self.highest),
        }
    }
}

/// The value below which this share of sorted values lies: for one half, the mean of the two in the middle of an even number.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of samples are far below 2^52, and a share is from 0 to 1"
)]
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let lower = sorted.get(place.floor() as usize)?;
    let upper = sorted.get(place.ceil() as usize)?;
    Some((upper - lower).mul_add(place.fract(), *lower))
}

/// A count as a number to calculate with.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a bench are far below 2^52"
)]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

/// A time as a number to calculate with.
#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds of a bench are far below 2^52"
)]
pub(crate) fn nanoseconds(time: u64) -> f64 {
    time as f64
}

/// Rounds to so many parts of one, so that JSON shows no digits that mean nothing.
pub(crate) fn to(parts: f64, value: f64) -> f64 {
    (value * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let spread = Spread::of(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!(
            spread,
            Spread {
                median: 2.0,
                lowest: 1.0,
                highest: 3.0
            }
        );
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.5));
        assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
        assert_eq!(Spread::of(&[]), None);
    }
}
