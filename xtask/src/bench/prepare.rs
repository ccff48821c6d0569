//! What must be there before an Envoy of a bench starts: modules, bundles, and the servers that filters ask.

use super::authz::Authz;
use super::case::Kind;
use super::grown;
use super::quotas::Quotas;
use super::server::Site;
use super::tokens;
use crate::command::build;
use crate::{paths, process, progress, tools, wasm};
use anyhow::{Context as _, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Builds what is measured, and lays out the directory that the Envoys read from.
pub(super) fn prepare(kinds: &[Kind], built: bool) -> Result<Site> {
    let dir = paths::target().join("bench");
    fs::create_dir_all(&dir).with_context(|| format!("`{}` cannot be made", dir.display()))?;
    let noop = dir.join("baseline.wasm");
    let raw = progress::step("building the baseline filter", || {
        wasm::compile("bench-baseline")
    })?;
    wasm::finish(&raw, &noop, wasm::Finish::Optimised)?;
    fs::write(dir.join("jwks.json"), tokens::jwks()?.to_string())?;
    let mut bundles = BTreeMap::new();
    if kinds.iter().any(|kind| kind.is_meshward()) {
        if !built {
            build::run(&build::Args { only: None })?;
        }
        let kinds: BTreeSet<_> = kinds.iter().filter(|kind| kind.is_meshward()).collect();
        for kind in kinds {
            bundles.insert(*kind, bundle(&dir, *kind)?);
        }
    }
    let shares = kinds.contains(&Kind::MeshwardFleet);
    let quotas = if shares {
        Some(progress::step("starting the rate limit service", || {
            Quotas::start(&dir, &dir.join(policy(Kind::MeshwardFleet)))
        })?)
    } else {
        None
    };
    let authz = if kinds.contains(&Kind::ExtAuthz) {
        Some(Authz::start(&dir)?)
    } else {
        None
    };
    Ok(Site {
        envoy: tools::envoy()?,
        quotas,
        authz,
        noop,
        filter: paths::filter(),
        bundles,
        dir,
    })
}

/// The file of a policy.
fn policy(kind: Kind) -> &'static str {
    match kind {
        Kind::MeshwardJwt => "policy-jwt.yaml",
        Kind::MeshwardToken => "policy-token.yaml",
        Kind::MeshwardUnlimited => "policy-unlimited.yaml",
        Kind::MeshwardContract => "policy-contract.yaml",
        Kind::MeshwardWatched => "policy-watched.yaml",
        Kind::MeshwardFleet => "policy-fleet.yaml",
        Kind::MeshwardKeys => "policy-keys.yaml",
        Kind::MeshwardGrown => "policy-grown.yaml",
        Kind::MeshwardKey
        | Kind::MeshwardTrial
        | Kind::Proxy
        | Kind::Noop
        | Kind::ReadHeaders
        | Kind::Slot
        | Kind::HostCalls
        | Kind::Verify
        | Kind::ReadBody
        | Kind::BodyCalls
        | Kind::BodyParse
        | Kind::Native
        | Kind::NativeChainUncached
        | Kind::NativeUncached
        | Kind::LuaKey
        | Kind::ExtAuthz => "policy-key.yaml",
    }
}

/// Makes a bundle as a user does.
fn bundle(dir: &Path, kind: Kind) -> Result<String> {
    let name = policy(kind);
    let sources = paths::root().join("xtask/bench");
    if kind == Kind::MeshwardGrown {
        grown::write(&sources, dir, name)?;
    } else {
        for file in [name, "description.yaml"] {
            fs::copy(sources.join(file), dir.join(file))
                .with_context(|| format!("`xtask/bench/{file}` cannot be copied"))?;
        }
    }
    let out = dir.join(format!("{}.bundle.json", kind.name()));
    let mut build = Command::new(paths::command_line());
    build.arg("build").arg(dir.join(name)).arg("-o").arg(&out);
    if kind == Kind::MeshwardTrial {
        build.arg("--candidate").arg(dir.join(name));
    }
    process::run(&mut build)?;
    fs::read_to_string(&out)
        .with_context(|| format!("`meshward build` wrote no bundle to `{}`", out.display()))
}
