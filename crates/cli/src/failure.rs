//! How a command fails: the exit code, and what is said.

use crate::style::ERROR;
use std::fmt::Display;
use std::process::ExitCode;

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The answer is no, and everything about it has been said.
    Said,
    /// The answer is no: what, and how to mend it.
    No(String),
    /// The command was used wrongly: what, and how to mend it.
    Usage(String),
}

impl Failure {
    /// The answer is no.
    pub(crate) fn no(message: impl Into<String>) -> Self {
        Self::No(message.into())
    }

    /// The command was used wrongly.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// A file that was named on the command line could not be used.
    pub(crate) fn file(doing: &str, path: &std::path::Path, cause: impl Display) -> Self {
        Self::Usage(format!("cannot {doing} `{}`: {cause}", path.display()))
    }

    /// Says it on standard error.
    pub(crate) fn show(&self) {
        let (Self::No(message) | Self::Usage(message)) = self else {
            return;
        };
        anstream::eprintln!("{ERROR}error{ERROR:#}: {message}");
    }

    /// 1 where the answer is no, 2 where the command was used wrongly.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Said | Self::No(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
        }
    }
}
