//! Another try for what reaches a registry: those fail now and then for reasons that pass.

use crate::progress;
use anyhow::{Context as _, Result};
use std::time::Duration;

/// Tries up to three times, with 2 and 6 seconds between.
pub(crate) fn thrice<T>(what: &str, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    for pause in [2, 6] {
        match work() {
            Ok(value) => return Ok(value),
            Err(error) => {
                progress::warn(&format!(
                    "{what} failed and is tried again in {pause}s: {error:#}"
                ));
                // A registry that was busy is given a moment.
                std::thread::sleep(Duration::from_secs(pause));
            }
        }
    }
    work().with_context(|| format!("{what} failed three times"))
}
