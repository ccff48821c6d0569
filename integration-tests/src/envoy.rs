//! A real Envoy: started, watched, and killed when it goes out of scope.

use crate::client::{Client, Response};
use crate::decisions::Log;
use crate::{paths, wait};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running Envoy.
#[derive(Debug)]
pub struct Envoy {
    process: Child,
    /// What it writes to its log.
    pub log: Log,
    admin: u16,
    _folder: TempDir,
}

impl Envoy {
    /// Starts Envoy with one worker, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn start(bootstrap: &Value) -> Self {
        Self::with_workers(bootstrap, 1)
    }

    /// Starts Envoy with so many workers, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn with_workers(bootstrap: &Value, workers: u32) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let config = folder.path().join("envoy.json");
        std::fs::write(&config, bootstrap.to_string()).expect("the bootstrap can be written");
        Self::from_file(&config, workers)
    }

    /// Starts Envoy with a bootstrap that somebody else has written, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn from_file(config: &Path, workers: u32) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let admin = folder.path().join("admin");
        let mut process = Command::new(paths::envoy())
            .arg("--config-path")
            .arg(config)
            .arg("--admin-address-path")
            .arg(&admin)
            .args(["--concurrency", &workers.to_string()])
            .args(["--log-level", "warning", "--component-log-level"])
            .args(["wasm:info,config:info"])
            .args(["--disable-hot-restart"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Envoy can be started");
        let log = Log::follow(process.stderr.take().expect("stderr is piped"));
        let admin = admin_port(&admin, &mut process, &log);
        let envoy = Self {
            process,
            log,
            admin,
            _folder: folder,
        };
        wait::until("Envoy's `/ready`", || {
            (envoy.admin("/ready").status == 200).then_some(())
        });
        envoy
    }

    /// Where the admin interface is.
    #[must_use]
    pub fn admin_address(&self) -> String {
        format!("127.0.0.1:{}", self.admin)
    }

    /// How much memory it has, in MiB.
    ///
    /// # Panics
    /// When the system does not say.
    #[must_use]
    pub fn resident_mib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kib: u64 = kib.and_then(|kib| kib.parse().ok()).expect("it has memory");
        kib / 1024
    }

    /// The processor's time that each worker has taken until now, in seconds.
    ///
    /// # Panics
    /// When the system does not say.
    #[must_use]
    pub fn worker_seconds(&self) -> Vec<f64> {
        let threads = format!("/proc/{}/task", self.process.id());
        let threads = std::fs::read_dir(threads).expect("the process runs");
        let threads = threads.map(|thread| thread.expect("it ends no thread").path());
        let of = |thread: &Path, file: &str| {
            std::fs::read_to_string(thread.join(file)).expect("it ends no thread")
        };
        threads
            .filter(|thread| of(thread, "comm").starts_with("wrk:worker"))
            .map(|thread| {
                let text = of(&thread, "schedstat");
                let nanoseconds = text.split(' ').next().and_then(|field| field.parse().ok());
                let nanoseconds: f64 = nanoseconds.expect("`schedstat` begins with a number");
                nanoseconds / 1e9
            })
            .collect()
    }

    /// Asks the admin interface.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn admin(&self, path: &str) -> Response {
        Client::new(self.admin).get(path)
    }

    /// Lets it write down every call between the Wasm host and its modules, from now on.
    ///
    /// # Panics
    /// When it does not.
    pub fn trace_wasm(&self) {
        let request =
            "POST /logging?wasm=trace HTTP/1.1\r\nhost: admin\r\ncontent-length: 0\r\n\r\n";
        let answer = Client::new(self.admin).raw(request.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// The values of the counters and gauges with the wanted names.
    #[must_use]
    pub fn stats(&self, wanted: impl Fn(&str) -> bool) -> Vec<u64> {
        let text = self.admin("/stats").text();
        let lines = text.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(name, _)| wanted(name))
            .filter_map(|(_, value)| value.parse().ok())
            .collect()
    }

    /// The value of a counter or gauge; 0 where there is none.
    #[must_use]
    pub fn stat(&self, name: &str) -> u64 {
        self.stats(|n| n == name).into_iter().sum()
    }

    /// What says that a VM died: panics in the log, and VMs that had to be made again since `before`.
    #[must_use]
    pub fn deaths(&self, before: u64) -> Vec<String> {
        let mut found = self.log.lines_with("panicked");
        let made = self.vms_made();
        if made != before {
            found.push(format!("{} VMs were made again", made.abs_diff(before)));
        }
        found
    }

    /// How many VMs were made so far.
    ///
    /// # Panics
    /// When Envoy does not say: then no death would be seen.
    #[must_use]
    pub fn vms_made(&self) -> u64 {
        let made = self.stat("wasm.envoy.wasm.runtime.v8.created");
        assert!(made > 0, "Envoy counts no VM");
        made
    }

    /// A client for the listener of that name.
    ///
    /// # Panics
    /// When there is no such listener.
    #[must_use]
    pub fn client(&self, listener: &str) -> Client {
        let listeners = self.admin("/listeners?format=json").json();
        let statuses = listeners.get("listener_statuses");
        let port = statuses
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|status| status.get("name").is_some_and(|name| name == listener))
            .find_map(|status| status.pointer("/local_address/socket_address/port_value"))
            .and_then(Value::as_u64);
        let port = port.and_then(|port| u16::try_from(port).ok());
        Client::new(port.unwrap_or_else(|| panic!("no listener `{listener}` in {listeners}")))
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Envoy writes the address of its admin interface into a file once it is bound.
fn admin_port(file: &Path, process: &mut Child, log: &Log) -> u16 {
    wait::until("the address of Envoy's admin interface", || {
        if let Ok(Some(status)) = process.try_wait() {
            panic!("Envoy ended with {status}:\n{}", log.tail());
        }
        let address = std::fs::read_to_string(file).ok()?;
        address.rsplit_once(':')?.1.trim().parse().ok()
    })
}
