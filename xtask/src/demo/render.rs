//! Bootstraps, written by the real `meshward render envoy` from the policies in `envoy-config/`.

use super::shop::Service;
use crate::{paths, process, progress};
use anyhow::Result;
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

/// Writes the bootstrap of one service.
pub(super) fn bootstrap(service: Service, places: &Places<'_>, output: &Path) -> Result<()> {
    let Places {
        listen,
        upstream,
        admin,
        filter,
    } = places;
    // A relative path, so that messages and the bundle name files as they are named in the checkout.
    process::run(
        Command::new(paths::command_line())
            .current_dir(paths::root())
            .args(["render", "envoy"])
            .arg(format!("envoy-config/policies/{}.yaml", service.name()))
            .args(["--listen", listen, "--upstream", upstream, "--admin", admin])
            .arg("--wasm")
            .arg(filter)
            .arg("-o")
            .arg(output),
    )
}

/// Writes the bootstraps that `docker-compose.yml` mounts. The service and its Envoy share a network of their own there.
pub(super) fn for_compose() -> Result<()> {
    for service in Service::ALL {
        let output = paths::root().join(format!("envoy-config/bootstraps/{}.yaml", service.name()));
        bootstrap(
            service,
            &Places {
                listen: "0.0.0.0:8080",
                upstream: "127.0.0.1:9000",
                admin: "127.0.0.1:9901",
                filter: Path::new("/etc/envoy/meshward_filter.wasm"),
            },
            &output,
        )?;
        progress::note(&output.display().to_string());
    }
    Ok(())
}
