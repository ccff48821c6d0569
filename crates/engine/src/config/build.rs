//! What a bundle says about itself.

use serde::{Deserialize, Serialize};

/// What `meshward build` notes about a bundle. Nobody writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Build {
    /// The version of the bundle format.
    pub format: u32,
    /// The SHA-256 digest of everything else in the bundle, in hexadecimal digits: see [`crate::bundle::Revision`].
    pub digest: String,
}
