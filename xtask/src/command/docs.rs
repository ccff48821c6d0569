//! `cargo xtask docs`: the pages of the manual that are made from the code, so that they cannot lag behind it.

use crate::{paths, process, progress};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Write the pages of the manual that are made from the code, or only say which ones are out of date.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask docs\n  cargo xtask docs --check")]
pub(crate) struct Args {
    /// Change nothing; fail when a page is out of date.
    #[arg(long)]
    pub(crate) check: bool,
}

/// What `meshward reference` prints, and where it goes.
const PAGES: [(&str, &str); 3] = [
    ("policy", "docs/src/reference/policy.md"),
    ("reasons", "docs/src/reference/reasons.md"),
    ("schema", "docs/src/reference/policy.schema.json"),
];

/// Writes or compares the pages.
pub(crate) fn run(args: &Args) -> Result<()> {
    progress::step("generating pages of the manual", || {
        let mut old = Vec::new();
        for (page, file) in PAGES {
            let text = process::output(Command::new("cargo").current_dir(paths::root()).args([
                "run",
                "--quiet",
                "--package",
                "meshward",
                "--",
                "reference",
                page,
            ]))?;
            let path = paths::root().join(file);
            if fs::read_to_string(&path).is_ok_and(|there| there == text) {
                continue;
            }
            if args.check {
                old.push(file);
            } else {
                write(&path, &text)?;
                progress::note(&format!("wrote {file}"));
            }
        }
        if old.is_empty() {
            return Ok(());
        }
        bail!(
            "out of date: {}; run `cargo xtask docs` and commit what it writes",
            old.join(", ")
        )
    })
}

fn write(path: &Path, text: &str) -> Result<()> {
    let wrong = || format!("`{}` cannot be written", path.display());
    fs::create_dir_all(path.parent().with_context(wrong)?).with_context(wrong)?;
    fs::write(path, text).with_context(wrong)
}
