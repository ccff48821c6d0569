//! The Envoy process: started, listened to, and ended with this program.

use crate::envoy::Admin;
use crate::failure::Failure;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How Envoy is started.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    /// The binary.
    pub(crate) envoy: &'a Path,
    /// The bootstrap.
    pub(crate) bootstrap: &'a Path,
    /// Where Envoy writes the address of its admin interface.
    pub(crate) admin_file: PathBuf,
    /// How many workers it has. When absent: as many as the machine has processors.
    pub(crate) workers: Option<u32>,
}

/// A running Envoy. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    child: Child,
    admin_file: PathBuf,
    interface: Admin,
}

impl Start<'_> {
    /// Starts Envoy. Every line of its log goes to `on_line`, from a thread of its own.
    pub(crate) fn spawn(
        self,
        mut on_line: impl FnMut(String) + Send + 'static,
    ) -> Result<Proxy, Failure> {
        let mut command = Command::new(self.envoy);
        command
            .arg("--config-path")
            .arg(self.bootstrap)
            .arg("--admin-address-path")
            .arg(&self.admin_file)
            // Several may run side by side.
            .arg("--disable-hot-restart")
            .args([
                "--log-level",
                "warning",
                "--component-log-level",
                "wasm:info",
            ])
            .args(["--log-format", "%l\t%n\t%v"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(workers) = self.workers {
            command.args(["--concurrency", &workers.to_string()]);
        }
        // Ctrl-C in the terminal reaches this program alone, which then ends Envoy in good order.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .spawn()
            .map_err(|cause| Failure::file("start", self.envoy, cause))?;
        if let Some(log) = child.stderr.take() {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(log);
                let mut line = Vec::new();
                while reader
                    .read_until(b'\n', &mut line)
                    .is_ok_and(|read| read > 0)
                {
                    on_line(String::from_utf8_lossy(&line).trim_end().to_owned());
                    line.clear();
                }
            });
        }
        Ok(Proxy {
            child,
            admin_file: self.admin_file,
            interface: Admin::new(),
        })
    }
}

impl Proxy {
    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The address of the admin interface, once Envoy has one.
    pub(crate) fn admin(&self) -> Option<String> {
        let text = std::fs::read_to_string(&self.admin_file).ok()?;
        let address = text.trim();
        (!address.is_empty()).then(|| address.to_owned())
    }

    /// Asks the admin interface. `None` while it does not answer.
    pub(crate) fn ask(&self, path: &str) -> Option<String> {
        self.interface.ask(&self.admin()?, path)
    }

    /// How the process ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks Envoy to end, and waits for it; after five seconds it is ended by force.
    pub(crate) fn stop(mut self) {
        if let Some(admin) = self.admin() {
            // Where this fails, force follows.
            self.interface.tell(&admin, "/quitquitquit");
        }
        for _ in 0..100 {
            if self.ended().is_some() {
                return;
            }
            // Between looks at whether Envoy has ended: the standard library has no wait with a deadline.
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if self.ended().is_none() {
            // It may have ended in this moment; then there is nothing to do.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
