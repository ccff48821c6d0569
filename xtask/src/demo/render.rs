//! What `meshward render` makes from the policies in `envoy-config/`: bootstraps, and the quotas of the rate limit service.

use super::shop::Service;
use crate::{paths, process, progress, tools};
use anyhow::{Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Who listens where, in one bootstrap.
#[derive(Debug)]
pub(super) struct Places<'a> {
    pub(super) listen: &'a str,
    pub(super) upstream: &'a str,
    pub(super) admin: &'a str,
    /// The filter's module, as Envoy finds it.
    pub(super) filter: &'a Path,
}

/// Where containers have the filter's module.
const MODULE: &str = "/etc/envoy/meshward_filter.wasm";

/// The policy of two Envoys that share their quotas, and where they find the servers that they ask.
const FLEET: (&str, &[&str]) = (
    "fleet",
    &["keycloak=keycloak:8080", "ratelimit=ratelimit:8081"],
);

/// A committed file that a command makes from a policy.
#[derive(Debug)]
struct Made {
    /// Its path in the checkout.
    file: String,
    policy: &'static str,
    kind: Kind,
}

/// What is made.
#[derive(Debug)]
enum Kind {
    /// A complete configuration for Envoy, with these clusters.
    Bootstrap(&'static [&'static str]),
    /// The rate limit service's quotas.
    Quotas,
}

/// Every committed file that is made.
fn all() -> Vec<Made> {
    let services = Service::ALL.map(|service| (service.name(), &[][..]));
    let bootstraps = services.into_iter().chain([FLEET]);
    let mut all: Vec<Made> = bootstraps
        .map(|(policy, clusters)| Made {
            file: format!("envoy-config/bootstraps/{policy}.yaml"),
            policy,
            kind: Kind::Bootstrap(clusters),
        })
        .collect();
    all.push(Made {
        file: "envoy-config/fleet/ratelimit.yaml".to_owned(),
        policy: FLEET.0,
        kind: Kind::Quotas,
    });
    all
}

/// Writes the bootstrap of one service of the demo.
pub(super) fn bootstrap(service: Service, places: &Places<'_>, output: &Path) -> Result<()> {
    envoy(service.name(), &[], places, output)
}

/// Writes the files that `docker-compose.yml` mounts.
pub(super) fn for_compose() -> Result<()> {
    for made in all() {
        let output = paths::root().join(&made.file);
        made.write(&output)?;
        progress::note(&output.display().to_string());
    }
    Ok(())
}

/// Holds the committed files to what `meshward render` makes now, and each bootstrap to Envoy's own check.
pub(crate) fn check_committed() -> Result<()> {
    let folder = paths::target().join("demo/rendered");
    fs::create_dir_all(&folder)?;
    for made in all() {
        let fresh = folder.join(made.file.replace('/', "-"));
        made.write(&fresh)?;
        let text = fs::read_to_string(&fresh)?;
        let committed = fs::read_to_string(paths::root().join(&made.file));
        if committed.ok().as_deref() != Some(text.as_str()) {
            bail!(
                "`{}` is not what its policy makes: run `cargo xtask demo --render`",
                made.file
            );
        }
        if matches!(made.kind, Kind::Bootstrap(_)) {
            accept(&fresh, &text)?;
            progress::note(&format!("Envoy accepts {}", made.file));
        }
    }
    Ok(())
}

/// Lets Envoy look at a bootstrap.
fn accept(file: &Path, text: &str) -> Result<()> {
    // In the container the module has a place of its own.
    let here = text.replace(MODULE, &paths::filter().display().to_string());
    fs::write(file, here)?;
    let mut envoy = Command::new(tools::envoy()?);
    process::output(envoy.args(["--mode", "validate", "-c"]).arg(file)).map(drop)
}

impl Made {
    fn write(&self, output: &Path) -> Result<()> {
        match self.kind {
            Kind::Bootstrap(clusters) => {
                // A service and its Envoy share a network of their own in containers.
                let places = Places {
                    listen: "0.0.0.0:8080",
                    upstream: "127.0.0.1:9000",
                    admin: "127.0.0.1:9901",
                    filter: Path::new(MODULE),
                };
                envoy(self.policy, clusters, &places, output)
            }
            Kind::Quotas => process::run(render("ratelimit", self.policy).arg("-o").arg(output)),
        }
    }
}

fn envoy(policy: &str, clusters: &[&str], places: &Places<'_>, output: &Path) -> Result<()> {
    let Places {
        listen,
        upstream,
        admin,
        filter,
    } = places;
    let clusters = clusters.iter().flat_map(|cluster| ["--cluster", cluster]);
    process::run(
        render("envoy", policy)
            .args(["--listen", listen, "--upstream", upstream, "--admin", admin])
            .args(clusters)
            .arg("--wasm")
            .arg(filter)
            .arg("-o")
            .arg(output),
    )
}

/// `meshward render`. Its relative path makes messages and the bundle name files as they are named in the checkout.
fn render(form: &str, policy: &str) -> Command {
    let mut command = Command::new(paths::command_line());
    command
        .current_dir(paths::root())
        .args(["render", form])
        .arg(format!("envoy-config/policies/{policy}.yaml"));
    command
}
