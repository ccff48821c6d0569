//! The problems of a description, each once.

use meshward_engine::{Problem, Severity};
use std::collections::HashSet;

/// Problems in the order in which they were found. Shared components are read from many places: what is wrong with them
/// is told once.
#[derive(Debug, Default)]
pub(crate) struct Report {
    problems: Vec<Problem>,
    seen: HashSet<(Option<String>, String, String)>,
    topics: HashSet<&'static str>,
}

impl Report {
    pub(crate) fn push(&mut self, problem: Problem) {
        let key = (
            problem.file.clone(),
            problem.at.clone(),
            problem.message.clone(),
        );
        if self.seen.insert(key) {
            self.problems.push(problem);
        }
    }

    /// A problem that is worth telling for its first place only.
    pub(crate) fn once(&mut self, topic: &'static str, problem: impl FnOnce() -> Problem) {
        if self.topics.insert(topic) {
            self.push(problem());
        }
    }

    /// Changes every problem.
    pub(crate) fn map(&mut self, change: impl Fn(Problem) -> Problem) {
        let problems = std::mem::take(&mut self.problems);
        self.problems = problems.into_iter().map(change).collect();
    }

    /// The value with its warnings, or all problems when one is an error.
    pub(crate) fn finish<T>(self, value: T) -> Result<(T, Vec<Problem>), Vec<Problem>> {
        if self
            .problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
        {
            Err(self.problems)
        } else {
            Ok((value, self.problems))
        }
    }
}
