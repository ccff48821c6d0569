//! A short run of every target without a fuzzer: seeds, regressions, and some thousand mutations, always the same ones.
//!
//! `smoke` runs all; `smoke TARGET FILE…` runs single inputs again. An input that breaks a target is kept in `artifacts/`.

use meshward_fuzz::mutate::{Random, mutate};
use meshward_fuzz::{TARGETS, Target};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let result = match args.next() {
        None => all(),
        Some(name) => single(&name, args),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn all() -> io::Result<bool> {
    let mut broken = 0;
    for target in &TARGETS {
        let known = known(target)?;
        let inputs = known.len();
        let holds = run(target, known)?;
        let word = if holds { "ok" } else { "FAILED" };
        println!(
            "fuzz target {} … {word} ({inputs} inputs kept, {} mutations)",
            target.name, target.tries
        );
        broken += usize::from(!holds);
    }
    println!("{} passed, {broken} failed", TARGETS.len() - broken);
    Ok(broken == 0)
}

/// Every input that is kept for a target, in the order of their names.
fn known(target: &Target) -> io::Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for kind in ["seeds", "regressions"] {
        match fs::read_dir(home().join(kind).join(target.name)) {
            Ok(dir) => {
                for entry in dir {
                    files.push(entry?.path());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    files.sort();
    files.iter().map(fs::read).collect()
}

fn run(target: &Target, known: Vec<Vec<u8>>) -> io::Result<bool> {
    for input in &known {
        if !holds(target, input)? {
            return Ok(false);
        }
    }
    let mut random = Random::new(1);
    let pick = |random: &mut Random| {
        known
            .get(random.below(known.len()))
            .cloned()
            .unwrap_or_default()
    };
    for _ in 0..target.tries {
        let mut input = pick(&mut random);
        let other = pick(&mut random);
        mutate(&mut input, &other, target.pieces, &mut random);
        if !holds(target, &input)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs one input; keeps it where the target does not hold.
fn holds(target: &Target, input: &[u8]) -> io::Result<bool> {
    let run = target.run;
    if catch_unwind(|| run(input)).is_ok() {
        return Ok(true);
    }
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let file = home()
        .join("artifacts")
        .join(target.name)
        .join(format!("{:016x}", hasher.finish()));
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    fs::write(&file, input)?;
    eprintln!(
        "`{}` does not hold; run it again with: cargo run --manifest-path fuzz/Cargo.toml --no-default-features --bin smoke -- {} {}",
        target.name,
        target.name,
        file.display()
    );
    Ok(false)
}

fn single(name: &str, files: impl Iterator<Item = String>) -> io::Result<bool> {
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        return Err(io::Error::other(format!(
            "there is no target `{name}`: choose from {}",
            names.join(", ")
        )));
    };
    let mut all = true;
    for file in files {
        let run = target.run;
        let input = fs::read(&file)?;
        all &= catch_unwind(|| run(&input)).is_ok();
    }
    Ok(all)
}

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
