//! An Envoy of one worker: started with a bundle or without the filter, and ended with this program.

use crate::bench::interrupt::Interrupt;
use crate::bench::usage;
use crate::clock::Stopwatch;
use crate::envoy::{Address, Bootstrap, Cluster, FilterSource};
use crate::failure::Failure;
use crate::policy::Ready;
use crate::run::{Proxy, Start};
use crate::style::FAINT;
use serde_json::Value;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long Envoy may take to be ready: it compiles the module first.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is asked.
const LOOK: Duration = Duration::from_millis(100);
/// How many lines of its log are kept for the case that it ends.
const KEPT: usize = 20;

/// What all Envoys of a bench have in common.
#[derive(Debug)]
pub(super) struct Site<'a> {
    pub(super) envoy: &'a Path,
    pub(super) wasm: &'a Path,
    pub(super) clusters: Vec<Cluster>,
    pub(super) ready: &'a Ready,
    pub(super) folder: &'a Path,
    pub(super) upstream: u16,
}

/// An Envoy that was started, and may not serve yet.
#[derive(Debug)]
pub(super) struct Starting {
    proxy: Proxy,
    log: Log,
}

/// An Envoy that serves.
#[derive(Debug)]
pub(super) struct Running {
    proxy: Proxy,
    /// Where its clients come in, on 127.0.0.1.
    pub(super) port: u16,
    /// Its version.
    pub(super) version: String,
}

type Log = Arc<Mutex<VecDeque<String>>>;

impl Site<'_> {
    /// Starts one, with a bundle or without the filter. `name` is that of its files.
    pub(super) fn start(&self, name: &str, bundle: Option<&str>) -> Result<Starting, Failure> {
        let filter = bundle.map_or(FilterSource::None, |bundle| FilterSource::Inline {
            wasm: self.wasm.to_path_buf(),
            bundle: bundle.to_owned(),
        });
        let yaml = Bootstrap {
            listen: Address::local(0),
            upstream: Address::local(self.upstream),
            admin: Address::local(0),
            clusters: self.clusters.clone(),
            buffer: self.ready.largest_body(),
            upgrades: self.ready.upgrades(),
            filter,
        }
        .yaml();
        let bootstrap = self.folder.join(format!("{name}.yaml"));
        std::fs::write(&bootstrap, yaml)
            .map_err(|cause| Failure::file("write", &bootstrap, cause))?;
        let log = Log::default();
        let into = Arc::clone(&log);
        let start = Start {
            envoy: self.envoy,
            bootstrap: &bootstrap,
            admin_file: self.folder.join(format!("{name}.admin")),
            workers: Some(1),
        };
        let proxy = start.spawn(move |line| {
            let mut lines = into.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == KEPT {
                lines.pop_front();
            }
            lines.push_back(line);
        })?;
        Ok(Starting { proxy, log })
    }
}

impl Running {
    /// CPU time that it has used.
    pub(super) fn cpu(&self) -> Result<Duration, Failure> {
        usage::cpu(self.proxy.pid()).ok_or_else(|| {
            Failure::no("Envoy has ended, or the system does not say what CPU time it uses")
        })
    }

    /// Its resident memory, in bytes.
    pub(super) fn resident(&self) -> u64 {
        usage::resident(self.proxy.pid()).unwrap_or(0)
    }

    /// Ends it in good order.
    pub(super) fn stop(self) {
        self.proxy.stop();
    }
}

impl Starting {
    /// Waits until it serves.
    pub(super) fn wait(self, interrupt: &Interrupt) -> Result<Running, Failure> {
        let Self { mut proxy, log } = self;
        let watch = Stopwatch::start();
        loop {
            interrupt.check()?;
            let ended = proxy.ended();
            if ended.is_some() || watch.elapsed() > PATIENCE {
                for line in log.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    anstream::eprintln!("{FAINT}envoy: {}{FAINT:#}", line.replace('\t', " "));
                }
                return Err(Failure::no(match ended {
                    Some(status) => {
                        format!("Envoy has ended ({status}); its last lines stand above")
                    }
                    None => format!(
                        "Envoy is not ready after {} s; its last lines stand above",
                        PATIENCE.as_secs()
                    ),
                }));
            }
            if proxy.ask("/ready").is_some()
                && let Some(port) = proxy.ask("/listeners").as_deref().and_then(port)
            {
                let info = proxy.ask("/server_info").unwrap_or_default();
                return Ok(Running {
                    proxy,
                    port,
                    version: version(&info),
                });
            }
            // Between looks: nothing tells when Envoy is ready.
            std::thread::sleep(LOOK);
        }
    }
}

/// The port in `inbound::127.0.0.1:40123`.
fn port(listeners: &str) -> Option<u16> {
    let line = listeners.lines().next()?;
    line.rsplit_once(':')?.1.trim().parse().ok()
}

/// The number in `BUILD/1.40.0/Clean/RELEASE/BoringSSL`.
fn version(info: &str) -> String {
    let info: Value = serde_json::from_str(info).unwrap_or_default();
    let text = info.get("version").and_then(Value::as_str);
    let number = text.and_then(|text| text.split('/').nth(1));
    number.unwrap_or("of an unknown version").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_admin_interface_says_is_read() {
        assert_eq!(port("inbound::127.0.0.1:40123\n"), Some(40123));
        assert_eq!(port(""), None);
        assert_eq!(
            version(r#"{"version":"c0ffee/1.40.0/Clean/RELEASE/BoringSSL"}"#),
            "1.40.0"
        );
    }
}
