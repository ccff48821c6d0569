//! `cargo xtask tools`: fetches everything now, so that nothing is fetched later.

use crate::tools::{self, Program};
use crate::{paths, progress};
use anyhow::Result;

/// Install every tool that the other tasks need, and say where it is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The cache is `$MESHWARD_CACHE`, else `$XDG_CACHE_HOME/meshward`, else `~/.cache/meshward`.\n\
                  `ENVOY=PATH` uses an Envoy that is there already, `KEYCLOAK=DIR` a Keycloak,\n\
                  `RATELIMIT=PATH` a rate limit service, `REDIS_SERVER=PATH` a Redis,\n\
                  `ISTIOD=PATH` an istiod built from `integration-tests/istiod`.\n\nExamples:\n  cargo xtask tools\n  cargo xtask tools --mesh\n  MESHWARD_CACHE=/var/cache/meshward cargo xtask tools"
)]
pub(crate) struct Args {
    /// Also build istiod, for `cargo xtask test --mesh`: about 15 minutes of one core the first time. Needs Go.
    #[arg(long)]
    mesh: bool,
}

/// Installs what is absent.
pub(crate) fn run(args: &Args) -> Result<()> {
    progress::note(&format!("cache: {}", paths::cache()?.display()));
    progress::note(&format!("envoy: {}", tools::envoy()?.display()));
    progress::note(&format!("keycloak: {}", tools::keycloak()?.display()));
    progress::note(&format!("ratelimit: {}", tools::ratelimit()?.display()));
    progress::note(&format!("redis: {}", tools::redis()?.display()));
    progress::note(&format!("gungraun: {}", tools::gungraun()?.display()));
    progress::note(&format!(
        "schemathesis: {}",
        tools::schemathesis()?.display()
    ));
    progress::note(&format!("archives: {}", tools::archives()?.display()));
    progress::note(&format!("Rust target: {}", tools::wasm_target()?));
    tools::need(&Program::ALL)?;
    for program in Program::ALL {
        progress::note(&format!("{}: there", program.name()));
    }
    if args.mesh {
        progress::note(&format!("istiod: {}", tools::istiod()?.display()));
    }
    Ok(())
}
