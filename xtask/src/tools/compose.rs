//! The check of compose files: `check-jsonschema` from PyPI, which carries the schema of the Compose Specification.

use super::{pins, python};
use crate::process;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Holds a compose file to the schema of the Compose Specification.
pub(crate) fn check_compose(file: &Path) -> Result<()> {
    let home = python::installed(pins()?.compose)?;
    process::run(
        Command::new("python3")
            .env("PYTHONPATH", home)
            .args([
                "-m",
                "check_jsonschema",
                "--builtin-schema",
                "vendor.compose-spec",
            ])
            .arg(file),
    )
}
