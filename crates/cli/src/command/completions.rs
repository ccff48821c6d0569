//! `meshward completions`: completion scripts for shells.

use crate::failure::Failure;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward completions bash > /etc/bash_completion.d/meshward
  meshward completions zsh > ~/.zfunc/_meshward")]
pub(crate) struct Arguments {
    /// The shell.
    shell: Shell,
}

impl Arguments {
    /// Prints the script.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut super::Arguments::command(),
            "meshward",
            &mut script,
        );
        crate::output::print(&String::from_utf8_lossy(&script))
    }
}
