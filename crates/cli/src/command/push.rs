//! `meshward push`: a new policy for proxies that run.

use super::making::Making;
use crate::clock::Stopwatch;
use crate::envoy::Address;
use crate::failure::Failure;
use crate::output::{self, warn};
use crate::policy::listed;
use crate::push::{Fleet, Outcome, Report, Shelf, Sought, Vehicle};
use clap::Args;
use meshward_engine::bundle::{self, Revision};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Deliver a policy to Envoys that run, and see to it that every worker serves it
///
/// Puts the new bundle into the file that `render ecds` or `render istio` has made, keeping the filter's module and settings, and then
/// asks the Envoys until every worker of each says that it serves it. When one refuses it, the revision before is put back. A file that
/// `render ecds` has made is watched by the Envoys themselves; objects for Istio go to the mesh by the command of `--then`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward push policy.yaml --to /etc/envoy/meshward/filter.json --admin 127.0.0.1:9901
  meshward push policy.yaml --to filter.json --admin 10.0.0.5:9901 --admin 10.0.0.6:9901 --json | jq .outcome
  meshward push policy.yaml --candidate next.yaml --decides 0.1 --to filter.json --admin 127.0.0.1:9901
  meshward push policy.yaml --to orders.istio.yaml --then 'kubectl apply --server-side -f orders.istio.yaml' --admin 127.0.0.1:15000
  meshward push --rollback --to /etc/envoy/meshward/filter.json --admin 127.0.0.1:9901

Exit code 0 when every worker serves it, 1 when it has errors, was refused, or not every worker has said in time that it serves it.")]
pub(crate) struct Arguments {
    /// The policy, or its bundle.
    #[arg(required_unless_present = "rollback", conflicts_with = "rollback")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    making: Making,
    /// The file with the bundle: a resource that the Envoys watch, or objects for Istio.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// What takes the file to where the Envoys have it from, as a command for `sh`; nothing where it is watched. It runs again where
    /// a revision is put back.
    #[arg(long, value_name = "COMMAND")]
    then: Option<String>,
    /// The admin interface of an Envoy that takes the policy. May be repeated.
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
            None => Parcel::raw(&shelf.before()?.bundle()),
        };
        let next = current
            .clone()
            .with_bundle(&parcel.version, &parcel.bundle)?;
        let sought = parcel.sought(&next);
        let mut fleet = Fleet::look(&self.admins, &sought)?;
        let patience = Duration::from_secs(u64::from(self.timeout));
        let watch = Stopwatch::start();
        // The same bytes again change nothing, also not what is before them.
        let changes = next != current;
        if changes {
            shelf.put(&current, &next)?;
            if let Err(failure) = self.apply() {
                shelf.put_back(&current)?;
                return Err(failure);
            }
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
        let before = Parcel::raw(&current.bundle());
        if outcome == Outcome::Refused && changes {
            shelf.put_back(&current)?;
            self.apply()?;
            report.restored = Some(&before.version);
            self.settle(&before, &current, patience);
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

    /// Runs the command that takes the file to where proxies have it from. What it prints goes to standard error: the answer of
    /// `push` alone is on standard output.
    fn apply(&self) -> Result<(), Failure> {
        let Some(command) = &self.then else {
            return Ok(());
        };
        let done = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(std::io::stderr())
            .status();
        match done {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::no(format!("`{command}` has failed ({status})"))),
            Err(cause) => Err(Failure::no(format!("`sh` cannot be started: {cause}"))),
        }
    }

    /// Waits until the Envoys that had taken what others refused serve again what was put back.
    fn settle(&self, before: &Parcel, current: &Vehicle, patience: Duration) {
        let sought = before.sought(current);
        let watch = Stopwatch::start();
        let serves = Fleet::look(&self.admins, &sought).is_ok_and(|mut fleet| {
            fleet.watch(&sought, &watch, patience);
            fleet.serves()
        });
        if !serves {
            warn(&format!(
                "not every worker has said that it serves revision {} again",
                before.version
            ));
        }
    }
}

impl Parcel {
    /// A policy that was checked, as a bundle for proxies with these settings.
    fn checked(making: &Making, path: &Path, current: &Vehicle) -> Result<Self, Failure> {
        let mut ready = making.read(path)?;
        let (body, needy) = (ready.largest_body(), ready.needy());
        if let Some(buffer) = current.buffer().filter(|buffer| body > *buffer) {
            return Err(Failure::no(format!(
                "the policy takes bodies of {body} bytes, and these objects let listeners hold {buffer}: render them anew with `meshward render istio`"
            )));
        }
        if current.holds() {
            ready = ready.able_to_hold();
        } else if !needy.is_empty() {
            warn(&format!(
                "the verdict on {} needs bodies, and what is in the file cannot let the filter hold messages back: such requests are refused, or judged by their head where `delivery.otherwise` is `headOnly`",
                listed(&needy)
            ));
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

    fn sought(&self, vehicle: &Vehicle) -> Sought {
        Sought {
            policy: self.policy.clone(),
            number: self.number,
            resource: vehicle.name(),
        }
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|cause| Failure::file("read", path, cause))
}
