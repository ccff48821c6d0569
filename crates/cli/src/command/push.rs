//! `meshward push`: a new policy for proxies that run.

use super::making::Making;
use crate::clock::Stopwatch;
use crate::envoy::{Address, Resource};
use crate::failure::Failure;
use crate::output;
use crate::push::{Fleet, Outcome, Report, Shelf, Sought};
use crate::style::WARNING;
use clap::Args;
use meshward_engine::bundle::{self, Revision};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Deliver a policy to Envoys that watch a file, and see to it that every worker serves it
///
/// Puts the new bundle into the file that `render ecds` has made, keeping the filter's module and settings, and then asks the Envoys
/// until every worker of each says that it serves it. When one refuses it, the revision before is put back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward push policy.yaml --to /etc/envoy/meshward/filter.json --admin 127.0.0.1:9901
  meshward push policy.yaml --to filter.json --admin 10.0.0.5:9901 --admin 10.0.0.6:9901 --json | jq .outcome
  meshward push policy.yaml --candidate next.yaml --decides 0.1 --to filter.json --admin 127.0.0.1:9901
  meshward push --rollback --to /etc/envoy/meshward/filter.json --admin 127.0.0.1:9901

Exit code 0 when every worker serves it, 1 when it has errors, was refused, or not every worker has said in time that it serves it.")]
pub(crate) struct Arguments {
    /// The policy, or its bundle.
    #[arg(required_unless_present = "rollback", conflicts_with = "rollback")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    making: Making,
    /// The file that the Envoys watch.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// The admin interface of an Envoy that watches the file. May be repeated.
    #[arg(long = "admin", value_name = "HOST:PORT", required = true)]
    admins: Vec<Address>,
    /// Go back to the revision before the one that is in the file. Twice is there and back again.
    #[arg(long)]
    rollback: bool,
    /// Deliver a bundle as it is, whatever is wrong with it: the filter judges it, which may know more than this program.
    #[arg(long, requires = "policy")]
    unchecked: bool,
    /// How many seconds the Envoys are given.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u16,
    /// Print what came of it as JSON.
    #[arg(long)]
    json: bool,
}

/// What goes into the file.
struct Parcel {
    bundle: String,
    /// The policy's name, as far as it can be read.
    policy: String,
    version: String,
    number: u64,
}

impl Arguments {
    /// Delivers, watches, and answers with the exit code.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let shelf = Shelf::open(&self.to)?;
        let current = shelf.current()?;
        let parcel = match &self.policy {
            Some(path) if self.unchecked => Parcel::raw(&read(path)?),
            Some(path) => Parcel::checked(&self.making, path, &current)?,
            None => Parcel::raw(shelf.before()?.bundle()),
        };
        let next = current.clone().with_bundle(&parcel.version, &parcel.bundle);
        let sought = parcel.sought(&next);
        let mut fleet = Fleet::look(&self.admins, &sought)?;
        let patience = Duration::from_secs(u64::from(self.timeout));
        let watch = Stopwatch::start();
        // The same bytes again change nothing, also not what is before them.
        if next.bundle() != current.bundle() {
            shelf.put(&current, &next)?;
        }
        fleet.watch(&sought, &watch, patience);
        let mut report = Report {
            policy: &parcel.policy,
            revision: &parcel.version,
            took: watch.elapsed(),
            fleet: &fleet,
            restored: None,
        };
        let outcome = report.outcome();
        if outcome == Outcome::Refused && next.bundle() != current.bundle() {
            shelf.put_back(&current)?;
            report.restored = Some(current.version());
            self.settle(&current, patience);
        }
        if self.json {
            output::print(&report.json().to_string())?;
        } else {
            anstream::println!("{}", report.text());
        }
        match outcome {
            Outcome::Serves => Ok(()),
            Outcome::Refused | Outcome::Unknown => Err(Failure::Said),
        }
    }

    /// Waits until the Envoys that had taken what others refused serve again what was put back.
    fn settle(&self, current: &Resource, patience: Duration) {
        let parcel = Parcel::raw(current.bundle());
        let sought = parcel.sought(current);
        let watch = Stopwatch::start();
        let serves = Fleet::look(&self.admins, &sought).is_ok_and(|mut fleet| {
            fleet.watch(&sought, &watch, patience);
            fleet.serves()
        });
        if !serves {
            anstream::eprintln!(
                "{WARNING}warning{WARNING:#}: not every worker has said that it serves revision {} again",
                current.version()
            );
        }
    }
}

impl Parcel {
    /// A policy that was checked, as a bundle for proxies with these settings.
    fn checked(making: &Making, path: &Path, current: &Resource) -> Result<Self, Failure> {
        let mut ready = making.read(path)?;
        if current.holds() {
            ready = ready.able_to_hold();
        }
        let (bundle, revision) = making.write(&ready)?;
        Ok(Self {
            bundle,
            policy: ready.policy.name().to_owned(),
            version: revision.name().to_owned(),
            number: revision.number(),
        })
    }

    /// A bundle as it is.
    fn raw(bundle: &str) -> Self {
        let (policy, revision) = match bundle::read(bundle.as_bytes()) {
            Ok(read) => (read.document.metadata.name, Some(read.revision)),
            Err(_) => {
                let revision = Revision::of(bundle.as_bytes()).ok();
                ("unreadable".to_owned(), revision)
            }
        };
        // What is no JSON has no revision that anybody could serve: 0 is never one.
        let (version, number) = match revision {
            Some(revision) => (revision.name().to_owned(), revision.number()),
            None => (format!("unreadable-{}", bundle.len()), 0),
        };
        Self {
            bundle: bundle.to_owned(),
            policy,
            version,
            number,
        }
    }

    fn sought(&self, resource: &Resource) -> Sought {
        Sought {
            policy: self.policy.clone(),
            number: self.number,
            resource: resource.name().to_owned(),
        }
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|cause| Failure::file("read", path, cause))
}
