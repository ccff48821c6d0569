//! The files of one folder that are vendored.
//!
//! INVARIANT (nobody else's files): nothing is written or removed through a symbolic link.

use crate::failure::Failure;
use crate::output;
use meshward_openapi::vendor::{Document, digest};
use meshward_openapi::{FileLoader, Loader as _};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A folder with vendored files.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
}

/// What is wrong with a file of the lock. It says what stands in the way, in a whole sentence.
#[derive(Debug)]
pub(super) enum OnDisk {
    Gone(String),
    Unreadable(String, String),
    Other {
        file: String,
        expected: String,
        found: String,
    },
}

impl fmt::Display for OnDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(file) => write!(f, "`{file}` is not there; put it back, or vendor it anew"),
            Self::Unreadable(file, cause) => write!(f, "`{file}` cannot be read: {cause}"),
            Self::Other {
                file,
                expected,
                found,
            } => write!(
                f,
                "`{file}` is not what was fetched: expected SHA-256 {expected}, found {found}; take it from version control"
            ),
        }
    }
}

impl Disk {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What a file of the lock says, if it is what was fetched.
    pub(super) fn read(&self, document: &Document) -> Result<String, OnDisk> {
        let file = || document.file.clone();
        let loaded = FileLoader::new(&self.folder).load(&document.file);
        match loaded {
            Ok(text) if digest(&text) == document.sha256 => Ok(text),
            Ok(text) => Err(OnDisk::Other {
                file: file(),
                expected: document.sha256.clone(),
                found: digest(&text),
            }),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Err(OnDisk::Gone(file())),
            Err(cause) => Err(OnDisk::Unreadable(file(), cause.to_string())),
        }
    }

    /// Whether a new file can be written: nothing is there, or just what would be written.
    pub(super) fn is_free(&self, file: &str, text: &str) -> bool {
        match std::fs::symlink_metadata(self.folder.join(file)) {
            Ok(_) => {
                let there = FileLoader::new(&self.folder).load(file);
                there.is_ok_and(|there| there == text)
            }
            Err(cause) => cause.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Writes a file, and the folders that it needs.
    pub(super) fn put(&self, file: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(file);
        if !self.is_ours(file) {
            return Err(Failure::no(format!(
                "`{}` is, or is below, a symbolic link, through which nothing is written; take the link away",
                path.display()
            )));
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|cause| Failure::file("make", parent, cause))?;
        }
        output::replace(&path, text).map_err(|cause| Failure::file("write", &path, cause))
    }

    /// Removes a file, if it is still what was fetched.
    pub(super) fn remove(&self, document: &Document) -> Result<(), Failure> {
        if self.read(document).is_err() || !self.is_ours(&document.file) {
            return Ok(());
        }
        let path = self.folder.join(&document.file);
        std::fs::remove_file(&path).map_err(|cause| Failure::file("remove", &path, cause))
    }

    /// Whether a file is below this folder in truth: no part of its path is a symbolic link.
    fn is_ours(&self, file: &str) -> bool {
        let mut path = self.folder.clone();
        file.split('/').all(|segment| {
            path.push(segment);
            !path.is_symlink()
        })
    }
}
