//! One installation at a time: two tasks that start together must not write the same files.

use crate::progress;
use anyhow::{Context as _, Result};
use std::fs::{File, TryLockError};
use std::path::Path;

/// Holds the cache until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock(
    #[expect(dead_code, reason = "the lock lives as long as the file is open")] File,
);

/// Makes a file of the cache where it is missing: once, whichever tasks need it at one time.
pub(crate) fn once(file: &Path, cache: &Path, make: impl FnOnce() -> Result<()>) -> Result<()> {
    if file.is_file() {
        return Ok(());
    }
    let _lock = Lock::take(cache)?;
    // Whoever held the lock before may have done the work.
    if file.is_file() { Ok(()) } else { make() }
}

impl Lock {
    /// Waits for the lock of a cache directory.
    pub(crate) fn take(cache: &Path) -> Result<Self> {
        std::fs::create_dir_all(cache)
            .with_context(|| format!("the cache `{}` cannot be made", cache.display()))?;
        let path = cache.join("lock");
        let wrong = || format!("`{}` cannot be locked", path.display());
        let file = File::create(&path).with_context(wrong)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress::note("another task installs tools: waiting for it");
                file.lock().with_context(wrong)?;
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(wrong),
        }
        Ok(Self(file))
    }
}
