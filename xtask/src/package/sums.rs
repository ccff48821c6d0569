//! `SHA256SUMS`: the digest of every file of a package, as `sha256sum --check` reads it.

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The name of the list.
pub(super) const FILE: &str = "SHA256SUMS";

/// The digest of bytes, in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the list of a folder into it.
pub(super) fn write(folder: &Path) -> Result<()> {
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files)?;
    let mut list = String::new();
    for (name, digest) in files {
        writeln!(list, "{digest}  {name}")?;
    }
    fs::write(folder.join(FILE), list).context("the checksums cannot be written")
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, digest(&fs::read(entry.path())?));
        }
    }
    Ok(())
}
