//! The shop, running: three services in Python, and an Envoy with Meshward in front of each.

use super::render::{Places, bootstrap};
use crate::process::Background;
use crate::tools::{self, Program};
use crate::{paths, ports, progress};
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long anything may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A service of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Orders,
    Payments,
    Users,
}

impl Service {
    pub(super) const ALL: [Self; 3] = [Self::Orders, Self::Payments, Self::Users];

    /// The name, in files, hosts and audiences.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Users => "users",
        }
    }
}

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Shop {
    orders: Guarded,
    payments: Guarded,
    users: Guarded,
}

/// A service and the Envoy before it.
#[derive(Debug)]
struct Guarded {
    ports: Ports,
    log: PathBuf,
    /// The Envoy first: it is dropped first.
    running: Option<(Background, Background)>,
}

/// The ports of one service.
#[derive(Debug, Clone, Copy)]
struct Ports {
    service: u16,
    proxy: u16,
    admin: u16,
}

/// Where the logs and bootstraps of the demo are.
pub(super) fn logs() -> PathBuf {
    paths::target().join("demo")
}

impl Shop {
    /// Starts everything, and waits until it serves.
    pub(super) fn open() -> Result<Self> {
        tools::need(&[Program::Python])?;
        let envoy = tools::envoy()?;
        let dir = logs();
        std::fs::create_dir_all(&dir)
            .with_context(|| format!("`{}` cannot be made", dir.display()))?;
        // All at once, so that no two are the same.
        let [a, b, c, d, e, f, g, h, i] = ports::several()?;
        let ports = |service, proxy, admin| Ports {
            service,
            proxy,
            admin,
        };
        let (orders, payments, users) = (ports(a, b, c), ports(d, e, f), ports(g, h, i));
        let peer = |service: Service, ports: Ports| {
            format!("--peer={}=http://127.0.0.1:{}", service.name(), ports.proxy)
        };
        let peers = [
            peer(Service::Payments, payments),
            peer(Service::Users, users),
        ];
        progress::step("starting three services, and an Envoy before each", || {
            let mut shop = Self {
                orders: Guarded::start(Service::Orders, orders, &peers, &envoy)?,
                payments: Guarded::start(Service::Payments, payments, &[], &envoy)?,
                users: Guarded::start(Service::Users, users, &[], &envoy)?,
            };
            // All were started before the first is waited for: each Envoy compiles the filter.
            for guarded in [&mut shop.orders, &mut shop.payments, &mut shop.users] {
                guarded.wait_until_it_serves()?;
            }
            Ok(shop)
        })
    }

    /// The port on which a service's Envoy takes requests.
    pub(super) fn port(&self, service: Service) -> u16 {
        match service {
            Service::Orders => self.orders.ports.proxy,
            Service::Payments => self.payments.ports.proxy,
            Service::Users => self.users.ports.proxy,
        }
    }

    /// Waits until the log of a service's Envoy holds what `find` looks for. Nothing, when it does not come in time.
    pub(super) fn wait_in_log<T>(
        &mut self,
        service: Service,
        mut find: impl FnMut(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        let guarded = match service {
            Service::Orders => &mut self.orders,
            Service::Payments => &mut self.payments,
            Service::Users => &mut self.users,
        };
        let (envoy, _) = guarded.running.as_mut().context("the shop is closed")?;
        let mut found = None;
        let log = &guarded.log;
        envoy.wait_until(Duration::from_secs(30), || {
            found = std::fs::read(log)
                .ok()
                .and_then(|bytes| find(&String::from_utf8_lossy(&bytes)));
            found.is_some()
        })?;
        Ok(found)
    }

    /// Ends everything.
    pub(super) fn close(&mut self) {
        for guarded in [&mut self.orders, &mut self.payments, &mut self.users] {
            guarded.running = None;
        }
    }
}

impl Guarded {
    fn start(service: Service, ports: Ports, peers: &[String], envoy: &Path) -> Result<Self> {
        let name = service.name();
        let program = service_process(service, ports, peers)?;
        let config = logs().join(format!("{name}-envoy.yaml"));
        let at = |port: u16| format!("127.0.0.1:{port}");
        bootstrap(
            service,
            &Places {
                listen: &at(ports.proxy),
                upstream: &at(ports.service),
                admin: &at(ports.admin),
                filter: &paths::filter(),
            },
            &config,
        )?;
        let log = logs().join(format!("{name}-envoy.log"));
        let proxy = Background::start(
            &format!("the Envoy before {name}"),
            Command::new(envoy)
                .arg("--config-path")
                .arg(&config)
                .args(["--concurrency", "2", "--disable-hot-restart"])
                .args(["--log-level", "warning"])
                .args(["--component-log-level", "wasm:info"]),
            &log,
        )?;
        Ok(Self {
            ports,
            log,
            running: Some((proxy, program)),
        })
    }

    fn wait_until_it_serves(&mut self) -> Result<()> {
        let health = format!("http://127.0.0.1:{}/health", self.ports.service);
        let ready = format!("http://127.0.0.1:{}/ready", self.ports.admin);
        let (envoy, program) = self.running.as_mut().context("the shop is closed")?;
        program.wait_until(PATIENCE, || answers(&health))?;
        envoy.wait_until(PATIENCE, || answers(&ready))
    }
}

fn service_process(service: Service, ports: Ports, peers: &[String]) -> Result<Background> {
    let files = paths::root().join("envoy-config");
    let name = service.name();
    let mut python = Command::new("python3");
    python
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(files.join("services/service.py"))
        .arg(name)
        .arg(format!("--listen=127.0.0.1:{}", ports.service))
        .args(peers);
    if !peers.is_empty() {
        python
            .arg("--keys")
            .arg(files.join("demo-issuer/demo-only-keys.json"));
    }
    let log = logs().join(format!("{name}-service.log"));
    Background::start(name, &mut python, &log)
}

fn answers(url: &str) -> bool {
    ureq::get(url).call().is_ok()
}
