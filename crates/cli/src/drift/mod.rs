//! Whether a proxy that runs is configured as the policy needs it: holds the policy to Envoy's `/config_dump`.
//!
//! - `dump` finds listeners, clusters and the filter in the dump, with their places; `rules` says what is wrong with them.

mod dump;
mod rules;

use crate::diagnose::Located;
use crate::failure::Failure;
use crate::policy::Ready;
use dump::Dump;
use meshward_engine::Problem;
use serde_json::Value;
use std::path::Path;

/// What is wrong with a proxy's configuration.
#[derive(Debug)]
pub(crate) struct Drift {
    file: String,
    /// Everything that is wrong, by listener. Places are JSON pointers into the dump.
    pub(crate) problems: Vec<Problem>,
}

impl Drift {
    /// Reads a dump and holds the policy to it.
    pub(crate) fn read(path: &Path, ready: &Ready) -> Result<Self, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| Failure::file("read", path, cause))?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|cause| Failure::file("read", path, format!("it is not JSON: {cause}")))?;
        let Some(dump) = Dump::read(&value) else {
            let why = "it is not what `curl ADMIN/config_dump` answers: there is no `configs` with listeners in it";
            return Err(Failure::file("use", path, why));
        };
        Ok(Self {
            file: path.display().to_string(),
            problems: rules::problems(&dump, ready),
        })
    }

    /// The problems with their file.
    pub(crate) fn located(&self) -> impl Iterator<Item = Located<'_>> {
        self.problems.iter().map(|problem| Located {
            problem,
            file: self.file.clone(),
            place: None,
        })
    }
}

#[cfg(test)]
mod tests;
