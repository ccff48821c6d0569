//! `meshward vendor`: what descriptions refer to by URL, fetched and kept beside them.

use crate::failure::Failure;
use crate::output::{self, warn};
use crate::vendor::{Client, How, Report, Shelf, descriptions};
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Fetch what descriptions refer to by URL, and keep it beside them
///
/// Writes each document to `vendor/HOST/PATH` in the description's folder, and its URL, digest and size to `meshward.lock.json`
/// there. Keep both under version control: all other commands read the file in the URL's place, as long as its digest is the lock's, and never
/// ask the network. What is vendored already is not fetched again, and what nothing refers to any more is removed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward vendor policy.yaml                  all descriptions of a policy
  meshward vendor orders.openapi.yaml          one description
  meshward vendor --check policy.yaml          is everything there, and as it was fetched? Without the network, for CI
  meshward vendor --update policy.yaml         fetch everything again, and say what changed

With an error, nothing is written. The files must keep their line ends: `vendor/** -text` in `.gitattributes`.
Exit code 1 when a document is missing, cannot be had, or is not what the lock says.")]
pub(crate) struct Arguments {
    /// Policies, whose descriptions are meant, or descriptions.
    #[arg(required = true, value_name = "POLICY|DESCRIPTION")]
    files: Vec<PathBuf>,
    /// Fetch everything again, and say what changed.
    #[arg(long, conflicts_with = "check")]
    update: bool,
    /// Fetch and write nothing; say whether everything is there, and as it was fetched.
    #[arg(long)]
    check: bool,
    /// Fetch from `http:` URLs as well, which anybody on the way can read and change.
    #[arg(long)]
    allow_http: bool,
    /// How many seconds one document may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=600))]
    timeout: u16,
    /// Print what came of it as JSON.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Fetches, writes, and answers with the exit code.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let how = match (self.check, self.update) {
            (true, _) => How::Check,
            (false, true) => How::Update,
            (false, false) => How::Add,
        };
        let mut client = Client::new(self.allow_http, Duration::from_secs(self.timeout.into()));
        let mut shelves = Vec::new();
        for folder in self.folders()?.into_values() {
            let mut shelf = Shelf::open(&folder.shown, how)?;
            for description in folder.descriptions {
                let others = shelf.read(&description, &mut client);
                if others > 0 {
                    let path = folder.shown.join(description);
                    warn(&format!(
                        "`{}` has other mistakes, {others} in all; `meshward check` shows them",
                        path.display()
                    ));
                }
            }
            if how == How::Check {
                shelf.look_at_the_rest();
            }
            for (url, cause) in shelf.dispensable() {
                warn(&format!(
                    "`{url}` cannot be had: {cause}; nothing that is enforced needs it"
                ));
            }
            shelves.push(shelf);
        }
        let is_good = shelves.iter().all(Shelf::is_good);
        if is_good && how != How::Check {
            for shelf in &mut shelves {
                shelf.write()?;
            }
        }
        let report = Report { shelves: &shelves };
        if self.json {
            output::print(&format!("{:#}", report.json()))?;
        } else {
            anstream::print!("{}", report.text());
        }
        if report.is_good() {
            Ok(())
        } else {
            Err(Failure::Said)
        }
    }

    /// The descriptions by folder, each once, however it is written.
    fn folders(&self) -> Result<BTreeMap<PathBuf, Folder>, Failure> {
        let mut folders: BTreeMap<PathBuf, Folder> = BTreeMap::new();
        for file in &self.files {
            for description in descriptions(file)? {
                let name = description.file_name().and_then(|name| name.to_str());
                let Some(name) = name else {
                    return Err(Failure::file("read", &description, "its name is not UTF-8"));
                };
                let parent = description.parent().unwrap_or(Path::new(""));
                let shown = if parent.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    parent
                };
                let key = shown
                    .canonicalize()
                    .map_err(|cause| Failure::file("find", shown, cause))?;
                let folder = folders.entry(key).or_insert_with(|| Folder {
                    shown: parent.to_path_buf(),
                    descriptions: Vec::new(),
                });
                if !folder.descriptions.iter().any(|other| other == name) {
                    folder.descriptions.push(name.to_owned());
                }
            }
        }
        Ok(folders)
    }
}

/// Descriptions that stand side by side, and share a lock.
struct Folder {
    shown: PathBuf,
    descriptions: Vec<String>,
}
