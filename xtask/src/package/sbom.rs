//! What the filter is made of, as CycloneDX 1.5: every crate that is compiled into it, with version, licence and digest.

use super::sums::digest;
use crate::{paths, process, tools};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// The package that becomes the filter.
const ROOT: &str = "meshward-filter";

/// What `cargo metadata` says, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    /// `None` for what is compiled in; else for building or testing.
    kind: Option<String>,
}

/// `Cargo.lock`, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The list for a module.
pub(super) fn of_filter(module: &[u8]) -> Result<String> {
    let target = tools::wasm_target()?;
    let text = process::output(
        Command::new("cargo")
            .current_dir(paths::root())
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--filter-platform", &target]),
    )?;
    let metadata: Metadata =
        serde_json::from_str(&text).context("`cargo metadata` cannot be read")?;
    let lock = fs::read_to_string(paths::root().join("Cargo.lock"))?;
    let lock: Lock = toml::from_str(&lock).context("`Cargo.lock` cannot be read")?;
    let list = list(&metadata, &lock, module)?;
    Ok(format!("{}\n", serde_json::to_string_pretty(&list)?))
}

fn list(metadata: &Metadata, lock: &Lock, module: &[u8]) -> Result<Value> {
    let packages: BTreeMap<&str, &Package> = metadata
        .packages
        .iter()
        .map(|p| (p.id.as_str(), p))
        .collect();
    let nodes: BTreeMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|n| (n.id.as_str(), n))
        .collect();
    let root = metadata
        .packages
        .iter()
        .find(|package| package.name == ROOT)
        .with_context(|| format!("there is no package `{ROOT}`"))?;
    let checksums: BTreeMap<(&str, &str), &str> = lock
        .package
        .iter()
        .filter_map(|p| {
            Some((
                (p.name.as_str(), p.version.as_str()),
                p.checksum.as_deref()?,
            ))
        })
        .collect();

    let mut found = BTreeSet::new();
    let mut open = vec![root.id.as_str()];
    let mut dependencies = BTreeMap::new();
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let node = nodes
            .get(id)
            .context("a package without dependencies of its own")?;
        let compiled_in = node
            .deps
            .iter()
            .filter(|d| d.dep_kinds.iter().any(|k| k.kind.is_none()));
        let needed: Vec<&str> = compiled_in.map(|d| d.pkg.as_str()).collect();
        open.extend(&needed);
        let named = |id: &str| packages.get(id).map(|package| reference(package));
        let needed: BTreeSet<String> = needed.into_iter().filter_map(named).collect();
        dependencies.extend(named(id).map(|package| (package, needed)));
    }
    let mut components: Vec<(String, Value)> = found
        .into_iter()
        .filter_map(|id| packages.get(id))
        .filter(|package| package.id != root.id)
        .map(|package| (reference(package), component(package, &checksums)))
        .collect();
    components.sort_by(|(a, _), (b, _)| a.cmp(b));
    let components: Vec<Value> = components
        .into_iter()
        .map(|(_, component)| component)
        .collect();
    let dependencies: Vec<Value> = dependencies
        .into_iter()
        .map(|(package, needed)| json!({ "ref": package, "dependsOn": needed }))
        .collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "application",
            "bom-ref": reference(root),
            "name": root.name,
            "version": root.version,
            "licenses": licenses(root),
            "hashes": [{ "alg": "SHA-256", "content": digest(module) }],
        } },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

fn component(package: &Package, checksums: &BTreeMap<(&str, &str), &str>) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name,
        "version": package.version,
        "licenses": licenses(package),
    });
    let Some(members) = component.as_object_mut() else {
        return component;
    };
    // Crates of the workspace come from nowhere else.
    if package.source.is_some() {
        members.insert("purl".to_owned(), json!(reference(package)));
    }
    if let Some(checksum) = checksums.get(&(&*package.name, &*package.version)) {
        let hashes = json!([{ "alg": "SHA-256", "content": checksum }]);
        members.insert("hashes".to_owned(), hashes);
    }
    component
}

fn licenses(package: &Package) -> Value {
    match &package.license {
        // The old way to write `OR`, which SPDX does not know.
        Some(license) => json!([{ "expression": license.replace('/', " OR ") }]),
        None => json!([]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_in_is_listed_and_what_builds_or_tests_is_not() {
        let package = |name: &str, source: Option<&str>| json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0", "source": source });
        let dependency = |name: &str, kind: Option<&str>| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let registry = Some("registry+https://github.com/rust-lang/crates.io-index");
        let metadata: Metadata = serde_json::from_value(json!({
            "packages": [
                package(ROOT, None), package("engine", None), package("serde", registry),
                package("proptest", registry), package("cc", registry),
            ],
            "resolve": { "nodes": [
                { "id": ROOT, "deps": [dependency("engine", None), dependency("proptest", Some("dev"))] },
                { "id": "engine", "deps": [dependency("serde", None), dependency("cc", Some("build"))] },
                { "id": "serde", "deps": [] }, { "id": "proptest", "deps": [] }, { "id": "cc", "deps": [] },
            ] },
        }))
        .unwrap();
        let lock: Lock = toml::from_str(
            "[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nchecksum = \"ab\"\n",
        )
        .unwrap();
        let list = list(&metadata, &lock, b"module").unwrap();
        let components = list["components"].as_array().unwrap();
        let names: Vec<_> = components
            .iter()
            .map(|c| c["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["engine", "serde"]);
        assert!(components[0].get("purl").is_none());
        assert_eq!(components[1]["purl"], "pkg:cargo/serde@1.0.0");
        assert_eq!(components[1]["hashes"][0]["content"], "ab");
        assert_eq!(
            components[1]["licenses"][0]["expression"],
            "MIT OR Apache-2.0"
        );
    }
}
