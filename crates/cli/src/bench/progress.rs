//! Says on standard error what is being done: one line that changes, where somebody watches, and nothing where nobody does.

use crate::style::FAINT;
use std::io::{IsTerminal as _, Write as _};

/// Clears the rest of the line.
const CLEAR: &str = "\x1b[K";

/// The line.
#[derive(Debug)]
pub(crate) struct Progress {
    watched: bool,
}

impl Progress {
    /// Looks whether somebody watches.
    pub(crate) fn new() -> Self {
        Self {
            watched: std::io::stderr().is_terminal(),
        }
    }

    /// Says what is being done now.
    pub(crate) fn step(&self, what: &str) {
        if self.watched {
            anstream::eprint!("\r{FAINT}{what}{FAINT:#}{CLEAR}");
            // It is only for the eye.
            let _ = std::io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.watched {
            anstream::eprint!("\r{CLEAR}");
        }
    }
}
