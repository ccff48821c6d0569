//! Programs of the system: found, installed where that is allowed, else named in one message.

use super::lock::Lock;
use super::pins;
use crate::{paths, process, progress, retry};
use anyhow::{Result, bail};
use serde::Deserialize;
use std::process::{Command, Stdio};

/// What `tools.toml` says about one program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    /// The program to run, when it is not the entry's name.
    program: Option<String>,
    package: String,
    purpose: String,
    check: Vec<String>,
    #[serde(default)]
    any_exit: bool,
}

/// A program of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Python,
    Pip,
    WasmOpt,
    Wrk,
    Java,
    Maven,
    Npm,
    Valgrind,
}

impl Program {
    pub(crate) const ALL: [Self; 8] = [
        Self::Python,
        Self::Pip,
        Self::WasmOpt,
        Self::Wrk,
        Self::Java,
        Self::Maven,
        Self::Npm,
        Self::Valgrind,
    ];

    /// The name in `tools.toml`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "python3",
            Self::Pip => "pip",
            Self::WasmOpt => "wasm-opt",
            Self::Wrk => "wrk",
            Self::Java => "java",
            Self::Maven => "mvn",
            Self::Npm => "npm",
            Self::Valgrind => "valgrind",
        }
    }
}

/// Makes sure that programs are there: installs what is missing where `apt-get` exists and this is root, else names it all.
pub(crate) fn need(programs: &[Program]) -> Result<()> {
    let mut pins = pins()?.system;
    let mut wanted = Vec::new();
    for program in programs {
        if let Some(pin) = pins.remove(program.name())
            && !pin.is_there(program.name())
        {
            wanted.push((program.name(), pin));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = wanted.iter().map(|(_, pin)| pin.package.as_str()).collect();
    let may_install = rustix::process::geteuid().is_root() && answers("apt-get", &["--version"]);
    if !may_install {
        let list: Vec<_> = wanted
            .iter()
            .map(|(name, pin)| format!("  {name} {} (Debian: {})", pin.purpose, pin.package))
            .collect();
        bail!(
            "programs are missing:\n{}\ninstall them, for example with `sudo apt-get install {}`",
            list.join("\n"),
            packages.join(" ")
        );
    }
    let _lock = Lock::take(&paths::cache()?)?;
    progress::step(&format!("installing {}", packages.join(", ")), || {
        retry::thrice("apt-get", || {
            process::output(Command::new("apt-get").args(["update", "-q"]))?;
            process::output(
                Command::new("apt-get")
                    .args(["install", "-y", "-q", "--no-install-recommends"])
                    .args(&packages)
                    .env("DEBIAN_FRONTEND", "noninteractive"),
            )
        })
    })?;
    match wanted.iter().find(|(name, pin)| !pin.is_there(name)) {
        Some((name, pin)) => bail!(
            "the package `{}` is installed, but `{name}` does not run",
            pin.package
        ),
        None => Ok(()),
    }
}

impl Pin {
    fn is_there(&self, name: &str) -> bool {
        let program = self.program.as_deref().unwrap_or(name);
        let status = Command::new(program)
            .args(&self.check)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| self.any_exit || status.success())
    }
}

fn answers(program: &str, args: &[&str]) -> bool {
    process::output(Command::new(program).args(args)).is_ok()
}
