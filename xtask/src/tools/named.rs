//! Tools of one's own: named by the environment instead of fetched.

use anyhow::{Result, bail};
use std::path::PathBuf;

/// The file that a variable names, if it names one. `what` says in a sentence what to name.
pub(super) fn file(variable: &str, what: &str) -> Result<Option<PathBuf>> {
    let Some(named) = std::env::var_os(variable).filter(|v| !v.is_empty()) else {
        return Ok(None);
    };
    let path = std::path::absolute(&named)?;
    if !path.is_file() {
        bail!(
            "`{variable}` names `{}`, which is not a file: name {what}, or unset it",
            path.display()
        );
    }
    Ok(Some(path))
}
