//! The `meshward` command: writes, checks, explains and delivers policies.
//!
//! One file per command in [`command`]; what several commands share stands beside it: [`policy`] reads a policy with
//! everything that it refers to, [`diagnose`] shows what is wrong with it, [`envoy`] writes proxy configurations.
//!
//! Exit codes: 0 fine, 1 the answer is no, 2 used wrongly.

mod bench;
mod clock;
mod command;
mod coverage;
mod diagnose;
mod drift;
mod endpoints;
mod envoy;
mod failure;
mod floor;
mod gaps;
mod kubernetes;
mod lines;
mod lints;
mod output;
mod policy;
mod push;
mod run;
mod style;
mod table;
mod vendor;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = command::Arguments::parse().run();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.show();
            failure.exit_code()
        }
    }
}
