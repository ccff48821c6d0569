//! `meshward run`: a real Envoy that follows a policy file.

use crate::client::free_port;
use crate::decisions::Log;
use crate::{Upstream, paths, wait};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running `meshward run`, ended as by Ctrl-C, so that it ends its Envoy too.
#[derive(Debug)]
pub struct Run {
    process: Child,
    /// Where its clients come in, on 127.0.0.1.
    pub port: u16,
    /// What it says.
    pub said: Log,
}

impl Run {
    /// Starts a policy in front of a server.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(policy: &Path, upstream: &Upstream) -> Self {
        let port = free_port();
        let mut process = Command::new(paths::meshward())
            .arg("run")
            .arg(policy)
            .args(["--upstream", &format!("127.0.0.1:{}", upstream.port)])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .arg("--wasm")
            .arg(paths::wasm())
            .arg("--envoy")
            .arg(paths::envoy())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let said = Log::follow(process.stderr.take().expect("stderr is piped"));
        Self {
            process,
            port,
            said,
        }
    }

    /// Waits until the first policy serves.
    ///
    /// # Panics
    /// When it does not in time, or the policy is wrong.
    pub fn until_it_serves(&self) {
        wait::until("the policy", || {
            assert_eq!(
                self.said.lines_with("error["),
                [""; 0],
                "the policy is wrong"
            );
            (!self.said.lines_with("policy v1 serves").is_empty()).then_some(())
        });
        wait::until("the listener", || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()
        });
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let id = self.process.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.process.wait();
    }
}
