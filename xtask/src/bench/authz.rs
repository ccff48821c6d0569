//! The authorization service that `ext-authz` asks: `xtask/authz`, which admits everything.

use crate::process::{self, Background};
use crate::{paths, ports, progress};
use anyhow::Result;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The service, running.
#[derive(Debug)]
pub(super) struct Authz {
    /// Its port for gRPC.
    pub(super) port: u16,
    pub(super) process: Background,
}

impl Authz {
    /// Builds it as it would be delivered, because what it uses is shown beside what Envoy uses, and starts it.
    pub(super) fn start(dir: &Path) -> Result<Self> {
        progress::step("building the authorization service", || {
            process::run(Command::new("cargo").current_dir(paths::root()).args([
                "build",
                "--quiet",
                "--release",
                "--package",
                "bench-authz",
            ]))
        })?;
        let port = ports::free()?;
        let mut process = Background::start(
            "the authorization service",
            Command::new(paths::target().join("release/bench-authz")).arg(port.to_string()),
            &dir.join("authz.log"),
        )?;
        process.wait_until(Duration::from_secs(30), || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })?;
        Ok(Self { port, process })
    }
}
