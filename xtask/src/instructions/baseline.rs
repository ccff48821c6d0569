//! The baseline: instructions by case, as a file of the repository.

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Instructions by the name of the case.
pub(super) type Cases = BTreeMap<String, u64>;

/// What was accepted last.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    /// The kind of machine that it holds for.
    machine: String,
    /// The share by which a case may exceed it.
    pub(super) tolerance: f64,
    pub(super) cases: Cases,
}

/// A case, then and now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    name: String,
    before: Option<u64>,
    now: Option<u64>,
}

impl Baseline {
    pub(super) fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("the baseline of instructions is malformed")
    }

    pub(super) fn text(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Other processors take other instructions.
    pub(super) fn is_of_this_machine(&self) -> Result<()> {
        let here = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
        if self.machine != here {
            bail!(
                "instructions are compared on {}, and this is {here}",
                self.machine
            );
        }
        Ok(())
    }

    /// Every case that was or is.
    pub(super) fn changes(&self, counted: &Cases) -> Vec<Change> {
        let gone = self
            .cases
            .keys()
            .filter(|name| !counted.contains_key(*name));
        let mut names: Vec<_> = counted.keys().chain(gone).collect();
        names.sort();
        names
            .into_iter()
            .map(|name| Change {
                name: name.clone(),
                before: self.cases.get(name).copied(),
                now: counted.get(name).copied(),
            })
            .collect()
    }
}

impl Change {
    /// By what share it takes more now.
    fn share(&self) -> Option<f64> {
        let (before, now) = (self.before?, self.now?);
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts are far below 2^53, and this is for a comparison of percent"
        )]
        Some(now as f64 / before.max(1) as f64 - 1.0)
    }

    pub(super) fn row(&self) -> Vec<String> {
        let count = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
        let change = self.share().map(|share| format!("{:+.2} %", share * 100.0));
        vec![
            self.name.clone(),
            count(self.before),
            count(self.now),
            change.unwrap_or_default(),
        ]
    }

    /// What must be mended or accepted.
    pub(super) fn mistake(&self, tolerance: f64) -> Option<String> {
        let name = &self.name;
        match (self.before, self.now, self.share()) {
            (None, Some(_), _) => Some(format!("`{name}` has no baseline")),
            (Some(_), None, _) => Some(format!("`{name}` is in the baseline and was not counted")),
            (_, _, Some(share)) if share > tolerance => Some(format!(
                "`{name}` takes {:.1} % more instructions, and {:.1} % is tolerated",
                share * 100.0,
                tolerance * 100.0
            )),
            _ => None,
        }
    }

    pub(super) fn is_better(&self, tolerance: f64) -> bool {
        self.share().is_some_and(|share| share < -tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(cases: &[(&str, u64)]) -> Cases {
        let cases = cases.iter();
        cases
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    fn baseline() -> Baseline {
        Baseline {
            machine: "x86_64-linux".to_owned(),
            tolerance: 0.03,
            cases: cases(&[("a", 1000), ("b", 1000), ("c", 1000), ("gone", 1)]),
        }
    }

    #[test]
    fn more_than_the_tolerance_is_a_mistake_and_less_is_none() {
        let counted = cases(&[("a", 1029), ("b", 1031), ("c", 900), ("new", 1)]);
        let changes = baseline().changes(&counted);
        let told: Vec<_> = changes.iter().map(|c| c.mistake(0.03)).collect();
        assert_eq!(
            told,
            [
                None,
                Some("`b` takes 3.1 % more instructions, and 3.0 % is tolerated".to_owned()),
                None,
                Some("`gone` is in the baseline and was not counted".to_owned()),
                Some("`new` has no baseline".to_owned()),
            ]
        );
        let better: Vec<_> = changes.iter().map(|c| c.is_better(0.03)).collect();
        assert_eq!(better, [false, false, true, false, false]);
        assert_eq!(changes[1].row(), ["b", "1000", "1031", "+3.10 %"]);
    }

    #[test]
    fn the_file_of_the_repository_can_be_read_and_is_as_it_is_written() {
        let text = include_str!("../../../crates/testkit/benches/instructions.json");
        let read = Baseline::read(text).unwrap();
        assert!(read.tolerance > 0.0 && read.tolerance < 0.1);
        assert_eq!(read.text().unwrap(), text);
    }
}
