//! `cargo xtask docs`: the pages of the manual that are made from the code.

use crate::{paths, process, progress};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::process::Command;

/// Write the generated pages of the manual, or only say which are out of date.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask docs\n  cargo xtask docs --check")]
pub(crate) struct Args {
    /// Change nothing; fail when a page is not what the code says.
    #[arg(long)]
    pub(crate) check: bool,
}

/// The pages that `meshward reference` prints.
const PAGES: [(&str, &str); 4] = [
    ("policy", "docs/src/reference/policy.md"),
    ("floor", "docs/src/reference/floor.md"),
    ("reasons", "docs/src/reference/reasons.md"),
    ("commands", "docs/src/reference/command-line.md"),
];

/// Writes or compares every page.
pub(crate) fn run(args: &Args) -> Result<()> {
    progress::step("generating the manual's reference", || {
        let mut cargo = Command::new("cargo");
        process::run(cargo.current_dir(paths::root()).args([
            "build",
            "--quiet",
            "--package",
            "meshward",
        ]))?;
        let program = paths::target().join("debug/meshward");
        let mut stale = Vec::new();
        for (name, file) in PAGES {
            let output = Command::new(&program)
                .args(["reference", name])
                .output()
                .with_context(|| format!("`{}` cannot be run", program.display()))?;
            if !output.status.success() {
                bail!("`meshward reference {name}` failed");
            }
            let path = paths::root().join(file);
            if fs::read(&path).is_ok_and(|page| page == output.stdout) {
                continue;
            }
            if args.check {
                stale.push(file);
            } else {
                fs::write(&path, output.stdout)
                    .with_context(|| format!("`{file}` cannot be written"))?;
                progress::note(file);
            }
        }
        if !stale.is_empty() {
            bail!(
                "not what the code says: {}; run `cargo xtask docs`",
                stale.join(", ")
            );
        }
        Ok(())
    })
}
