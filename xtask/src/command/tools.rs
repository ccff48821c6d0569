//! `cargo xtask tools`: fetches everything now, so that nothing is fetched later.

use crate::tools::{self, Program};
use crate::{paths, progress};
use anyhow::Result;

/// Install every tool that the other tasks need, and say where it is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The cache is `$MESHWARD_CACHE`, else `$XDG_CACHE_HOME/meshward`, else `~/.cache/meshward`.\n\
                  `ENVOY=PATH` uses an Envoy that is there already, `KEYCLOAK=DIR` a Keycloak.\n\nExamples:\n  cargo xtask tools\n  MESHWARD_CACHE=/var/cache/meshward cargo xtask tools"
)]
pub(crate) struct Args {}

/// Installs what is absent.
pub(crate) fn run(_args: &Args) -> Result<()> {
    progress::note(&format!("cache: {}", paths::cache()?.display()));
    progress::note(&format!("envoy: {}", tools::envoy()?.display()));
    progress::note(&format!("keycloak: {}", tools::keycloak()?.display()));
    progress::note(&format!("Rust target: {}", tools::wasm_target()?));
    tools::need(&Program::ALL)?;
    for program in Program::ALL {
        progress::note(&format!("{}: there", program.name()));
    }
    Ok(())
}
