//! The files of a policy: each is read once, kept for excerpts, and known by the name that the policy gives it.

use super::secrets;
use crate::diagnose::{Located, Place};
use meshward_engine::Problem;
use meshward_openapi::source::Source;
use meshward_openapi::{FileLoader, Loader};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The policy file and the files that it names.
#[derive(Debug)]
pub(crate) struct Files {
    policy: PathBuf,
    base: PathBuf,
    main: File,
    others: BTreeMap<String, Option<File>>,
    loader: FileLoader,
}

/// A file's text and, when its syntax is right, where everything stands.
#[derive(Debug)]
struct File {
    source: Result<Source, Broken>,
    /// The text as it may be shown: credentials are blanked out, and every offset stays.
    shown: String,
}

/// A file whose syntax is wrong.
#[derive(Debug)]
struct Broken {
    problem: Problem,
    line: usize,
    column: usize,
    offset: usize,
}

impl File {
    fn new(name: &str, text: &str) -> Self {
        match Source::parse(name, text) {
            Ok(source) => Self {
                shown: secrets::blank(&source),
                source: Ok(source),
            },
            Err(unreadable) => Self {
                shown: text.trim_start_matches('\u{feff}').to_owned(),
                source: Err(Broken {
                    problem: unreadable.problem,
                    line: unreadable.line,
                    column: unreadable.column,
                    offset: unreadable.offset,
                }),
            },
        }
    }
}

impl Files {
    /// Reads the policy file.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let base = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Ok(Self {
            policy: path.to_path_buf(),
            main: File::new(&path.display().to_string(), &text),
            others: BTreeMap::new(),
            loader: FileLoader::new(base.clone()),
            base,
        })
    }

    /// The policy's name on the command line.
    pub(crate) fn name(&self) -> String {
        self.policy.display().to_string()
    }

    /// The policy's content, if its syntax is right.
    pub(crate) fn policy_value(&self, problems: &mut Vec<Problem>) -> Option<Value> {
        match &self.main.source {
            Ok(source) => Some(source.value().clone()),
            Err(broken) => {
                // The policy itself is meant wherever no file is named.
                let mut problem = broken.problem.clone();
                problem.file = None;
                problems.push(problem);
                None
            }
        }
    }

    /// Every file that was asked for, whether it is there or not.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let others = self.others.keys().map(|name| self.base.join(name));
        std::iter::once(self.policy.clone()).chain(others).collect()
    }

    /// A problem with its place.
    pub(crate) fn locate<'a>(&'a self, problem: &'a Problem) -> Located<'a> {
        let (file, shown) = match &problem.file {
            None => (Some(&self.main), self.policy.clone()),
            Some(name) => (
                self.others.get(name).and_then(Option::as_ref),
                self.base.join(name),
            ),
        };
        Located {
            problem,
            file: shown.display().to_string(),
            place: file.map(|file| file.place(problem)),
        }
    }

    /// What problems are sorted by: the policy first, then file by file, from top to bottom.
    pub(crate) fn order(&self, problem: &Problem) -> (Option<String>, usize, usize) {
        let place = self.locate(problem).place;
        let (line, column) = place.map_or((0, 0), |place| (place.line, place.column));
        (problem.file.clone(), line, column)
    }
}

impl Loader for Files {
    fn load(&mut self, path: &str) -> io::Result<String> {
        let loaded = self.loader.load(path);
        let file = loaded.as_ref().ok().map(|text| File::new(path, text));
        self.others.insert(path.to_owned(), file);
        loaded
    }

    fn secret(&mut self, path: &str) -> io::Result<String> {
        // Nothing of it is kept: what is kept may be shown.
        self.others.insert(path.to_owned(), None);
        self.loader.secret(path)
    }

    fn variable(&mut self, name: &str) -> io::Result<String> {
        self.loader.variable(name)
    }
}

impl File {
    fn place<'a>(&'a self, problem: &Problem) -> Place<'a> {
        let source = match &self.source {
            Ok(source) => source,
            Err(broken) => {
                let rest = self.shown.get(broken.offset..).unwrap_or_default();
                let length = rest.chars().next().map_or(0, char::len_utf8);
                return Place {
                    line: broken.line,
                    column: broken.column,
                    mark: broken.offset..broken.offset.saturating_add(length),
                    text: &self.shown,
                };
            }
        };
        let span = source.place(&problem.at);
        let value = self.shown.get(span.value.clone()).unwrap_or_default();
        // A mark over many lines shows less than the key alone; and with an unknown field, the key is what is wrong.
        let one_line = !value.is_empty() && !value.contains('\n');
        let mark = match span.key {
            Some(key) if problem.code == "unknown-field" || !one_line => key,
            _ if one_line => span.value.clone(),
            _ => {
                let first = value.lines().next().unwrap_or_default();
                span.value.start..span.value.start.saturating_add(first.len())
            }
        };
        let (line, column) = source.line_column(mark.start);
        Place {
            line,
            column,
            mark,
            text: &self.shown,
        }
    }
}
