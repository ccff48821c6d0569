//! The commands, one file each.

mod bench;
mod build;
mod check;
mod completions;
mod eval;
mod explain;
mod init;
mod key;
mod making;
mod push;
mod reference;
mod render;
mod run;
mod vendor;

use crate::failure::Failure;
use clap::{Parser, Subcommand};

/// Per-endpoint API security for Envoy and Istio.
///
/// A policy says, for every operation of every API, who may call it, with what, how often, and what may come back.
/// Most of it is the API's OpenAPI description.
#[derive(Debug, Parser)]
#[command(name = "meshward", version, styles = crate::style::HELP, max_term_width = 110, after_help = "\
Examples:
  meshward init --openapi orders.openapi.yaml -o policy.yaml   a first policy, which only watches
  meshward check policy.yaml                                   every mistake, with its place and a hint
  meshward explain policy.yaml GET /orders/42                  what applies to a request
  meshward run policy.yaml --upstream 127.0.0.1:9000           Envoy with this policy in front of a service

Exit codes: 0 fine, 1 the answer is no, 2 used wrongly.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Vendor(vendor::Arguments),
    Check(check::Arguments),
    Build(build::Arguments),
    Eval(eval::Arguments),
    Explain(explain::Arguments),
    Render(render::Arguments),
    Run(run::Arguments),
    Bench(bench::Arguments),
    Push(push::Arguments),
    Key(key::Arguments),
    Completions(completions::Arguments),
    #[command(hide = true)]
    Reference(reference::Arguments),
}

impl Arguments {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Init(arguments) => arguments.run(),
            Command::Vendor(arguments) => arguments.run(),
            Command::Check(arguments) => arguments.run(),
            Command::Build(arguments) => arguments.run(),
            Command::Eval(arguments) => arguments.run(),
            Command::Explain(arguments) => arguments.run(),
            Command::Render(arguments) => arguments.run(),
            Command::Run(arguments) => arguments.run(),
            Command::Bench(arguments) => arguments.run(),
            Command::Push(arguments) => arguments.run(),
            Command::Key(arguments) => arguments.run(),
            Command::Completions(arguments) => arguments.run(),
            Command::Reference(arguments) => arguments.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
