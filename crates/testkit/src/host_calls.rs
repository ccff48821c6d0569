//! The budget of an exchange: how often the filter calls the proxy for it, from its head to its log line.
//!
//! What a call costs is the proxy's affair, how many there are is ours, and a number that no machine changes. A budget is exact: a call
//! more is a regression, and a call less is a budget that holds nothing any more.
//!
//! Calls have the names of the proxy-wasm ABI without `proxy_`, so that those of a fake proxy and those in a real one's trace are the same.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// Calls by name, and how many of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Calls(BTreeMap<String, u32>);

/// How many calls an exchange may take.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Budget {
    /// The most calls that such an exchange may ever take, where somebody has set a bar: the budget itself stays below.
    #[serde(default)]
    pub bar: Option<u32>,
    /// The calls that it takes.
    pub calls: Calls,
}

impl Calls {
    /// Counts one more.
    pub fn add(&mut self, name: &str) {
        let count = self.0.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Those of an exchange that was played three times: the first makes what lasts (series, slots, verified tokens), and of the others at
    /// most one is of those few whose time is recorded.
    #[must_use]
    pub fn of_three([_, second, third]: [Self; 3]) -> Self {
        if third.total() < second.total() {
            third
        } else {
            second
        }
    }
}

impl fmt::Display for Calls {
    /// As a file writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self
            .0
            .iter()
            .map(|(name, count)| format!("{name} = {count}"));
        write!(f, "{{ {} }}", calls.collect::<Vec<_>>().join(", "))
    }
}

impl Budget {
    /// What is wrong with it.
    #[must_use]
    pub fn mistake(&self) -> Option<String> {
        let total = self.calls.total();
        let bar = self.bar.filter(|bar| total > *bar)?;
        Some(format!(
            "the budget of {total} host calls is over the bar of {bar}"
        ))
    }

    /// What differs from it.
    #[must_use]
    pub fn difference(&self, counted: &Calls) -> Option<String> {
        (self.calls != *counted).then(|| {
            format!(
                "the budget is {} host calls, counted were {}\n  budget:  {}\n  counted: {counted}",
                self.calls.total(),
                counted.total(),
                self.calls
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(text: &str) -> Budget {
        toml::from_str(text).unwrap()
    }

    fn calls(names: &[&str]) -> Calls {
        let mut calls = Calls::default();
        names.iter().for_each(|name| calls.add(name));
        calls
    }

    #[test]
    fn a_budget_is_exact() {
        let budget = budget("calls = { get_property = 2, log = 1 }");
        assert_eq!(budget.mistake(), None);
        let exact = calls(&["log", "get_property", "get_property"]);
        assert_eq!(budget.difference(&exact), None);
        let told = budget.difference(&calls(&["log", "get_property"]));
        assert_eq!(
            told.unwrap(),
            "the budget is 3 host calls, counted were 2\n  budget:  { get_property = 2, log = 1 }\n  counted: { get_property = 1, log = 1 }"
        );
        let other = calls(&["log", "log", "get_property"]);
        assert!(budget.difference(&other).is_some(), "as many, but others");
    }

    #[test]
    fn a_budget_is_under_its_bar() {
        assert_eq!(budget("bar = 3\ncalls = { log = 3 }").mistake(), None);
        let told = budget("bar = 2\ncalls = { log = 3 }").mistake().unwrap();
        assert_eq!(told, "the budget of 3 host calls is over the bar of 2");
    }

    #[test]
    fn the_cheaper_of_the_last_two_counts() {
        let (cold, plain, timed) = (
            calls(&["a", "b", "b"]),
            calls(&["a"]),
            calls(&["a", "record_metric"]),
        );
        for three in [
            [cold.clone(), plain.clone(), timed.clone()],
            [cold, timed, plain.clone()],
        ] {
            assert_eq!(Calls::of_three(three), plain);
        }
    }
}
