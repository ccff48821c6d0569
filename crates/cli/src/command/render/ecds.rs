//! `meshward render ecds`: the filter as a resource of its own, which a proxy takes while it runs.

use super::{Making, Site};
use crate::envoy::{FilterSource, Resource};
use crate::failure::Failure;
use crate::output;
use clap::Args;
use std::path::{Path, PathBuf};

/// The filter for Envoy's extension configuration discovery (ECDS), so that a new policy needs no restart
///
/// Writes the resource as a discovery response in JSON: for a file that Envoy watches, or for any xDS server to answer with. With
/// `--bootstrap` also a complete bootstrap for one Envoy that watches the file. `meshward push` then delivers new policies into it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward render ecds policy.yaml -o /etc/envoy/meshward/filter.json --bootstrap envoy.yaml --upstream 127.0.0.1:9000
  meshward render ecds policy.yaml -o filter.json --bootstrap envoy.yaml --watched /etc/envoy/meshward/filter.json
  meshward render ecds policy.yaml | jq '.resources[0]'   one resource, for an xDS server

Envoy looks at the file when something is moved into its folder: give it a folder of its own. With errors in the policy, nothing is
written.")]
pub(super) struct Ecds {
    /// The policy.
    policy: PathBuf,
    /// Where the resource goes; standard output when absent.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where a bootstrap goes whose listener watches the resource.
    #[arg(long, value_name = "FILE")]
    bootstrap: Option<PathBuf>,
    /// The resource's path as Envoy finds it; that of `--output` when absent.
    #[arg(long, value_name = "PATH", requires = "bootstrap")]
    watched: Option<PathBuf>,
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    site: Site,
}

impl Ecds {
    /// Checks, then writes the resource, and the bootstrap where it is wanted.
    pub(super) fn run(self) -> Result<(), Failure> {
        self.site.check()?;
        let watched = match (&self.bootstrap, self.watched, &self.output) {
            (None, ..) => None,
            (Some(_), Some(watched), _) => Some(watched),
            (Some(_), None, Some(output)) => Some(absolute(output)?),
            (Some(_), None, None) => {
                return Err(Failure::usage(
                    "`--bootstrap` needs to know which file Envoy watches: name it with `--output` or `--watched`",
                ));
            }
        };
        let ready = self.making.read(&self.policy)?.able_to_hold();
        let (bundle, revision) = self.making.write(&ready)?;
        let resource = Resource::new(revision.name(), &self.site.wasm, &bundle);
        output::write(self.output.as_deref(), &resource.text())?;
        if let (Some(path), Some(watched)) = (self.bootstrap, watched) {
            let bootstrap = self.site.bootstrap(&ready, FilterSource::File(watched));
            output::write(Some(&path), &bootstrap.yaml())?;
        }
        Ok(())
    }
}

/// The path from the root: Envoy runs in another folder.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|cause| Failure::file("find", path, cause))
}
