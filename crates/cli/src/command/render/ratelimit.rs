//! `meshward render ratelimit`: the configuration of the service that counts quotas for a fleet.

use super::Making;
use crate::failure::Failure;
use crate::output;
use clap::Args;
use meshward_engine::Policy;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The configuration of envoyproxy/ratelimit for the limits that a fleet shares (`limits.NAME.global`)
///
/// The policy says what a quota is, and this file says it to the service. Mount it as it is: into `ratelimit/config` under the service's
/// `RUNTIME_ROOT`. After a change of quotas, give it to the service before the policy goes to the proxies.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward render ratelimit policy.yaml -o ratelimit/config/orders.yaml
  meshward render ratelimit policy.yaml --domain shop

The service takes one file for each domain. With errors in the policy, nothing is written.")]
pub(super) struct RateLimit {
    /// The policy.
    policy: PathBuf,
    #[command(flatten)]
    making: Making,
    /// Which domain, where the policy's limits name several.
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
    /// Where the configuration goes; standard output when absent.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl RateLimit {
    pub(super) fn run(self) -> Result<(), Failure> {
        let ready = self.making.read(&self.policy)?;
        let domain = choose(&ready.policy, self.domain.as_deref())?;
        output::write(self.output.as_deref(), &yaml(&ready.policy, domain))
    }
}

fn choose<'a>(policy: &'a Policy, wanted: Option<&str>) -> Result<&'a str, Failure> {
    let domains: BTreeSet<&str> = policy.desks().iter().map(|desk| desk.domain()).collect();
    let named = || {
        let named: Vec<_> = domains.iter().map(|domain| format!("`{domain}`")).collect();
        named.join(", ")
    };
    match (wanted, domains.len()) {
        (_, 0) => Err(Failure::no(
            "no endpoint has a limit that a fleet shares: give one a `global`, and name it under `limits` of an API or endpoint".to_owned(),
        )),
        (None, 1) => Ok(domains.first().copied().unwrap_or_default()),
        (None, _) => Err(Failure::usage(format!(
            "the policy's limits are in the domains {}, and a file holds one: choose it with `--domain`",
            named()
        ))),
        (Some(wanted), _) => domains.iter().copied().find(|d| *d == wanted).ok_or_else(|| {
            Failure::usage(format!(
                "no limit is in the domain `{wanted}`: there is {}",
                named()
            ))
        }),
    }
}

/// The service reads its file with a YAML parser that takes JSON's strings.
fn yaml(policy: &Policy, domain: &str) -> String {
    let mut text = format!(
        "# Quotas of the policy {}, for envoyproxy/ratelimit: written by `meshward render ratelimit`.\ndomain: {}\ndescriptors:\n",
        quoted(policy.name()),
        quoted(domain),
    );
    let mut desks: Vec<_> = policy.desks().iter().collect();
    desks.retain(|desk| desk.domain() == domain);
    desks.sort_by_key(|desk| desk.limit());
    for desk in desks {
        // Without a value: every value has a count of its own.
        let _ = write!(
            text,
            "  - key: {}\n    rate_limit:\n      unit: {}\n      requests_per_unit: {}\n",
            quoted(desk.limit()),
            desk.unit().name(),
            desk.requests(),
        );
    }
    text
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
