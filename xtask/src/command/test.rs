//! `cargo xtask test`: everything that must hold before a change lands, the same for developers and CI.

use super::{build, docs, fmt, samples};
use crate::clock::{Stopwatch, human};
use crate::{package, paths, process, progress, table, tools};
use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use std::process::Command;
use std::time::Duration;

/// Check everything: style, lints, documents, tests, the real filter in a real Envoy, and a short fuzz run.
///
/// The steps run in order and end at the first that fails. With `--mesh`: what is delivered, in a mesh of a real istiod, whose
/// first build takes about 15 minutes of one core.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    cargo xtask test\n  \
    cargo xtask test --only clippy --only unit\n  \
    cargo xtask test --mesh\n  \
    cargo xtask test --only build --only integration")]
pub(crate) struct Args {
    /// Run only this step; may be repeated.
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
    /// Run the tests in a mesh, and nothing else but the build before them.
    #[arg(long)]
    mesh: bool,
}

/// A step, in the order in which steps run: the quick ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// All code is formatted.
    Fmt,
    /// No lint has anything to say.
    Clippy,
    /// The documentation of the code builds without a warning.
    Doc,
    /// The generated pages of the manual are what the code says.
    Manual,
    /// Unit tests of every package, and the corpus on the engine.
    Unit,
    /// The filter and the command line build as they are delivered.
    Build,
    /// Policies, Envoy configurations and the compose file of `envoy-config/`, each in the tool that it is for.
    Samples,
    /// The delivered files in real Envoys.
    Integration,
    /// Every fuzz target holds for its seeds and some thousand mutations of them.
    Fuzz,
    /// Policies on their way through a real istiod into real Envoys. Runs with `--mesh`.
    Mesh,
}

/// Runs the steps, and ends with a table of what came of them.
pub(crate) fn run(args: &Args) -> Result<()> {
    let watch = Stopwatch::start();
    let mut rows = Vec::new();
    let mut failure = None;
    for step in Step::value_variants() {
        let wanted = args.wants(*step);
        if !wanted || failure.is_some() {
            rows.push(row(
                *step,
                if wanted { "not run" } else { "left out" },
                None,
            ));
            continue;
        }
        let step_watch = Stopwatch::start();
        let result = progress::step(&format!("test step {}", step.name()), || step.run());
        let word = if result.is_ok() { "passed" } else { "failed" };
        rows.push(row(*step, word, Some(step_watch.elapsed())));
        failure = result.err().map(|error| (*step, error));
    }
    println!("\n{}", table::of(&["step", "result", "time"], rows));
    println!("all steps took {}", human(watch.elapsed()));
    match failure {
        None => Ok(()),
        Some((step, error)) => Err(error.context(format!(
            "the step `{0}` failed; to run it alone: cargo xtask test --only {0}",
            step.name()
        ))),
    }
}

impl Args {
    fn wants(&self, step: Step) -> bool {
        let of_mesh = matches!(step, Step::Build | Step::Mesh);
        if self.only.is_empty() {
            return if self.mesh {
                of_mesh
            } else {
                step != Step::Mesh
            };
        }
        self.only.contains(&step) || (self.mesh && of_mesh)
    }
}

fn row(step: Step, result: &str, time: Option<Duration>) -> Vec<String> {
    vec![
        step.name(),
        result.to_owned(),
        time.map(human).unwrap_or_default(),
    ]
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Fmt => fmt::run(&fmt::Args { check: true }),
            Self::Clippy => clippy(),
            Self::Doc => process::run(
                cargo()
                    .args(["doc", "--workspace", "--no-deps"])
                    .env("RUSTDOCFLAGS", "-D warnings"),
            ),
            Self::Manual => docs::run(&docs::Args { check: true }),
            Self::Unit => process::run(cargo().args([
                "test",
                "--workspace",
                "--exclude",
                "integration-tests",
            ])),
            Self::Build => build::run(&build::Args { only: None }),
            Self::Samples => samples::check(),
            Self::Integration => integration(),
            Self::Fuzz => fuzz(),
            Self::Mesh => mesh(),
        }
    }
}

fn clippy() -> Result<()> {
    // The fuzz workspace first: its lock file is easily forgotten, and that shows here at once.
    process::run(in_fuzz("clippy").args(["--all-targets", "--", "-D", "warnings"])).context(
        "the fuzz workspace; after a change of dependencies: cargo check --manifest-path fuzz/Cargo.toml --no-default-features",
    )?;
    let all = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        "integration-tests/mesh",
        "--",
        "-D",
        "warnings",
    ];
    process::run(cargo().args(all))?;
    // What exists for Wasm alone: the entries of the filters.
    process::run(
        cargo()
            .args(["clippy", "--target", &tools::wasm_target()?])
            .args([
                "--package",
                "meshward-filter",
                "--package",
                "bench-baseline",
            ])
            .args(["--", "-D", "warnings"]),
    )
}

fn integration() -> Result<()> {
    process::run(
        on_delivered()?
            .env(
                "KEYCLOAK",
                tools::keycloak().context("a real authorization server is needed")?,
            )
            .env(
                "RATELIMIT",
                tools::ratelimit().context("a real rate limit service is needed")?,
            )
            .env(
                "REDIS_SERVER",
                tools::redis().context("a real Redis is needed")?,
            )
            .env(
                "SCHEMATHESIS",
                tools::schemathesis().context("requests made from descriptions are needed")?,
            )
            .env(
                "MESHWARD_ARCHIVES",
                tools::archives().context("published suites and descriptions are needed")?,
            ),
    )
}

fn mesh() -> Result<()> {
    let image = package::of_delivered()?;
    process::run(
        on_delivered()?
            .args(["--features", "mesh", "--test", "mesh"])
            .env("MESHWARD_IMAGE", image)
            .env(
                "MESHWARD_ARCHIVES",
                tools::archives().context("published descriptions are needed")?,
            )
            .env(
                "ISTIOD",
                tools::istiod().context("a real istiod is needed")?,
            ),
    )
}

/// Cargo for the tests of what is delivered, in a real Envoy.
fn on_delivered() -> Result<Command> {
    let (program, filter) = (paths::command_line(), paths::filter());
    for file in [&program, &filter] {
        if !file.is_file() {
            bail!(
                "`{}` is not there: run `cargo xtask build` first",
                file.display()
            );
        }
    }
    let mut cargo = cargo();
    cargo
        .args(["test", "--package", "integration-tests"])
        .env("MESHWARD_BIN", program)
        .env("MESHWARD_WASM", filter)
        .env("ENVOY", tools::envoy().context("a real Envoy is needed")?);
    Ok(cargo)
}

fn fuzz() -> Result<()> {
    process::run(in_fuzz("test").arg("--quiet"))?;
    process::run(in_fuzz("run").args(["--quiet", "--bin", "smoke"]))
}

/// Cargo for the fuzz workspace, with the same target directory, so that what both need is built once.
fn in_fuzz(subcommand: &str) -> Command {
    let mut cargo = cargo();
    cargo
        .arg(subcommand)
        .args(["--manifest-path", "fuzz/Cargo.toml"])
        .args(["--no-default-features", "--locked"])
        .env("CARGO_TARGET_DIR", paths::target());
    cargo
}

fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(paths::root());
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(only: &[Step], mesh: bool) -> Vec<Step> {
        let args = Args {
            only: only.to_vec(),
            mesh,
        };
        let mut steps = Step::value_variants().to_vec();
        steps.retain(|step| args.wants(*step));
        steps
    }

    #[test]
    fn the_mesh_is_tested_where_it_is_asked_for() {
        assert!(!steps(&[], false).contains(&Step::Mesh));
        assert_eq!(steps(&[], true), [Step::Build, Step::Mesh]);
        assert_eq!(steps(&[Step::Mesh], false), [Step::Mesh]);
        assert_eq!(steps(&[Step::Unit], false), [Step::Unit]);
    }
}
