//! schemathesis: makes requests from descriptions, those that fit and those that do not.

use super::{pins, python};
use anyhow::Result;
use std::path::PathBuf;

/// Its folder, for `PYTHONPATH`; installed where it is absent.
pub(crate) fn schemathesis() -> Result<PathBuf> {
    python::installed(pins()?.schemathesis)
}
