//! Wasm modules: built for their target, made smaller and faster by `wasm-opt`, and the filter with hints for the proxy's compiler.

use crate::command::build::deliver;
use crate::tools::{self, Program};
use crate::{hints, paths, process, progress};
use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What rustc 1.95 emits for wasm32-wasip1. Binaryen 108 accepts nothing beyond the first standard unless it is named.
const OPTIONS: [&str; 6] = [
    "-O3",
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    // The crate that counts characters for JSON Schema's `maxLength` asks for it by itself.
    "--enable-simd",
];

/// Builds the filter into the directory of what is delivered. The command line must be there: it makes the bundles that hints need.
pub(crate) fn build() -> Result<()> {
    let raw = progress::step("building the filter", || compile("meshward-filter"))?;
    finish(&raw, &paths::filter(), Finish::Hinted)
}

/// Builds the filter from nothing into a directory of its own, and gives the module.
pub(crate) fn build_apart(dir: &Path) -> Result<PathBuf> {
    let raw = compile_into("meshward-filter", dir)?;
    let filter = dir.join("dist/meshward_filter.wasm");
    finish(&raw, &filter, Finish::Hinted)?;
    Ok(filter)
}

/// Compiles one package for the filter's target and gives the module.
pub(crate) fn compile(package: &str) -> Result<PathBuf> {
    compile_into(package, &paths::target())
}

fn compile_into(package: &str, dir: &Path) -> Result<PathBuf> {
    let target = tools::wasm_target()?;
    process::run(
        Command::new("cargo")
            .current_dir(paths::root())
            .args(["build", "--profile", "wasm", "--target", &target])
            .args(["--package", package])
            .args(["--config", &without_paths(&target)?])
            .env("CARGO_TARGET_DIR", dir),
    )?;
    let file = format!("{target}/wasm/{}.wasm", package.replace('-', "_"));
    Ok(dir.join(file))
}

/// Keeps the machine's paths out of the module, where messages of panics would name them: the same sources are the same module everywhere.
fn without_paths(target: &str) -> Result<String> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let home = home.context("Cargo's home is not known: set `CARGO_HOME`")?;
    let flags = [(paths::root(), "/meshward"), (home, "/cargo")].map(|(from, to)| {
        serde_json::json!(format!("--remap-path-prefix={}={to}", from.display()))
    });
    // A list on the command line is added to that of the configuration file.
    Ok(format!(
        "target.{target}.rustflags={}",
        serde_json::json!(flags)
    ))
}

/// What a module gets when it has been compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// It is put through `wasm-opt`.
    Optimised,
    /// And then it gets hints: which of its branches are seldom taken.
    Hinted,
}

/// Finishes a module and puts it into its place. Where `wasm-opt` is missing the module is delivered as it is, and a warning says so.
pub(crate) fn finish(raw: &Path, to: &Path, finish: Finish) -> Result<()> {
    if let Err(error) = tools::need(&[Program::WasmOpt]) {
        progress::warn(&format!("{} is not optimised: {error:#}", name(to)));
        return deliver(raw, to);
    }
    let key = key(raw, finish)?;
    let stamp = to.with_extension("wasm.made-from");
    if to.exists() && fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == key) {
        return Ok(());
    }
    progress::step(&format!("optimising {}", name(to)), || {
        if let Some(dir) = to.parent() {
            fs::create_dir_all(dir)?;
        }
        let fresh = to.with_extension(format!("wasm.new-{}", std::process::id()));
        let done = process::output(
            Command::new("wasm-opt")
                .args(OPTIONS)
                .arg(raw)
                .arg("-o")
                .arg(&fresh),
        );
        if let Err(error) = done {
            progress::warn(&format!("{} is not optimised: {error:#}", name(to)));
            fs::remove_file(&fresh).ok();
            // No stamp: the next build tries again, and warns again.
            fs::remove_file(&stamp).ok();
            return deliver(raw, to);
        }
        if finish == Finish::Hinted {
            hints::add(&fresh)?;
        }
        fs::rename(&fresh, to)
            .with_context(|| format!("`{}` cannot be put in its place", to.display()))?;
        fs::write(&stamp, &key).with_context(|| format!("`{}` cannot be written", stamp.display()))
    })
}

fn name(module: &Path) -> String {
    module
        .file_name()
        .unwrap_or(module.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// What a finished module was made from: the module, the options, the version of the tool, and what its hints come from.
fn key(raw: &Path, finish: Finish) -> Result<String> {
    let bytes = fs::read(raw).with_context(|| format!("`{}` cannot be read", raw.display()))?;
    let version = process::output(Command::new("wasm-opt").arg("--version"))?;
    let digest = Sha256::digest(&bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let hints = match finish {
        Finish::Optimised => String::new(),
        Finish::Hinted => hints::key()?,
    };
    Ok(format!(
        "{digest} {} {} {hints}",
        version.trim(),
        OPTIONS.join(" ")
    ))
}
