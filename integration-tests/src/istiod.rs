//! A real istiod with a folder of YAML.

use crate::client::quiet_port;
use crate::daemon::Daemon;
use crate::paths;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// What does not change: the mesh's own settings.
const MESH: &str = include_str!("../istiod/mesh.yaml");

/// A running istiod.
#[derive(Debug)]
pub struct Istiod {
    daemon: Daemon,
    /// Where proxies ask it.
    pub port: u16,
    folder: TempDir,
}

impl Istiod {
    /// Starts istiod with these files, and waits until proxies can connect.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn start(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        std::fs::create_dir(folder.path().join("config")).expect("a folder can be made");
        std::fs::write(folder.path().join("mesh.yaml"), MESH).expect("a file can be written");
        for (name, content) in files {
            put(&folder, name, content);
        }
        let port = quiet_port();
        let daemon = Daemon::start("istiod", command(&folder, port), || listens(port));
        Self {
            daemon,
            port,
            folder,
        }
    }

    /// Puts a file into its folder, or a new one in its place.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, name: &str, content: &str) {
        put(&self.folder, name, content);
    }

    /// Where a file of its folder is.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("config").join(name)
    }

    /// Kills it, as a crash would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again, on the same port and with the same folder.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self) {
        let port = self.port;
        self.daemon
            .restart(command(&self.folder, port), || listens(port));
    }

    /// The end of its log.
    #[must_use]
    pub fn said(&self) -> String {
        self.daemon.said()
    }
}

/// Its `/ready` speaks of Kubernetes; it serves as soon as it listens.
fn listens(port: u16) -> Option<()> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .ok()
        .map(drop)
}

/// A file appears whole, or not at all: YAML that is half there would keep istiod from reading anything.
fn put(folder: &TempDir, name: &str, content: &str) {
    let part: PathBuf = folder.path().join(format!("{name}.part"));
    std::fs::write(&part, content).expect("a file can be written");
    std::fs::rename(&part, folder.path().join("config").join(name))
        .expect("a file can be put in place");
}

fn command(folder: &TempDir, port: u16) -> Command {
    let local = |port: u16| format!("127.0.0.1:{port}");
    let mut command = Command::new(paths::istiod());
    command
        .arg("-configDir")
        .arg(folder.path().join("config"))
        .arg("-meshConfig")
        .arg(folder.path().join("mesh.yaml"))
        .args(["-xdsAddr", &local(port)])
        .args(["-debugAddr", &local(quiet_port())])
        .args(["-monitoringAddr", &local(quiet_port())])
        .current_dir(folder.path())
        // Filters that only Istio's own build of Envoy has.
        .env("PILOT_ENABLE_METADATA_EXCHANGE", "false")
        .env("PILOT_ENABLE_ALPN_FILTER", "false");
    command
}
