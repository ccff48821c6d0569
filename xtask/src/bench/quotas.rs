//! The rate limit service of the bench, and its Redis: real ones, whose CPU time is shown beside that of the Envoy that asks.

use crate::process::{self, Background};
use crate::{paths, ports, tools};
use anyhow::{Context as _, Result};
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The service, running.
#[derive(Debug)]
pub(super) struct Quotas {
    /// Its port for gRPC.
    pub(super) port: u16,
    service: Background,
    redis: Background,
}

impl Quotas {
    /// Starts both, with the configuration that the command line makes of a policy.
    pub(super) fn start(dir: &Path, policy: &Path) -> Result<Self> {
        let root = dir.join("ratelimit-root");
        let config = root.join("ratelimit/config");
        fs::create_dir_all(&config)
            .with_context(|| format!("`{}` cannot be made", config.display()))?;
        process::run(
            Command::new(paths::command_line())
                .args(["render", "ratelimit"])
                .arg(policy)
                .arg("--output")
                .arg(config.join("bench.yaml")),
        )?;
        let [port, http, debug, store] = ports::several()?;
        let mut redis = Background::start(
            "Redis",
            Command::new(tools::redis()?)
                .args(["--bind", "127.0.0.1", "--port", &store.to_string()])
                .args(["--save", "", "--appendonly", "no", "--dir"])
                .arg(&root),
            &dir.join("redis.log"),
        )?;
        let listens = |port: u16| move || TcpStream::connect(("127.0.0.1", port)).is_ok();
        redis.wait_until(Duration::from_secs(30), listens(store))?;
        let mut service = Background::start(
            "the rate limit service",
            Command::new(tools::ratelimit()?)
                .env("REDIS_SOCKET_TYPE", "tcp")
                .env("REDIS_URL", format!("127.0.0.1:{store}"))
                .env("USE_STATSD", "false")
                .env("RUNTIME_ROOT", &root)
                .env("RUNTIME_SUBDIRECTORY", "ratelimit")
                .env("RUNTIME_WATCH_ROOT", "false")
                .env("HOST", "127.0.0.1")
                .env("GRPC_HOST", "127.0.0.1")
                .env("DEBUG_HOST", "127.0.0.1")
                .env("PORT", http.to_string())
                .env("GRPC_PORT", port.to_string())
                .env("DEBUG_PORT", debug.to_string()),
            &dir.join("ratelimit.log"),
        )?;
        service.wait_until(Duration::from_secs(30), listens(port))?;
        Ok(Self {
            port,
            service,
            redis,
        })
    }

    /// What runs.
    pub(super) fn pids(&self) -> [u32; 2] {
        [self.service.pid(), self.redis.pid()]
    }
}
