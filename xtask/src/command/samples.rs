//! The samples in `envoy-config/` and `docker-compose.yml`, each loaded by the tool that it is for.

use crate::{demo, paths, process, tools};
use anyhow::Result;
use std::fs;
use std::process::Command;

/// Holds every sample to its tool: policies to `meshward check`, bootstraps to Envoy, the compose file to its schema.
pub(super) fn check() -> Result<()> {
    let policies = paths::root().join("envoy-config/policies");
    let mut files: Vec<_> = fs::read_dir(policies)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        process::run(
            Command::new(paths::command_line())
                .arg("check")
                .arg(file.path()),
        )?;
    }
    demo::render::check_committed()?;
    tools::check_compose(&paths::root().join("docker-compose.yml"))
}
