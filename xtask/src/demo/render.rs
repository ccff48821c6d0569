//! Bootstraps, written by the real `meshward render envoy` from the policies in `envoy-config/`.

use super::shop::Service;
use crate::{paths, process, progress, tools};
use anyhow::{Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
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

/// Writes the bootstraps that `docker-compose.yml` mounts.
pub(super) fn for_compose() -> Result<()> {
    for service in Service::ALL {
        let output = committed(service);
        for_container(service, &output)?;
        progress::note(&output.display().to_string());
    }
    Ok(())
}

/// Holds the committed bootstraps to what `meshward render envoy` makes now, and each to Envoy's own check.
pub(crate) fn check_committed() -> Result<()> {
    let folder = paths::target().join("demo/rendered");
    fs::create_dir_all(&folder)?;
    for service in Service::ALL {
        let name = service.name();
        let fresh = folder.join(format!("{name}.yaml"));
        for_container(service, &fresh)?;
        let text = fs::read_to_string(&fresh)?;
        if fs::read_to_string(committed(service)).ok().as_deref() != Some(text.as_str()) {
            bail!(
                "`envoy-config/bootstraps/{name}.yaml` is not what its policy makes: run `cargo xtask demo --render`"
            );
        }
        // In the container the module has a place of its own.
        let here = text.replace(MODULE, &paths::filter().display().to_string());
        fs::write(&fresh, here)?;
        process::output(
            Command::new(tools::envoy()?)
                .args(["--mode", "validate", "-c"])
                .arg(&fresh),
        )?;
        progress::note(&format!(
            "Envoy accepts envoy-config/bootstraps/{name}.yaml"
        ));
    }
    Ok(())
}

/// Where containers have the filter's module.
const MODULE: &str = "/etc/envoy/meshward_filter.wasm";

fn committed(service: Service) -> PathBuf {
    paths::root().join(format!("envoy-config/bootstraps/{}.yaml", service.name()))
}

/// The service and its Envoy share a network of their own in a container.
fn for_container(service: Service, output: &Path) -> Result<()> {
    let places = Places {
        listen: "0.0.0.0:8080",
        upstream: "127.0.0.1:9000",
        admin: "127.0.0.1:9901",
        filter: Path::new(MODULE),
    };
    bootstrap(service, &places, output)
}
