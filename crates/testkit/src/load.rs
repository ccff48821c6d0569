//! Reading the corpus: every mistake at once, with file and line.

use crate::format::{Case, Exchange, File};
use crate::host_calls::Budget;
use meshward_engine::verdict::Decision;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// Every file of the corpus, in the order of their names.
#[derive(Debug)]
pub struct Corpus {
    /// The files.
    pub topics: Vec<Topic>,
}

/// One file of the corpus.
#[derive(Debug)]
pub struct Topic {
    /// The file's name without `.toml`: also the name of its policy.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// The text, for the lines of mistakes.
    text: String,
    /// What it says.
    pub file: File,
}

/// A mistake in a file of the corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)
    }
}

impl Corpus {
    /// Reads every `*.toml` of a folder.
    ///
    /// # Errors
    /// Every mistake in every file.
    pub fn load(folder: &Path) -> Result<Self, Vec<Mistake>> {
        let whole = |what: String| {
            vec![Mistake {
                path: folder.to_path_buf(),
                line: 0,
                what,
            }]
        };
        let entries = std::fs::read_dir(folder).map_err(|e| whole(format!("cannot read: {e}")))?;
        let mut paths: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "toml"))
            .collect();
        paths.sort();
        if paths.is_empty() {
            return Err(whole("holds no `*.toml`".to_owned()));
        }
        let mut topics = Vec::new();
        let mut mistakes = Vec::new();
        for path in paths {
            match Topic::load(&path) {
                Ok(topic) => topics.push(topic),
                Err(found) => mistakes.extend(found),
            }
        }
        if mistakes.is_empty() {
            Ok(Self { topics })
        } else {
            Err(mistakes)
        }
    }

    /// The corpus of this checkout.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn of_checkout() -> Result<Self, Vec<Mistake>> {
        Self::load(&testdata())
    }

    /// The budgets of this checkout: written as the corpus is, with what each exchange may cost.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn of_budgets() -> Result<Self, Vec<Mistake>> {
        Self::load(&testdata().join("budgets"))
    }
}

/// The folder `testdata` of this checkout.
#[must_use]
pub fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

impl Topic {
    fn load(path: &Path) -> Result<Self, Vec<Mistake>> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            vec![Mistake {
                path: path.to_path_buf(),
                line: 0,
                what: format!("cannot read: {e}"),
            }]
        })?;
        Self::parse(path, text)
    }

    /// Reads the text of one file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(path: &Path, text: String) -> Result<Self, Vec<Mistake>> {
        let file: File = toml::from_str(&text).map_err(|e| {
            vec![Mistake {
                path: path.to_path_buf(),
                line: e.span().map_or(0, |span| line(&text, span.start)),
                what: e.message().to_owned(),
            }]
        })?;
        let name = path.file_stem().unwrap_or_default();
        let topic = Self {
            name: name.to_string_lossy().into_owned(),
            path: path.to_path_buf(),
            text,
            file,
        };
        let mistakes = topic.mistakes();
        if mistakes.is_empty() {
            Ok(topic)
        } else {
            Err(mistakes)
        }
    }

    /// The number of exchanges.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.file.case.iter().map(|case| case.exchange.len()).sum()
    }

    /// A mistake at a case of this file.
    #[must_use]
    pub fn at(&self, case: &Case, what: impl fmt::Display) -> Mistake {
        self.mistake(
            case.name.span().start,
            format!("`{}`: {what}", case.name.get_ref()),
        )
    }

    /// A mistake in the policy of this file.
    #[must_use]
    pub fn at_policy(&self, what: impl fmt::Display) -> Mistake {
        self.mistake(self.file.policy.span().start, what.to_string())
    }

    fn mistake(&self, offset: usize, what: String) -> Mistake {
        Mistake {
            path: self.path.clone(),
            line: line(&self.text, offset),
            what,
        }
    }

    /// What the types cannot say.
    fn mistakes(&self) -> Vec<Mistake> {
        let mut names = BTreeSet::new();
        let mut found = Vec::new();
        for case in &self.file.case {
            if !names.insert(case.name.get_ref()) {
                found.push(self.at(case, "the name is taken"));
            }
            if case.exchange.is_empty() {
                found.push(self.at(case, "has no exchange"));
            }
            for exchange in &case.exchange {
                found.extend(mistakes(exchange).map(|what| self.at(case, what)));
                let budget = exchange.host_calls.as_ref();
                found.extend(
                    budget
                        .and_then(Budget::mistake)
                        .map(|what| self.at(case, what)),
                );
            }
        }
        found
    }
}

fn mistakes(exchange: &Exchange) -> impl Iterator<Item = &'static str> {
    let expect = &exchange.expect;
    let denied = expect.decision == Decision::Deny;
    let late = expect
        .reason
        .is_some_and(meshward_engine::verdict::Reason::is_late);
    [
        (
            denied != expect.reason.is_some(),
            "`reason` belongs to `decision = \"deny\"`",
        ),
        (
            denied && !late && expect.upstream.is_some(),
            "the upstream sees nothing of a request that is refused",
        ),
        (
            exchange.source.is_some_and(|a| !a.is_loopback()),
            "`source` must be in 127.0.0.0/8",
        ),
        (
            exchange.envoy.is_some() && !denied,
            "Envoy cannot refuse what Meshward lets pass",
        ),
    ]
    .into_iter()
    .filter_map(|(wrong, what)| wrong.then_some(what))
}

/// The line of an offset, from 1.
fn line(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "about = 'x'\nauthority = 'a.test'\npolicy = 'x'\n";

    fn mistakes_of(rest: &str) -> Vec<(usize, String)> {
        match Topic::parse(Path::new("t.toml"), format!("{HEAD}{rest}")) {
            Ok(_) => Vec::new(),
            Err(found) => found.into_iter().map(|m| (m.line, m.what)).collect(),
        }
    }

    #[test]
    fn a_mistyped_field_is_refused_with_its_line() {
        let found = mistakes_of(
            "[[case]]\nname = 'c'\n[[case.exchange]]\nrequest = { method = 'GET', path = '/' }\nexpect = { decision = 'allow', status = 200, reson = 'x' }\n",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, 8);
        assert!(found[0].1.contains("unknown field `reson`"), "{found:?}");
    }

    #[test]
    fn a_refusal_needs_its_reason() {
        let found = mistakes_of(
            "[[case]]\nname = 'c'\n[[case.exchange]]\nrequest = { method = 'GET', path = '/' }\nexpect = { decision = 'deny', status = 403 }\n",
        );
        assert_eq!(
            found,
            [(
                5,
                "`c`: `reason` belongs to `decision = \"deny\"`".to_owned()
            )]
        );
    }

    #[test]
    fn names_are_unique() {
        let case = "[[case]]\nname = 'c'\n[[case.exchange]]\nrequest = { method = 'GET', path = '/' }\nexpect = { decision = 'allow', status = 200 }\n";
        assert_eq!(
            mistakes_of(&format!("{case}{case}")),
            [(10, "`c`: the name is taken".to_owned())]
        );
    }
}
