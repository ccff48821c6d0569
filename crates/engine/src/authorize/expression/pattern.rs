//! Regular expressions of `matches`, compiled when the policy is loaded. They run in linear time.

use regex_automata::meta::Regex;
use std::collections::BTreeMap;
use std::fmt;

/// The most memory for one pattern.
const MOST_MEMORY: usize = 1 << 20;

/// The patterns of one expression.
#[derive(Default)]
pub(super) struct Patterns(BTreeMap<String, Regex>);

impl Patterns {
    /// Compiles them.
    ///
    /// # Errors
    /// Every mistake, as a sentence.
    pub(super) fn compile<'a>(
        texts: impl IntoIterator<Item = &'a String>,
    ) -> Result<Self, Vec<String>> {
        let config = Regex::config()
            .nfa_size_limit(Some(MOST_MEMORY))
            .hybrid_cache_capacity(MOST_MEMORY);
        let mut compiled = BTreeMap::new();
        let mut wrong = Vec::new();
        for text in texts {
            match Regex::builder().configure(config.clone()).build(text) {
                Ok(regex) => {
                    compiled.insert(text.clone(), regex);
                }
                Err(_) => wrong.push(format!(
                    "`{text}` is not a regular expression, or too large"
                )),
            }
        }
        if wrong.is_empty() {
            Ok(Self(compiled))
        } else {
            Err(wrong)
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the pattern is found in the text.
    pub(super) fn matches(&self, pattern: &str, text: &str) -> bool {
        self.0
            .get(pattern)
            .is_some_and(|regex| regex.is_match(text))
    }
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
