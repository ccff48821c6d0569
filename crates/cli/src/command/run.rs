//! `meshward run`: a real Envoy in front of an upstream, which follows the policy file.

use crate::envoy::{Address, Bootstrap, Cluster, FilterSource, Resource, missing, speaking};
use crate::failure::Failure;
use crate::floor::Floors;
use crate::output;
use crate::policy::{Checked, Ready};
use crate::run::{
    Line, Proxy, STATS, Served, Serving, Start, Watch, decision, envoy, read_line, wasm,
};
use crate::style::{ERROR, FAINT, GOOD, TITLE, WARNING};
use clap::Args;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// How often files and the proxy are looked at.
const TICK: Duration = Duration::from_millis(250);
/// How many looks Envoy is given to take a new policy: loading the module for the first time takes seconds.
const PATIENCE: u32 = 240;
/// How many lines of Envoy's log are kept for the case that it ends.
const KEPT: usize = 20;

/// Put a real Envoy with this policy in front of a service, and follow the policy file
///
/// A policy that changes is checked and delivered without a restart; one with mistakes changes nothing, and the last
/// good one goes on serving. Every decision is shown, also those that `telemetry.logAllowed` would leave out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward run policy.yaml --upstream 127.0.0.1:9000
  meshward run policy.yaml --upstream 127.0.0.1:9000 --json | jq 'select(.\"meshward.decision\" == \"deny\")'

Envoy is `--envoy`, `ENVOY`, what `cargo xtask tools` has fetched, or `envoy` on PATH. Ctrl-C ends it.")]
pub(crate) struct Arguments {
    /// The policy.
    policy: PathBuf,
    #[command(flatten)]
    floors: Floors,
    /// The service behind.
    #[arg(long, value_name = "HOST:PORT")]
    upstream: Address,
    /// Where a cluster leads that the policy names; `https://` speaks TLS. May be repeated.
    #[arg(long = "cluster", value_name = "NAME=HOST:PORT")]
    clusters: Vec<Cluster>,
    /// Where clients come in.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: Address,
    /// Envoy's admin interface; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    admin: Address,
    /// The filter's module; `MESHWARD_WASM`, or `meshward_filter.wasm` beside this program, when absent.
    #[arg(long, value_name = "PATH")]
    wasm: Option<PathBuf>,
    /// The Envoy binary.
    #[arg(long, value_name = "PATH")]
    envoy: Option<PathBuf>,
    /// Print decisions as they are logged: JSON lines on standard output.
    #[arg(long)]
    json: bool,
}

/// What happens while Envoy runs.
enum Event {
    Line(String),
    Tick,
    Interrupt,
}

/// The state of a run.
struct Session {
    arguments: Arguments,
    wasm: PathBuf,
    proxy: Proxy,
    watch: Watch,
    serving: Serving,
    waited: u32,
    served: Served,
    version: u64,
    bundle: String,
    buffer: u64,
    upgrades: bool,
    filter_file: PathBuf,
    last_lines: VecDeque<String>,
    /// What Envoy has noted since the last version was sent.
    notes: Vec<String>,
    troubles: Vec<String>,
}

impl Arguments {
    /// Runs until Ctrl-C, or until Envoy ends.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        for (option, address) in [("--listen", &self.listen), ("--admin", &self.admin)] {
            if !address.is_ip() {
                let message =
                    format!("`{option} {address}`: Envoy listens on IP addresses, not on names");
                return Err(Failure::usage(message));
            }
        }
        let wasm = wasm(self.wasm.take())?;
        let envoy = envoy(self.envoy.take())?;
        let checked = Checked::read(&self.policy, &self.floors.read()?)?;
        if !checked.problems.is_empty() {
            anstream::eprintln!("{}", checked.text());
        }
        let watch = Watch::new(self.watched(&checked));
        let ready = prepared(checked.ready.ok_or(Failure::Said)?);
        self.check_clusters(&ready);
        let (bundle, _) = ready.bundle_json()?;
        let (buffer, upgrades) = (ready.largest_body(), ready.upgrades());

        let folder = tempfile::Builder::new()
            .prefix("meshward-run-")
            .tempdir()
            .map_err(|cause| {
                Failure::no(format!("no folder for Envoy's configuration: {cause}"))
            })?;
        let filter_file = folder.path().join("filter.json");
        let bootstrap = folder.path().join("bootstrap.yaml");
        deliver(&filter_file, &wasm, 1, &bundle)?;
        let yaml = Bootstrap {
            listen: self.listen.clone(),
            upstream: self.upstream.clone(),
            clusters: speaking(self.clusters.clone(), &ready.policy),
            admin: self.admin.clone(),
            buffer,
            upgrades,
            filter: FilterSource::File(filter_file.clone()),
        }
        .yaml();
        std::fs::write(&bootstrap, yaml)
            .map_err(|cause| Failure::file("write", &bootstrap, cause))?;

        let (sender, receiver) = channel();
        listen_for_interrupts(&sender)?;
        tick(sender.clone());
        let start = Start {
            envoy: &envoy,
            bootstrap: &bootstrap,
            admin_file: folder.path().join("admin"),
            workers: None,
        };
        let proxy = start.spawn(move |line| {
            // The receiver is gone only when the run is over.
            let _ = sender.send(Event::Line(line));
        })?;
        anstream::eprintln!(
            "{FAINT}starting Envoy: it compiles the filter first, which takes several seconds{FAINT:#}"
        );
        let session = Session {
            arguments: self,
            wasm,
            proxy,
            watch,
            serving: Serving::Waiting {
                version: "v1".to_owned(),
                refused: 0,
            },
            served: Served::default(),
            waited: 0,
            version: 1,
            bundle,
            buffer,
            upgrades,
            filter_file,
            last_lines: VecDeque::new(),
            notes: Vec::new(),
            troubles: Vec::new(),
        };
        session.follow(&receiver)
    }

    /// The files that make the policy.
    fn watched(&self, checked: &Checked) -> Vec<PathBuf> {
        let mut paths = checked.paths();
        paths.extend_from_slice(self.floors.paths());
        paths
    }

    /// Says which servers the policy asks that this run does not know.
    fn check_clusters(&self, ready: &Ready) {
        if let Some(said) = missing(ready.policy.clusters(), &self.clusters) {
            anstream::eprintln!("{WARNING}warning{WARNING:#}: {said}");
        }
    }
}

impl Session {
    fn follow(mut self, events: &Receiver<Event>) -> Result<(), Failure> {
        while let Ok(event) = events.recv() {
            match event {
                Event::Line(line) => self.line(line)?,
                Event::Tick => self.look()?,
                Event::Interrupt => {
                    anstream::eprintln!("{FAINT}stopping Envoy{FAINT:#}");
                    self.proxy.stop();
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, line: String) -> Result<(), Failure> {
        match read_line(&line) {
            Line::Decision(value) if self.arguments.json => output::print(&value.to_string())?,
            Line::Decision(value) => anstream::println!("{}", decision(&value)),
            Line::Trouble(text) => match self.serving {
                // What Envoy says while it decides on a version is shown with its decision.
                Serving::Waiting { .. } if self.troubles.contains(&text) => {}
                Serving::Waiting { .. } => self.troubles.push(text),
                Serving::Settled => anstream::eprintln!("{WARNING}envoy{WARNING:#}: {text}"),
            },
            // The filter says the same once for every worker.
            Line::Note(text) if self.notes.contains(&text) => {}
            Line::Note(text) => {
                anstream::eprintln!("{FAINT}envoy: {text}{FAINT:#}");
                if self.notes.len() < KEPT {
                    self.notes.push(text);
                }
            }
        }
        if self.last_lines.len() == KEPT {
            self.last_lines.pop_front();
        }
        self.last_lines.push_back(line);
        Ok(())
    }

    /// Looks at the process, at the version that it serves, and at the files.
    fn look(&mut self) -> Result<(), Failure> {
        if let Some(status) = self.proxy.ended() {
            for line in &self.last_lines {
                anstream::eprintln!("{FAINT}envoy: {}{FAINT:#}", line.replace('\t', " "));
            }
            return Err(Failure::no(format!(
                "Envoy has ended ({status}); its last lines stand above"
            )));
        }
        if matches!(self.serving, Serving::Waiting { .. }) {
            // The next version waits until the fate of this one is known.
            return self.await_version();
        }
        if self.watch.changed() {
            self.renew()?;
        }
        Ok(())
    }

    fn await_version(&mut self) -> Result<(), Failure> {
        if let Some(stats) = self.proxy.ask(STATS) {
            self.served = Served::read(&stats);
        }
        let starting = self.version == 1 && self.served.refused == 0;
        if starting && self.proxy.ask("/ready").is_none() {
            // The policy is there, and the listener not yet.
            return Ok(());
        }
        match self.serving.settle(&self.served) {
            Some(Ok(version)) => self.announce(&version),
            Some(Err(version)) => self.refused(&version)?,
            None => {
                self.waited += 1;
                if self.waited == PATIENCE {
                    self.serving = Serving::Settled;
                    anstream::eprintln!(
                        "{WARNING}warning{WARNING:#}: Envoy has not answered to policy v{}",
                        self.version
                    );
                }
            }
        }
        Ok(())
    }

    fn announce(&mut self, version: &str) {
        for trouble in std::mem::take(&mut self.troubles) {
            anstream::eprintln!("{WARNING}envoy{WARNING:#}: {trouble}");
        }
        let Arguments {
            listen, upstream, ..
        } = &self.arguments;
        if version == "v1" {
            let admin = self.proxy.admin().unwrap_or_default();
            anstream::eprintln!(
                "{GOOD}policy {version} serves{GOOD:#}: {TITLE}http://{listen}{TITLE:#} in front of {upstream}, admin http://{admin}"
            );
        } else {
            anstream::eprintln!("{GOOD}policy {version} serves{GOOD:#}");
        }
    }

    fn refused(&mut self, version: &str) -> Result<(), Failure> {
        for trouble in std::mem::take(&mut self.troubles) {
            anstream::eprintln!("{ERROR}envoy{ERROR:#}: {trouble}");
        }
        if self.served.version.is_empty() {
            return Err(Failure::no(format!(
                "Envoy refused policy {version}; what it said stands above"
            )));
        }
        let last = &self.served.version;
        anstream::eprintln!(
            "{ERROR}Envoy refused policy {version}{ERROR:#}; {last}, the last good one, goes on serving"
        );
        Ok(())
    }

    /// The files have changed: checks them, and delivers what came of them.
    fn renew(&mut self) -> Result<(), Failure> {
        let arguments = &self.arguments;
        let floors = arguments.floors.read();
        let checked = match floors.and_then(|floors| Checked::read(&arguments.policy, &floors)) {
            Ok(checked) => checked,
            Err(failure) => {
                failure.show();
                self.unchanged();
                return Ok(());
            }
        };
        if !checked.problems.is_empty() {
            anstream::eprintln!("{}", checked.text());
        }
        self.watch = Watch::new(self.arguments.watched(&checked));
        let Some(ready) = checked.ready else {
            self.unchanged();
            return Ok(());
        };
        let ready = prepared(ready);
        self.arguments.check_clusters(&ready);
        let (bundle, _) = ready.bundle_json()?;
        if bundle == self.bundle {
            return Ok(());
        }
        if ready.largest_body() > self.buffer {
            anstream::eprintln!(
                "{WARNING}warning{WARNING:#}: this policy takes larger bodies than Envoy was started for; run again to hold them"
            );
        }
        if ready.upgrades() && !self.upgrades {
            anstream::eprintln!(
                "{WARNING}warning{WARNING:#}: this policy lets WebSockets pass, and Envoy was started for one that does not; run again to let them pass"
            );
        }
        self.version += 1;
        self.notes.clear();
        self.waited = 0;
        self.bundle = bundle;
        deliver(&self.filter_file, &self.wasm, self.version, &self.bundle)?;
        self.serving = Serving::Waiting {
            version: format!("v{}", self.version),
            refused: self.served.refused,
        };
        Ok(())
    }

    fn unchanged(&self) {
        let serves = &self.served.version;
        if !serves.is_empty() {
            anstream::eprintln!(
                "{WARNING}nothing has changed{WARNING:#}: policy {serves} goes on serving"
            );
        }
    }
}

/// What a run adds to a policy: the proxy can hold requests back, and every decision is logged.
fn prepared(ready: Ready) -> Ready {
    let mut ready = ready.able_to_hold();
    ready.bundle.telemetry.log_allowed = 1.0;
    ready
}

/// Puts a version where Envoy looks for it.
fn deliver(file: &Path, wasm: &Path, version: u64, bundle: &str) -> Result<(), Failure> {
    let resource = Resource::new(&format!("v{version}"), wasm, bundle);
    output::replace(file, &resource.text()).map_err(|cause| Failure::file("write", file, cause))
}

fn listen_for_interrupts(sender: &Sender<Event>) -> Result<(), Failure> {
    let sender = sender.clone();
    ctrlc::set_handler(move || {
        // The receiver is gone only when the run is over.
        let _ = sender.send(Event::Interrupt);
    })
    .map_err(|cause| Failure::no(format!("Ctrl-C cannot be watched for: {cause}")))
}

fn tick(sender: Sender<Event>) {
    std::thread::spawn(move || {
        while sender.send(Event::Tick).is_ok() {
            // A clock, not a wait: files and Envoy are looked at on every tick.
            std::thread::sleep(TICK);
        }
    });
}
