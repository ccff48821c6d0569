//! Reads a description as `build` does, but takes what is remote from the shelf.

use super::client::Client;
use super::shelf::Shelf;
use meshward_engine::Problem;
use meshward_engine::config::UnsupportedPatterns;
use meshward_openapi::vendor::{Fetched, RemoteUrl};
use meshward_openapi::{FileLoader, Loader, Options, describe_with};
use std::io;

/// Reads a description, and answers what is wrong with it.
pub(super) fn read(shelf: &mut Shelf, description: &str, client: &mut Client) -> Vec<Problem> {
    let options = Options {
        patterns: UnsupportedPatterns::Ignore,
        ..Options::default()
    };
    let mut reading = Reading {
        files: FileLoader::new(shelf.folder()),
        description,
        shelf,
        client,
    };
    match describe_with(description, &mut reading, &options) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    }
}

/// A description that is being read: what it refers to by URL is noted, and taken from the shelf.
struct Reading<'a> {
    files: FileLoader,
    description: &'a str,
    shelf: &'a mut Shelf,
    client: &'a mut Client,
}

impl Loader for Reading<'_> {
    fn load(&mut self, path: &str) -> io::Result<String> {
        self.files.load(path)
    }

    fn fetch(&mut self, url: &RemoteUrl) -> Option<io::Result<Fetched>> {
        let obtained = self.shelf.obtain(url, self.client);
        if obtained.is_ok() {
            self.shelf.need(self.description, url);
        }
        Some(obtained.map_err(io::Error::other))
    }
}
