//! Progress as plain lines, the same on a terminal and in a log: `▸ building the filter …` and `✓ … 42s`.

use crate::clock::{Stopwatch, human};
use anyhow::Result;
use std::io::Write as _;

/// Runs one step, with a line before and a line after it.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let watch = Stopwatch::start();
    println!("▸ {what} …");
    // A line that stays in a buffer tells nobody what is going on.
    std::io::stdout().flush().ok();
    let result = work();
    let mark = if result.is_ok() { '✓' } else { '✗' };
    println!("{mark} {what} {}", human(watch.elapsed()));
    result
}

/// One line between steps.
pub(crate) fn note(text: &str) {
    println!("  {text}");
}

/// Something that the user should know, though the work goes on.
pub(crate) fn warn(text: &str) {
    eprintln!("warning: {text}");
}
