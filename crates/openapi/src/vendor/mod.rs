//! Documents that descriptions refer to by URL, kept beside them.
//!
//! Reading a description never asks the network. `meshward vendor` fetches what is remote once, writes it below [`FOLDER`] in the
//! description's folder, and notes in [`LOCK`] which URL each file came from and what its digest is. Whoever reads the
//! description takes the file in the URL's place, if it is still what was fetched.
//!
//! Invariants: a URL names no credentials; a file in a lock is below its folder, under a name that every file system takes
//! for the same one; a file with another digest than the lock's is never read.

mod lock;
mod place;
mod url;

#[cfg(test)]
mod tests;

pub use lock::{Document, Lock};
pub use place::place;
pub use url::{RemoteUrl, WrongUrl, without_credentials};

pub(crate) use lock::mend;

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The file beside a description that says what is vendored.
pub const LOCK: &str = "meshward.lock.json";

/// The folder beside it that holds the vendored documents.
pub const FOLDER: &str = "vendor";

/// A document that was fetched.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The file that holds it, or will: relative to the description's folder.
    pub file: String,
    /// What it says.
    pub text: String,
    /// Where it was found after redirects: what its own references are relative to.
    pub location: RemoteUrl,
}

/// The digest of a document: SHA-256, in hexadecimal.
#[must_use]
pub fn digest(text: &str) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// The path of a file in the folder that a description stands in.
pub(crate) fn beside(description: &str, file: &str) -> String {
    match description.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{file}"),
        None => file.to_owned(),
    }
}
