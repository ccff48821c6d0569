//! Shows problems: to people with the source, to tools as JSON or SARIF.

mod json;
mod sarif;
mod text;

use meshward_engine::{Problem, Severity};
use std::ops::Range;

pub(crate) use json::json;
pub(crate) use sarif::sarif;
pub(crate) use text::{summary, text};

/// A problem with its place in a file.
#[derive(Debug)]
pub(crate) struct Located<'a> {
    /// What is wrong.
    pub(crate) problem: &'a Problem,
    /// The file, as it can be opened from the working directory.
    pub(crate) file: String,
    /// Where in the file, if the file could be read.
    pub(crate) place: Option<Place<'a>>,
}

/// A place in a file.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column, from 1.
    pub(crate) column: usize,
    /// What to mark, in bytes.
    pub(crate) mark: Range<usize>,
    /// The file's text, with credentials blanked out.
    pub(crate) text: &'a str,
}

/// The number of errors and of warnings.
pub(crate) fn counts<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> (usize, usize) {
    problems
        .into_iter()
        .fold((0, 0), |(errors, warnings), problem| {
            match problem.severity {
                Severity::Error => (errors + 1, warnings),
                Severity::Warning => (errors, warnings + 1),
            }
        })
}
