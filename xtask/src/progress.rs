//! Progress as plain lines, the same on a terminal and in a log: `▸ building the filter …` and `✓ … 42s`.
//!
//! On standard error: standard output is for results, so that `--json` can be piped.

use crate::clock::{Stopwatch, human};
use anyhow::Result;

/// Runs one step, with a line before and a line after it.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let watch = Stopwatch::start();
    eprintln!("▸ {what} …");
    let result = work();
    let mark = if result.is_ok() { '✓' } else { '✗' };
    eprintln!("{mark} {what} {}", human(watch.elapsed()));
    result
}

/// One line between steps.
pub(crate) fn note(text: &str) {
    eprintln!("  {text}");
}

/// Something that the user should know, though the work goes on.
pub(crate) fn warn(text: &str) {
    eprintln!("warning: {text}");
}
