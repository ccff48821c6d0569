//! `meshward render`: ready configurations for proxies.

mod ecds;
mod envoy_gateway;
mod istio;
mod ratelimit;

use super::making::Making;
use crate::envoy::{Address, Bootstrap, Cluster, FilterSource, missing, speaking};
use crate::failure::Failure;
use crate::output;
use crate::policy::Ready;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Write a ready configuration for a proxy
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Target {
    Envoy(Envoy),
    Ecds(ecds::Ecds),
    EnvoyGateway(envoy_gateway::EnvoyGateway),
    Istio(istio::Istio),
    Ratelimit(ratelimit::RateLimit),
}

/// A complete bootstrap for one Envoy in front of one upstream
///
/// Static: the policy stands in it, and a new policy needs a restart. `render ecds` makes one whose policy can be changed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward render envoy policy.yaml --upstream 127.0.0.1:9000 -o envoy.yaml
  meshward render envoy policy.yaml --cluster idp=https://idp.example:443 -o envoy.yaml
  meshward render envoy policy.yaml --upstream orders:8080 --listen 0.0.0.0:8080 --wasm /etc/envoy/meshward_filter.wasm

With errors in the policy, nothing is written.")]
struct Envoy {
    /// The policy.
    policy: PathBuf,
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    site: Site,
    /// Where the bootstrap goes; standard output when absent.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Where a proxy stands.
#[derive(Debug, Args)]
struct Site {
    /// The service behind.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9000")]
    upstream: Address,
    /// Where a cluster leads that the policy names; `https://` speaks TLS. May be repeated.
    #[arg(long = "cluster", value_name = "NAME=HOST:PORT")]
    clusters: Vec<Cluster>,
    /// Where clients come in.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: Address,
    /// Envoy's admin interface.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9901")]
    admin: Address,
    /// The filter's module, as Envoy finds it.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "/etc/envoy/meshward_filter.wasm"
    )]
    wasm: PathBuf,
}

impl Arguments {
    /// Checks, then writes the configuration.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.target {
            Target::Envoy(envoy) => envoy.run(),
            Target::Ecds(ecds) => ecds.run(),
            Target::EnvoyGateway(gateway) => gateway.run(),
            Target::Istio(istio) => istio.run(),
            Target::Ratelimit(ratelimit) => ratelimit.run(),
        }
    }
}

impl Envoy {
    fn run(self) -> Result<(), Failure> {
        self.site.check()?;
        let ready = self.making.read(&self.policy)?.able_to_hold();
        let (bundle, _) = self.making.write(&ready)?;
        let wasm = self.site.wasm.clone();
        let bootstrap = self
            .site
            .bootstrap(&ready, FilterSource::Inline { wasm, bundle });
        output::write(self.output.as_deref(), &bootstrap.yaml())
    }
}

impl Site {
    /// Refuses what Envoy would refuse.
    fn check(&self) -> Result<(), Failure> {
        for (option, address) in [("--listen", &self.listen), ("--admin", &self.admin)] {
            if !address.is_ip() {
                let message =
                    format!("`{option} {address}`: Envoy listens on IP addresses, not on names");
                return Err(Failure::usage(message));
            }
        }
        Ok(())
    }

    /// The bootstrap of a proxy with this policy. Says which servers the policy asks that nobody has named.
    fn bootstrap(self, ready: &Ready, filter: FilterSource) -> Bootstrap {
        if let Some(said) = missing(ready.policy.clusters(), &self.clusters) {
            output::warn(&said);
        }
        Bootstrap {
            clusters: speaking(self.clusters, &ready.policy),
            listen: self.listen,
            upstream: self.upstream,
            admin: self.admin,
            buffer: ready.largest_body(),
            upgrades: ready.upgrades(),
            filter,
        }
    }
}
