//! The way to files.
//!
//! Everything that a policy or a description names goes through a [`Loader`], so that tests and tools can serve files
//! from anywhere. Nothing here ever asks the network.

use crate::source::MAX_BYTES;
use crate::vendor::{Fetched, RemoteUrl};
use std::io;
use std::path::{Path, PathBuf};

/// Finds files by the paths that policies and descriptions write.
pub trait Loader {
    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn load(&mut self, path: &str) -> io::Result<String>;

    /// The text of a file that holds a secret: it is not kept for messages.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn secret(&mut self, path: &str) -> io::Result<String> {
        self.load(path)
    }

    /// The document at a URL, from whoever may fetch it. `None`, and so by default: it is looked for among the vendored ones.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn fetch(&mut self, _url: &RemoteUrl) -> Option<io::Result<Fetched>> {
        None
    }

    /// The value of a variable of the environment.
    ///
    /// # Errors
    /// Why it cannot be had: by default, there are none.
    fn variable(&mut self, _name: &str) -> io::Result<String> {
        let message = "there is no environment here";
        Err(io::Error::new(io::ErrorKind::NotFound, message))
    }
}

impl<F: FnMut(&str) -> io::Result<String>> Loader for F {
    fn load(&mut self, path: &str) -> io::Result<String> {
        self(path)
    }
}

/// Reads files below, or beside, a directory.
#[derive(Debug, Clone)]
pub struct FileLoader {
    base: PathBuf,
}

impl FileLoader {
    /// Paths are read from `base`: for a policy, the directory that it stands in.
    #[must_use]
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into() }
    }
}

impl Loader for FileLoader {
    fn load(&mut self, path: &str) -> io::Result<String> {
        let refuse = |message: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        if is_url(path) {
            return refuse("remote files are not fetched");
        }
        if Path::new(path).is_absolute() {
            return refuse("the path is absolute; write it relative to the file that names it");
        }
        let path = self.base.join(path);
        // Without this, a directory or a device would be read until memory ends.
        let metadata = std::fs::metadata(&path)?;
        if !metadata.is_file() {
            return refuse("this is not a file");
        }
        if metadata.len() > MAX_BYTES as u64 {
            return refuse("the file is too large");
        }
        std::fs::read_to_string(path)
    }

    fn variable(&mut self, name: &str) -> io::Result<String> {
        std::env::var(name).map_err(|cause| {
            let message = match cause {
                std::env::VarError::NotPresent => "it is not set",
                std::env::VarError::NotUnicode(_) => "it is not UTF-8",
            };
            io::Error::new(io::ErrorKind::NotFound, message)
        })
    }
}

/// Whether a reference begins with a scheme, or names a host.
pub(crate) fn is_url(path: &str) -> bool {
    let scheme = |scheme: &str| {
        scheme.len() > 1
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    path.starts_with("//") || path.split_once(':').is_some_and(|(start, _)| scheme(start))
}

#[cfg(test)]
mod tests {
    use super::{FileLoader, Loader, is_url};

    #[test]
    fn only_relative_paths_to_files() {
        let mut loader = FileLoader::new(env!("CARGO_MANIFEST_DIR"));
        assert!(loader.load("src/../Cargo.toml").is_ok());
        for path in ["https://example.com/a.yaml", "/etc/hostname", "src", "gone"] {
            assert!(loader.load(path).is_err(), "{path}");
        }
    }

    #[test]
    fn urls() {
        for url in ["https://a/b", "file:///a", "//a/b", "urn:x"] {
            assert!(is_url(url), "{url}");
        }
        for path in ["a.yaml#/x:y", "a/b:c", "../a", "c:a"] {
            assert!(!is_url(path), "{path}");
        }
    }
}
