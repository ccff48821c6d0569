//! Whether memory stays flat once caches and tables are full.

use crate::bench::usage;
use anyhow::{Result, bail};

/// In KiB: what an allocator may come to hold besides. A cache that kept every token would take this for each 2000, and a table that kept
/// every key for each 100,000.
const ALLOWED: u32 = 4 * 1024;

/// The memory of a process that is sent many different things.
#[derive(Debug)]
pub(super) struct Flat {
    pid: u32,
    /// How many are sent in all.
    most: u64,
    /// What it held after a tenth of them, in KiB.
    full: Option<u32>,
}

impl Flat {
    /// Watches a process that will be sent so many.
    pub(super) const fn new(pid: u32, most: u64) -> Self {
        Self {
            pid,
            most,
            full: None,
        }
    }

    /// What it holds now that so many were sent, in KiB.
    pub(super) fn look(&mut self, sent: u64) -> Result<u32> {
        let resident = usage::resident(self.pid)?;
        if self.full.is_none() && sent >= self.most / 10 {
            self.full = Some(resident);
        }
        Ok(resident)
    }

    /// Says by how much it has grown; an error where that is too much. `what` was sent.
    pub(super) fn settle(&self, what: &str) -> Result<()> {
        let last = usage::resident(self.pid)?;
        let grown = last.saturating_sub(self.full.unwrap_or(last));
        println!("after a tenth of the {what}, memory grew by {grown} KiB");
        if grown > ALLOWED {
            bail!("memory grows with the number of {what}: at most {ALLOWED} KiB were expected");
        }
        Ok(())
    }
}
