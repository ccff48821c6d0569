//! What a telling module told.

/// How often a branch went either way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ways {
    pub(super) taken: u64,
    pub(super) passed: u64,
}

/// What was told of each site, and in which order they were met first.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    pub(super) ways: Vec<Ways>,
    pub(super) order: Vec<usize>,
}

impl Ways {
    /// The only way that it went.
    pub(super) const fn only(self) -> Option<bool> {
        match (self.taken, self.passed) {
            (0, 0) | (1.., 1..) => None,
            (taken, _) => Some(taken > 0),
        }
    }

    const fn is_unknown(self) -> bool {
        self.taken == 0 && self.passed == 0
    }
}

impl Told {
    /// Nothing yet, of so many sites.
    pub(super) fn nothing(sites: usize) -> Self {
        Self {
            ways: vec![Ways::default(); sites],
            order: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, site: usize, more: Ways) {
        let Some(ways) = self.ways.get_mut(site) else {
            return;
        };
        if ways.is_unknown() {
            self.order.push(site);
        }
        ways.taken = ways.taken.saturating_add(more.taken);
        ways.passed = ways.passed.saturating_add(more.passed);
    }

    /// Adds what was told at another time: behind what is known.
    pub(super) fn extend(&mut self, later: &Self) {
        for site in &later.order {
            if let Some(ways) = later.ways.get(*site) {
                self.add(*site, *ways);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: Ways = Ways {
        taken: 1,
        passed: 0,
    };

    #[test]
    fn sites_stand_in_the_order_in_which_they_were_met_first() {
        let mut told = Told::nothing(3);
        for site in [2, 0, 2, 7] {
            told.add(site, TAKEN);
        }
        assert_eq!(told.order, [2, 0]);
        let mut earlier = Told::nothing(3);
        earlier.add(1, TAKEN);
        earlier.extend(&told);
        assert_eq!(earlier.order, [1, 2, 0]);
        let taken: Vec<_> = earlier.ways.iter().map(|ways| ways.taken).collect();
        assert_eq!(taken, [1, 1, 2]);
    }
}
