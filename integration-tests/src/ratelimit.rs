//! A real rate limit service and a real Redis.

use crate::client::quiet_port;
use crate::daemon::Daemon;
use crate::{Client, paths};
use std::net::TcpStream;
use std::process::Command;
use tempfile::TempDir;

const NAME: &str = "the rate limit service";

/// A running Redis. It keeps nothing over a restart.
#[derive(Debug)]
pub struct Redis {
    daemon: Daemon,
    port: u16,
    folder: TempDir,
}

/// A running rate limit service.
#[derive(Debug)]
pub struct RateLimit {
    daemon: Daemon,
    /// Its port for gRPC on 127.0.0.1.
    pub port: u16,
    ports: [u16; 2],
    redis: u16,
    folder: TempDir,
}

impl Redis {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let port = quiet_port();
        let daemon = Daemon::start("Redis", redis(&folder, port), || listens(port));
        Self {
            daemon,
            port,
            folder,
        }
    }

    /// Kills it, as a crash would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again, empty.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self) {
        let port = self.port;
        self.daemon
            .restart(redis(&self.folder, port), || listens(port));
    }
}

impl RateLimit {
    /// Starts it with this configuration and this Redis.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn start(configuration: &str, redis: &Redis) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let config = folder.path().join("ratelimit/config");
        std::fs::create_dir_all(&config).expect("a folder can be made");
        std::fs::write(config.join("meshward.yaml"), configuration)
            .expect("the configuration can be written");
        let (port, ports) = (quiet_port(), [quiet_port(), quiet_port()]);
        let command = ratelimit(&folder, port, ports, redis.port);
        let daemon = Daemon::start(NAME, command, || healthy(ports));
        Self {
            daemon,
            port,
            ports,
            redis: redis.port,
            folder,
        }
    }

    /// Kills it, as a crash would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Stops it without ending it: it takes connections and says nothing.
    ///
    /// # Panics
    /// When it cannot be stopped.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// When it cannot go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.daemon.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill {signal}");
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self) {
        let ports = self.ports;
        let command = ratelimit(&self.folder, self.port, ports, self.redis);
        self.daemon.restart(command, || healthy(ports));
    }
}

fn listens(port: u16) -> Option<()> {
    TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
}

fn healthy([http, _]: [u16; 2]) -> Option<()> {
    listens(http)?;
    let response = Client::new(http).get("/healthcheck");
    (response.status == 200).then_some(())
}

fn redis(folder: &TempDir, port: u16) -> Command {
    let mut command = Command::new(paths::redis());
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder.path());
    command
}

fn ratelimit(folder: &TempDir, port: u16, [http, debug]: [u16; 2], redis: u16) -> Command {
    let mut command = Command::new(paths::ratelimit());
    command
        .env("REDIS_SOCKET_TYPE", "tcp")
        .env("REDIS_URL", format!("127.0.0.1:{redis}"))
        .env("USE_STATSD", "false")
        .env("RUNTIME_ROOT", folder.path())
        .env("RUNTIME_SUBDIRECTORY", "ratelimit")
        .env("RUNTIME_WATCH_ROOT", "false")
        .env("LOG_LEVEL", "warn")
        .env("HOST", "127.0.0.1")
        .env("GRPC_HOST", "127.0.0.1")
        .env("DEBUG_HOST", "127.0.0.1")
        .env("PORT", http.to_string())
        .env("GRPC_PORT", port.to_string())
        .env("DEBUG_PORT", debug.to_string());
    command
}
