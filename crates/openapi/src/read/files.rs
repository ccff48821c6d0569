//! The files of one description.
//!
//! Loading follows every `$ref` that names a file, also those in examples that are none: a file that cannot be read is
//! a problem only when a reference to it is followed.

use super::reference::{Target, Wrong, join, target};
use super::vendored::{self, Vendored};
use super::version::{Version, version};
use super::{At, Report, nearest};
use crate::Loader;
use crate::loader::is_url;
use crate::source::Source;
use crate::swagger::{self, Converted};
use crate::vendor::{RemoteUrl, without_credentials};
use meshward_engine::Problem;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The most files of one description.
const MAX_FILES: usize = 1_000;

#[derive(Debug)]
pub(crate) struct File {
    pub(crate) id: usize,
    pub(crate) source: Source,
    pub(crate) version: Version,
    /// What a file in Swagger 2.0 says in the words of 3.0.
    pub(crate) converted: Option<Converted>,
    /// Where a vendored document comes from: what its references are relative to.
    location: Option<RemoteUrl>,
}

impl File {
    /// What the file says.
    pub(crate) fn value(&self) -> &Value {
        match &self.converted {
            Some(converted) => &converted.value,
            None => self.source.value(),
        }
    }

    /// Whether a URL is where the file comes from.
    pub(crate) fn is_at(&self, url: &str) -> bool {
        let url = RemoteUrl::parse(url).ok();
        url.is_some() && url == self.location
    }
}

/// Why a file is not there.
#[derive(Debug, Clone)]
pub(super) enum Gone {
    /// It cannot be loaded: a problem of whoever refers to it.
    Missing(String),
    /// It is remote, and not to be had: a problem of whoever refers to it. What is said of it, and what can be done.
    Remote(String, Option<String>),
    /// It can be loaded, but not used: a problem of the file.
    Broken(Box<Problem>),
}

#[derive(Debug)]
pub(crate) struct Files {
    files: Vec<File>,
    /// By path, which never holds `//`, or by URL, which always does.
    names: HashMap<String, Result<usize, Gone>>,
    marks: HashSet<&'static str>,
}

impl Files {
    /// Reads a description and every file that it refers to.
    pub(crate) fn open<L: Loader + ?Sized>(
        name: &str,
        loader: &mut L,
    ) -> Result<Self, Vec<Problem>> {
        let mut files = Self {
            files: Vec::new(),
            names: HashMap::new(),
            marks: HashSet::new(),
        };
        if is_url(name) {
            let name = without_credentials(name);
            let problem = Problem::error("remote-reference", "", format!("`{name}` is remote"))
                .hint("remote descriptions are not fetched; keep a copy, and name it by its path");
            return Err(vec![problem.file(name)]);
        }
        let name = join("", name);
        let root = match read(&name, loader) {
            Ok(source) => source,
            Err(Gone::Broken(problem)) => return Err(vec![*problem]),
            Err(Gone::Missing(cause) | Gone::Remote(cause, _)) => {
                let message = format!("`{name}` cannot be read: {cause}");
                return Err(vec![Problem::error("no-file", "", message).file(name)]);
            }
        };
        let version = match version(&root) {
            Ok(Some(version)) => version,
            Ok(None) => {
                let problem = Problem::error(
                    "unsupported-version",
                    "",
                    "`openapi` is missing, so that this is no OpenAPI description",
                )
                .hint("name the version at the top of the file: `openapi: 3.1.0`")
                .file(name);
                return Err(vec![problem]);
            }
            Err(problem) => return Err(vec![*problem]),
        };
        let mut vendored = Vendored::beside(&name);
        files.add(name, root, version, None);
        let mut next = 0;
        while let Some(file) = files.files.get(next) {
            for target in references(file, &mut files.marks) {
                files.load(target, version, loader, &mut vendored);
            }
            next += 1;
        }
        Ok(files)
    }

    /// The problem at its place in the file, where what it is about was moved; and what could not be moved.
    pub(crate) fn back(&self, problem: Problem) -> Problem {
        let of_file = |file: &&File| problem.file.as_deref() == Some(file.source.name());
        match self
            .files
            .iter()
            .find(of_file)
            .and_then(|file| file.converted.as_ref())
        {
            Some(converted) => Problem {
                at: converted.moved.back(&problem.at),
                ..problem
            },
            None => problem,
        }
    }

    /// Where a place in the description was, before it was moved.
    pub(crate) fn back_home(&self, at: &str) -> String {
        let root = self.files.first().and_then(|file| file.converted.as_ref());
        root.map_or_else(|| at.to_owned(), |root| root.moved.back(at))
    }

    /// What could not be said in the words of 3.0.
    pub(crate) fn notes(&self) -> impl Iterator<Item = Problem> {
        self.files.iter().flat_map(|file| {
            let notes = file.converted.iter().flat_map(|converted| &converted.notes);
            notes.map(|note| note.clone().file(file.source.name()))
        })
    }

    pub(crate) fn root(&self) -> Option<At<'_>> {
        self.files.first().map(At::root)
    }

    /// Whether anything is marked `readOnly`, or `writeOnly`.
    pub(crate) fn uses(&self, mark: &str) -> bool {
        self.marks.contains(mark)
    }

    /// Where a `$ref` leads.
    pub(crate) fn resolve<'a>(
        &'a self,
        at: &At<'a>,
        reference: &str,
    ) -> Result<At<'a>, Box<Problem>> {
        let here = At {
            file: at.file,
            pointer: format!("{}/$ref", at.pointer),
            value: at.value,
        };
        let from = at.file;
        let (target, pointer) = target(from.source.name(), from.location.as_ref(), reference)
            .map_err(|wrong| Box::new(nowhere(&here, reference, wrong)))?;
        let name = match &target {
            Target::Here => None,
            Target::File(name) => Some(name.as_str()),
            Target::Url(url) => Some(url.as_str()),
        };
        let file = match name {
            None => at.file,
            Some(name) => match self.names.get(name) {
                Some(Ok(id)) => self.files.get(*id),
                Some(Err(Gone::Broken(problem))) => return Err(problem.clone()),
                Some(Err(Gone::Missing(cause))) => {
                    let message = format!("`{name}` cannot be read: {cause}");
                    return Err(Box::new(here.error("no-file", message)));
                }
                Some(Err(Gone::Remote(cause, hint))) => {
                    let problem = here.error("remote-reference", format!("`{name}` {cause}"));
                    return Err(Box::new(match hint {
                        Some(hint) => problem.hint(hint),
                        None => problem,
                    }));
                }
                None => None,
            }
            .ok_or_else(|| {
                let message = format!("the description consists of more than {MAX_FILES} files");
                Box::new(here.error("too-many-files", message))
            })?,
        };
        let root = file.value();
        match root.pointer(&pointer) {
            Some(value) => Ok(At {
                file,
                pointer,
                value,
            }),
            None => Err(Box::new(unresolved(&here, reference, root, &pointer))),
        }
    }

    /// Follows a Reference Object, and those that it leads to. Not for schemas, whose references may form cycles.
    pub(crate) fn follow<'a>(&'a self, at: At<'a>, report: &mut Report) -> Option<At<'a>> {
        let mut visited = vec![at.key()];
        let mut current = at;
        while let Some(reference) = current.reference() {
            let target = match self.resolve(&current, reference) {
                Ok(target) => target,
                Err(problem) => {
                    report.push(*problem);
                    return None;
                }
            };
            let key = target.key();
            if visited.contains(&key) {
                report.push(current.error(
                    "reference-cycle",
                    format!("`{reference}` leads back to itself"),
                ));
                return None;
            }
            visited.push(key);
            current = target;
        }
        Some(current)
    }

    fn add(&mut self, name: String, source: Source, version: Version, location: Option<RemoteUrl>) {
        let id = self.files.len();
        let converted = swagger::is_swagger(source.value()).then(|| {
            let mut converted = swagger::convert(source.value());
            converted.moved.sort();
            converted
        });
        self.files.push(File {
            id,
            source,
            version,
            converted,
            location,
        });
        self.names.insert(name, Ok(id));
    }

    fn load<L: Loader + ?Sized>(
        &mut self,
        target: Target,
        default: Version,
        loader: &mut L,
        vendored: &mut Vendored,
    ) {
        let (name, url) = match target {
            Target::Here => return,
            Target::File(name) => (name, None),
            Target::Url(url) => (url.to_string(), Some(url)),
        };
        if self.names.contains_key(&name) || self.names.len() >= MAX_FILES {
            return;
        }
        let read = match &url {
            None => read(&name, loader).map(|source| (source, None)),
            Some(url) => vendored
                .read(url, loader)
                .map(|(source, location)| (source, Some(location))),
        };
        let read = read.and_then(|(source, location)| match version(&source) {
            Ok(version) => Ok((source, version.unwrap_or(default), location)),
            Err(problem) => Err(Gone::Broken(problem)),
        });
        match read {
            Ok((source, version, location)) => self.add(name, source, version, location),
            Err(gone) => {
                self.names.insert(name, Err(gone));
            }
        }
    }
}

/// A reference that leads to no document. What it says is shown without credentials.
fn nowhere(here: &At<'_>, reference: &str, wrong: Wrong) -> Problem {
    let shown = without_credentials(reference);
    match wrong {
        Wrong::Text(_) => here.error("bad-reference", format!("`{shown}` {wrong}")),
        Wrong::Url(wrong) => here
            .error("remote-reference", format!("`{shown}` {wrong}"))
            .hint(vendored::hint(wrong)),
    }
}

fn read<L: Loader + ?Sized>(name: &str, loader: &mut L) -> Result<Source, Gone> {
    let text = loader
        .load(name)
        .map_err(|cause| Gone::Missing(cause.to_string()))?;
    parse(name, &text)
}

pub(super) fn parse(name: &str, text: &str) -> Result<Source, Gone> {
    Source::parse(name, text).map_err(|fault| Gone::Broken(Box::new(fault.problem)))
}

/// The documents that a file refers to. Notes whether it uses `readOnly` and `writeOnly`.
fn references(file: &File, marks: &mut HashSet<&'static str>) -> Vec<Target> {
    let mut found = Vec::new();
    let mut open = vec![file.source.value()];
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            // What is wrong with a reference is told when it is followed.
            let target = target(file.source.name(), file.location.as_ref(), reference);
            found.extend(target.map(|(target, _)| target));
        }
        let is_used = |mark: &&str| value.get(*mark).and_then(Value::as_bool) == Some(true);
        marks.extend(["readOnly", "writeOnly"].into_iter().filter(is_used));
        match value {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// Says how far a pointer leads, and what stands there under a similar name.
fn unresolved(here: &At<'_>, reference: &str, root: &Value, pointer: &str) -> Problem {
    let problem = here.error(
        "unresolved-reference",
        format!("`{reference}` leads to nothing"),
    );
    let mut end = pointer.len();
    let mut missing = "";
    let parent = loop {
        let Some((parent, step)) = pointer.get(..end).and_then(|head| head.rsplit_once('/')) else {
            break root;
        };
        (end, missing) = (parent.len(), step);
        if let Some(value) = root.pointer(parent) {
            break value;
        }
    };
    let names = parent
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys());
    let missing = missing.replace("~1", "/").replace("~0", "~");
    if parent.get("$ref").is_some() {
        return problem.hint("a reference cannot lead through another `$ref`; refer to its target");
    }
    match nearest(&missing, names.map(String::as_str)) {
        Some(name) => problem.hint(format!("did you mean `{name}` instead of `{missing}`?")),
        None => problem.hint(format!("`{missing}` does not exist there")),
    }
}
