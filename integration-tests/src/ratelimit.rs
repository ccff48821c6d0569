//! A real rate limit service and a real Redis: started, killed, started again, and killed when they go out of scope.

use crate::client::quiet_port;
use crate::decisions::Log;
use crate::{Client, paths, wait};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running Redis. It keeps nothing over a restart.
#[derive(Debug)]
pub struct Redis {
    process: Child,
    port: u16,
    folder: TempDir,
}

/// A running rate limit service.
#[derive(Debug)]
pub struct RateLimit {
    process: Child,
    log: Log,
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
        let process = redis(&folder, port);
        let redis = Self {
            process,
            port,
            folder,
        };
        redis.await_ready();
        redis
    }

    /// Kills it, as a crash would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        kill(&mut self.process);
    }

    /// Starts it again, empty.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self) {
        self.process = redis(&self.folder, self.port);
        self.await_ready();
    }

    fn await_ready(&self) {
        wait::until("Redis", || {
            TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
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
        let (process, log) = ratelimit(&folder, port, ports, redis.port);
        let mut service = Self {
            process,
            log,
            port,
            ports,
            redis: redis.port,
            folder,
        };
        service.await_ready();
        service
    }

    /// Kills it, as a crash would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        kill(&mut self.process);
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
        let id = self.process.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill {signal}");
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self) {
        let (process, log) = ratelimit(&self.folder, self.port, self.ports, self.redis);
        self.process = process;
        self.log = log;
        self.await_ready();
    }

    fn await_ready(&mut self) {
        let [http, _] = self.ports;
        wait::until("the rate limit service", || {
            if let Ok(Some(status)) = self.process.try_wait() {
                panic!(
                    "the rate limit service has ended ({status}):\n{}",
                    self.log.tail()
                );
            }
            TcpStream::connect(("127.0.0.1", http)).ok()?;
            let response = Client::new(http).get("/healthcheck");
            (response.status == 200).then_some(())
        });
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for RateLimit {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn kill(process: &mut Child) {
    process.kill().expect("the process can be killed");
    process.wait().expect("the process ends");
}

fn redis(folder: &TempDir, port: u16) -> Child {
    Command::new(paths::redis())
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Redis can be started")
}

fn ratelimit(folder: &TempDir, port: u16, [http, debug]: [u16; 2], redis: u16) -> (Child, Log) {
    let mut process = Command::new(paths::ratelimit())
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
        .env("DEBUG_PORT", debug.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the rate limit service can be started");
    let log = Log::follow(process.stderr.take().expect("stderr is piped"));
    (process, log)
}
