//! What is vendored in one folder.
//!
//! INVARIANT (all or nothing): nothing is written until every description could be read with what it needs.
//! INVARIANT (nobody else's files): only files of the lock are replaced, and removed only while they are what the lock says.

use super::client::Client;
use super::disk::{Disk, OnDisk};
use super::format::format;
use super::reading;
use crate::clock;
use crate::failure::Failure;
use crate::output;
use meshward_engine::{Problem, Severity};
use meshward_openapi::vendor::{Document, Fetched, LOCK, Lock, RemoteUrl, digest, place};
use meshward_openapi::{FileLoader, Loader as _};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// What is done about documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// What is not there is fetched.
    Add,
    /// Everything is fetched.
    Update,
    /// Nothing is fetched.
    Check,
}

/// How a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// It is as the lock says.
    Kept,
    /// It was not in the lock.
    New,
    /// It is another than the lock said.
    Changed,
    /// It is what the lock says again.
    Restored,
    /// No description needs it any more.
    Unused,
}

impl State {
    /// The state in a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Restored => "restored",
            Self::Unused => "unused",
        }
    }
}

/// A document that was asked for.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) document: Document,
    pub(super) state: State,
    /// The digest that the lock had, where this one is another.
    pub(super) was: Option<String>,
    text: String,
}

/// What is vendored in one folder.
#[derive(Debug)]
pub(crate) struct Shelf {
    disk: Disk,
    how: How,
    lock: Lock,
    /// The lock as it is written; `None` where there is none.
    written: Option<String>,
    pub(super) kept: BTreeMap<RemoteUrl, Kept>,
    /// What could not be had, and why.
    pub(super) failed: BTreeMap<RemoteUrl, String>,
    /// What each description refers to.
    needs: BTreeMap<String, BTreeSet<RemoteUrl>>,
    /// What stands in the way, by what is to be opened.
    pub(super) problems: Vec<Problem>,
}

impl Shelf {
    /// Opens a folder, with its lock if it has one.
    pub(crate) fn open(folder: &Path, how: How) -> Result<Self, Failure> {
        let path = folder.join(LOCK);
        let written = match FileLoader::new(folder).load(LOCK) {
            Ok(text) => Some(text),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
            Err(cause) => return Err(Failure::file("read", &path, cause)),
        };
        let lock = written.as_deref().map_or(Ok(Lock::default()), Lock::read);
        let lock = lock.map_err(|cause| {
            Failure::no(format!(
                "`{}` cannot be used: {cause}; take it from version control, or delete it and vendor anew",
                path.display()
            ))
        })?;
        Ok(Self {
            disk: Disk::new(folder),
            how,
            lock,
            written,
            kept: BTreeMap::new(),
            failed: BTreeMap::new(),
            needs: BTreeMap::new(),
            problems: Vec::new(),
        })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.disk.folder()
    }

    /// The descriptions that were read.
    pub(super) fn descriptions(&self) -> impl Iterator<Item = &str> {
        self.needs.keys().map(String::as_str)
    }

    /// Whether nothing stands in the way.
    pub(crate) fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// What could not be had, and why, although every description can do without.
    pub(crate) fn dispensable(&self) -> impl Iterator<Item = (&RemoteUrl, &str)> {
        let failed = self.failed.iter().filter(|_| self.is_good());
        failed.map(|(url, cause)| (url, cause.as_str()))
    }

    /// Reads a description of this folder with everything that it refers to. Answers how many other mistakes it has.
    pub(crate) fn read(&mut self, description: &str, client: &mut Client) -> usize {
        self.needs.entry(description.to_owned()).or_default();
        let errors = reading::read(self, description, client)
            .into_iter()
            .filter(|problem| problem.severity == Severity::Error);
        // Where a version is not read, nothing was looked at; and beyond so many files, nothing more.
        let own = ["remote-reference", "too-many-files", "unsupported-version"];
        let (own, other): (Vec<Problem>, Vec<Problem>) =
            errors.partition(|problem| own.contains(&problem.code));
        for problem in own {
            // What cannot be had is told at the first place that needs it.
            let is_told = self.problems.iter().any(|p| p.message == problem.message);
            if !is_told {
                self.problems.push(problem);
            }
        }
        other.len()
    }

    /// What is in the lock and was not asked for: with `--check` it must be as it was fetched, too.
    pub(crate) fn look_at_the_rest(&mut self) {
        let rest: Vec<(RemoteUrl, Document)> = self
            .lock
            .iter()
            .filter(|(url, _)| !self.kept.contains_key(*url) && !self.failed.contains_key(*url))
            .map(|(url, document)| (url.clone(), document.clone()))
            .collect();
        for (url, document) in rest {
            match self.disk.read(&document) {
                Ok(text) => {
                    let unused = |name: &String| self.needs.contains_key(name);
                    let state = if document.used_by.iter().all(unused) {
                        State::Unused
                    } else {
                        State::Kept
                    };
                    self.keep(url, document, state, None, text);
                }
                Err(wrong) => {
                    let message = format!("`{url}` cannot be had: {wrong}");
                    let problem = Problem::error("remote-reference", "", message);
                    self.problems.push(problem.file(LOCK));
                }
            }
        }
    }

    /// Notes that a description needs a document.
    pub(super) fn need(&mut self, description: &str, url: &RemoteUrl) {
        let needs = self.needs.entry(description.to_owned()).or_default();
        needs.insert(url.clone());
    }

    /// The document at a URL: from the disk, or fetched.
    pub(super) fn obtain(
        &mut self,
        url: &RemoteUrl,
        client: &mut Client,
    ) -> Result<Fetched, String> {
        if let Some(cause) = self.failed.get(url) {
            return Err(cause.clone());
        }
        if !self.kept.contains_key(url)
            && let Err(cause) = self.look(url, client)
        {
            self.failed.insert(url.clone(), cause.clone());
            return Err(cause);
        }
        let kept = self.kept.get(url).ok_or_else(String::new)?;
        Ok(Fetched {
            file: kept.document.file.clone(),
            text: kept.text.clone(),
            location: kept.document.location.clone(),
        })
    }

    fn look(&mut self, url: &RemoteUrl, client: &mut Client) -> Result<(), String> {
        let known = self.lock.get(url).cloned();
        let on_disk = known.as_ref().map(|document| self.disk.read(document));
        match (self.how, known, on_disk) {
            (How::Add | How::Check, Some(document), Some(Ok(text))) => {
                self.keep(url.clone(), document, State::Kept, None, text);
                Ok(())
            }
            (How::Check, _, Some(Err(wrong))) => Err(wrong.to_string()),
            (How::Check, ..) => Err("it is not vendored".to_owned()),
            (How::Add, _, Some(Err(wrong @ OnDisk::Other { .. }))) => {
                Err(format!("{wrong}, or fetch it anew with `--update`"))
            }
            (_, known, on_disk) => {
                let (text, location) = client.get(url)?;
                let is_json = format(&text)?;
                self.take(
                    url,
                    known,
                    matches!(on_disk, Some(Ok(_))),
                    (text, location),
                    is_json,
                )
            }
        }
    }

    /// Notes what was fetched.
    fn take(
        &mut self,
        url: &RemoteUrl,
        known: Option<Document>,
        is_there: bool,
        (text, location): (String, RemoteUrl),
        is_json: bool,
    ) -> Result<(), String> {
        let sha256 = digest(&text);
        if let Some(known) = &known {
            let same_place = known.location == location || self.how == How::Add;
            if known.sha256 == sha256 && same_place {
                let state = if is_there {
                    State::Kept
                } else {
                    State::Restored
                };
                self.keep(url.clone(), known.clone(), state, None, text);
                return Ok(());
            }
            if self.how == How::Add {
                let expected = &known.sha256;
                return Err(format!(
                    "`{}` is not there, and what the URL answers now is another document: expected SHA-256 {expected}, found {sha256}; `--update` takes it",
                    known.file
                ));
            }
        }
        let file = self.file(url, known.as_ref(), &text, is_json)?;
        let (state, was) = match known {
            Some(known) => (State::Changed, Some(known.sha256)),
            None => (State::New, None),
        };
        let now = clock::now().to_string();
        let document = Document {
            location,
            file,
            sha256,
            size: text.len() as u64,
            // To the second: `2027-01-01T00:00:00.000000Z` says no more to anybody.
            fetched: now
                .split_once('.')
                .map_or(now.clone(), |(seconds, _)| format!("{seconds}Z")),
            used_by: Vec::new(),
        };
        self.keep(url.clone(), document, state, was, text);
        Ok(())
    }

    /// The file of a document: the one that it has, if its format is still the same, or a new one.
    fn file(
        &self,
        url: &RemoteUrl,
        known: Option<&Document>,
        text: &str,
        is_json: bool,
    ) -> Result<String, String> {
        if let Some(known) = known
            && (is_json || !known.file.to_ascii_lowercase().ends_with(".json"))
        {
            return Ok(known.file.clone());
        }
        let locked = self.lock.iter().map(|(_, document)| document.file.as_str());
        let new = self.kept.values().map(|kept| kept.document.file.as_str());
        let file = place(url, is_json, locked.chain(new))
            .ok_or("there is no free name for its file".to_owned())?;
        // What stands there is none of ours, because it is not in the lock; unless a run was ended before it wrote the lock.
        if self.disk.is_free(&file, text) {
            Ok(file)
        } else {
            Err(format!(
                "`{file}` would be its file, and is there already without being in the lock; move it away"
            ))
        }
    }

    fn keep(
        &mut self,
        url: RemoteUrl,
        document: Document,
        state: State,
        was: Option<String>,
        text: String,
    ) {
        let kept = Kept {
            document,
            state,
            was,
            text,
        };
        self.kept.insert(url, kept);
    }

    /// Writes what is new, then the lock, and removes what nothing needs any more.
    pub(crate) fn write(&mut self) -> Result<(), Failure> {
        let mut next = self.lock.clone();
        for (url, kept) in &mut self.kept {
            if let Some(known) = self.lock.get(url) {
                kept.document.used_by.clone_from(&known.used_by);
            }
            next.set(url.clone(), kept.document.clone());
        }
        let (needs, folder) = (&self.needs, self.disk.folder());
        next.retain(|url, document| {
            let mut used: BTreeSet<String> = document.used_by.drain(..).collect();
            // Who is not asked about here goes on needing it, as long as it is there.
            used.retain(|name| !needs.contains_key(name) && folder.join(name).is_file());
            let asking = needs.iter().filter(|(_, urls)| urls.contains(url));
            used.extend(asking.map(|(name, _)| name.clone()));
            document.used_by = used.into_iter().collect();
            !document.used_by.is_empty()
        });
        for kept in self.kept.values() {
            let is_new = matches!(kept.state, State::New | State::Changed | State::Restored);
            if is_new {
                self.disk.put(&kept.document.file, &kept.text)?;
            }
        }
        let path = self.folder().join(LOCK);
        let text = next.write();
        if next.is_empty() {
            if self.written.is_some() {
                std::fs::remove_file(&path)
                    .map_err(|cause| Failure::file("remove", &path, cause))?;
            }
        } else if self.written.as_ref() != Some(&text) {
            output::write(Some(&path), &text)?;
        }
        let left: BTreeSet<&str> = next.iter().map(|(_, d)| d.file.as_str()).collect();
        for (url, document) in self.lock.iter() {
            if left.contains(document.file.as_str()) {
                continue;
            }
            self.disk.remove(document)?;
            if next.get(url).is_none() {
                let gone = Kept {
                    document: document.clone(),
                    state: State::Unused,
                    was: None,
                    text: String::new(),
                };
                self.kept.insert(url.clone(), gone);
            }
        }
        Ok(())
    }
}
