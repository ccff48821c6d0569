//! The requests that the hints are made for: a service's ordinary day, with keys, tokens, limits, parameters and bodies.
//!
//! They are those of the bench, each under the policies of the bench: what they have in common is hinted, where they differ nothing is.

use crate::bench::tokens;
use crate::{paths, process};
use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The policies, in `xtask/bench`.
const POLICIES: [&str; 4] = [
    "policy-key.yaml",
    "policy-jwt.yaml",
    "policy-unlimited.yaml",
    "policy-contract.yaml",
];
const DESCRIPTION: &str = "description.yaml";
const ORDER: &str = include_str!("../../bench/order.json");

/// A policy, and what comes under it.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) policy: &'static str,
    pub(super) bundle: Vec<u8>,
    pub(super) exchanges: Vec<Exchange>,
}

/// A request that is admitted, and its response.
#[derive(Debug, Clone, Default)]
pub(super) struct Exchange {
    pub(super) request: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) response: Vec<(&'static str, String)>,
}

/// Everything that comes.
pub(super) fn scenes() -> Result<Vec<Scene>> {
    let dir = paths::target().join("hints");
    fs::create_dir_all(&dir).with_context(|| format!("`{}` cannot be made", dir.display()))?;
    let jwks = dir.join("jwks.json");
    fs::write(&jwks, tokens::jwks()?.to_string())
        .with_context(|| format!("`{}` cannot be written", jwks.display()))?;
    let scene = |policy: &'static str| {
        Ok(Scene {
            policy,
            bundle: bundle(&dir, policy)?,
            exchanges: exchanges()?,
        })
    };
    POLICIES.into_iter().map(scene).collect()
}

/// A digest of the files that everything comes from.
pub(super) fn digest() -> Result<String> {
    let mut digest = Sha256::new();
    for file in POLICIES.iter().chain(&[DESCRIPTION]) {
        let file = source(file);
        let bytes =
            fs::read(&file).with_context(|| format!("`{}` cannot be read", file.display()))?;
        digest.update(bytes);
    }
    digest.update(ORDER);
    digest.update(tokens::seen()?);
    let digest = digest.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn source(file: &str) -> PathBuf {
    paths::root().join("xtask/bench").join(file)
}

/// Makes a bundle as a user does.
fn bundle(dir: &Path, policy: &str) -> Result<Vec<u8>> {
    for file in [policy, DESCRIPTION] {
        let from = source(file);
        fs::copy(&from, dir.join(file))
            .with_context(|| format!("`{}` cannot be copied", from.display()))?;
    }
    let out = dir.join("bundle.json");
    let mut build = Command::new(paths::command_line());
    process::run(build.arg("build").arg(dir.join(policy)).arg("-o").arg(&out))?;
    fs::read(&out).with_context(|| format!("`{}` cannot be read", out.display()))
}

fn exchanges() -> Result<Vec<Exchange>> {
    let get = [
        (":method", "GET".to_owned()),
        (":path", format!("/orders/{}?expand=items", tokens::ORDER)),
    ];
    let post = [
        (":method", "POST".to_owned()),
        (":path", "/orders".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("content-length", ORDER.len().to_string()),
    ];
    let all = [
        (":authority", "shop.bench".to_owned()),
        (":scheme", "http".to_owned()),
        ("accept", "application/json".to_owned()),
        ("user-agent", "hints/1.0".to_owned()),
        ("accept-language", "en".to_owned()),
        ("authorization", format!("Bearer {}", tokens::seen()?)),
        ("x-api-key", "bench-key-5b1f0d9c7a3e".to_owned()),
        ("x-forwarded-proto", "http".to_owned()),
        (
            "x-request-id",
            "5b1f0d9c-7a3e-4f4e-9d57-0123456789ab".to_owned(),
        ),
    ];
    let response = vec![
        (":status", "200".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("content-length", "62".to_owned()),
        ("server", "envoy".to_owned()),
    ];
    let with = |own: &[(&'static str, String)], body: &str| Exchange {
        request: own.iter().chain(&all).cloned().collect(),
        body: body.as_bytes().to_vec(),
        response: response.clone(),
    };
    Ok(vec![with(&get, ""), with(&post, ORDER)])
}
