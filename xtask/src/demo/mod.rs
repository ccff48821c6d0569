//! `cargo xtask demo`: a shop of three services that call each other, each with a real Envoy and Meshward in front of it.
//!
//! [`shop`] starts it from the files in `envoy-config/`, [`acts`] says which requests are sent and what must come of them,
//! [`stage`] sends them and reads the decision of each from the proxy's decision log, [`report`] shows the table.

mod acts;
mod call;
mod decision;
mod issuer;
pub(crate) mod render;
mod report;
mod shop;
mod stage;

use crate::command::build;
use crate::{paths, process, progress};
use anyhow::{Result, bail};
use shop::Shop;
use stage::Stage;

/// Show Meshward at work: real services, real Envoys, and a table of what was admitted and refused.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Logs are in `<target>/demo`. Ends with 1 when a request did not go as expected.\n\n\
    Examples:\n  cargo xtask demo\n  cargo xtask demo --keep\n  cargo xtask demo --no-build --json | jq .asExpected\n  \
    cargo xtask demo --render && docker compose up"
)]
pub(crate) struct Args {
    /// Stay up after the requests, and print commands to try, until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// Print JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// Use what `cargo xtask build` has built before.
    #[arg(long)]
    no_build: bool,
    /// Only write the bootstraps that `docker-compose.yml` uses, and the build that they need.
    #[arg(long, conflicts_with_all = ["keep", "json"])]
    render: bool,
}

/// Runs the demo.
pub(crate) fn run(args: Args) -> Result<()> {
    if !args.no_build {
        build::run(&build::Args { only: None })?;
    }
    for file in [paths::command_line(), paths::filter()] {
        if !file.is_file() {
            bail!(
                "`{}` is not there: run `cargo xtask build` first",
                file.display()
            );
        }
    }
    if args.render {
        return render::for_compose();
    }
    let shop = Shop::open()?;
    let mut stage = Stage::new(shop)?;
    progress::step("sending requests", || acts::play(&mut stage))?;
    let (mut shop, rows) = stage.close();
    let report = report::Report::of(rows);
    if args.json {
        println!("{}", report.json());
    } else {
        println!("\n{}", report.text());
    }
    if args.keep {
        println!("{}", report::to_try(&shop)?);
        process::until_interrupted();
    }
    shop.close();
    if report.as_expected() {
        Ok(())
    } else {
        bail!(
            "not every request went as expected; the logs are in `{}`",
            shop::logs().display()
        )
    }
}
