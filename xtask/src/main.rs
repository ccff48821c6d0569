//! Project tasks: build, try, test and measure Meshward. Fetches and caches the tools that these need.
#![expect(clippy::print_stdout, reason = "a command tells its user what it does")]
#![expect(
    clippy::print_stderr,
    reason = "a command tells its user what went wrong"
)]

mod bench;
mod clock;
mod command;
mod demo;
mod hints;
mod instructions;
mod package;
mod paths;
mod ports;
mod process;
mod progress;
mod retry;
mod table;
mod tools;
mod wasm;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Build, try, test and measure Meshward.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Build(command::build::Args),
    Package(package::Args),
    Demo(demo::Args),
    Test(command::test::Args),
    Bench(bench::Args),
    Soak(bench::soak::Args),
    Instructions(instructions::Args),
    Docs(command::docs::Args),
    Fmt(command::fmt::Args),
    Tools(command::tools::Args),
}

fn main() -> ExitCode {
    let task = Cli::parse().task;
    let done = process::stop_everything_on_interrupt().and_then(|()| match task {
        Task::Build(args) => command::build::run(&args),
        Task::Package(args) => package::run(&args),
        Task::Demo(args) => demo::run(args),
        Task::Test(args) => command::test::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Soak(args) => bench::soak::run(&args),
        Task::Instructions(args) => instructions::run(&args),
        Task::Docs(args) => command::docs::run(&args),
        Task::Fmt(args) => command::fmt::run(&args),
        Task::Tools(args) => command::tools::run(&args),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
