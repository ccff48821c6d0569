//! Another server as a process of its own: followed, killed and started again, and killed when it goes out of scope.

use crate::decisions::Log;
use crate::wait;
use std::process::{Child, Command, Stdio};

/// A running server.
#[derive(Debug)]
pub struct Daemon {
    name: &'static str,
    process: Child,
    log: Log,
}

impl Daemon {
    /// Starts it, and waits until it is ready.
    ///
    /// # Panics
    /// When it cannot be started, ends, or does not become ready.
    #[must_use]
    pub fn start(name: &'static str, command: Command, ready: impl Fn() -> Option<()>) -> Self {
        let (process, log) = spawn(name, command);
        let mut daemon = Self { name, process, log };
        daemon.await_ready(ready);
        daemon
    }

    /// Kills it, as a crash would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.process.kill().expect("the process can be killed");
        self.process.wait().expect("the process ends");
    }

    /// Starts it again after [`Self::kill`].
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn restart(&mut self, command: Command, ready: impl Fn() -> Option<()>) {
        (self.process, self.log) = spawn(self.name, command);
        self.await_ready(ready);
    }

    /// Its number in the system.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The end of its log.
    #[must_use]
    pub fn said(&self) -> String {
        self.log.tail()
    }

    fn await_ready(&mut self, ready: impl Fn() -> Option<()>) {
        wait::until(self.name, || {
            if let Ok(Some(status)) = self.process.try_wait() {
                panic!("{} has ended ({status}):\n{}", self.name, self.log.tail());
            }
            ready()
        });
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What it says on either stream is its log.
fn spawn(name: &str, mut command: Command) -> (Child, Log) {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    let twin = writer.try_clone().expect("a pipe can be shared");
    command.stdin(Stdio::null()).stdout(writer).stderr(twin);
    let process = command
        .spawn()
        .unwrap_or_else(|cause| panic!("{name} cannot be started: {cause}"));
    (process, Log::follow(reader))
}
