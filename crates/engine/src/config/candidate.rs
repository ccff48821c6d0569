//! A policy on trial, beside the one that serves.

use super::Document;
use serde::{Deserialize, Serialize};

/// A policy on trial: it judges every request too, and its verdicts are compared. Only in bundles: `--candidate` puts it there.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Candidate {
    /// The policy, as a bundle.
    pub policy: Box<Document>,
    /// The share of callers for whom it decides, from 0 to 1. The same caller is always on the same side.
    #[serde(default)]
    pub decides: f64,
}
