//! How often.

use super::units::Rate;
use serde::{Deserialize, Serialize};

/// A request limit: token buckets, one per key value and window. Either `rate` (with `burst`) or `windows`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    /// What has a bucket of its own: any of `identity.subject`, `identity.provider`, `source.address`, `source.principal`,
    /// `header.NAME`, `claims.NAME`, `path.NAME`, `endpoint`, `api`. An empty list means one bucket for all.
    pub key: Vec<String>,
    /// How fast the bucket fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How many requests a full bucket holds. When absent: the requests of one period of `rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
    /// Several windows at once, at most 4; a request passes when every window has room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// What happens when a part of the key has no value (an anonymous caller, an absent header).
    #[serde(default)]
    pub on_missing: OnMissing,
}

/// One window of a limit.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Window {
    /// How fast the bucket fills.
    pub rate: Rate,
    /// How many requests a full bucket holds. When absent: the requests of one period of `rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
}

/// What happens to a request that has no value for a part of a limit's key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum OnMissing {
    /// All such requests share one bucket.
    #[default]
    Share,
    /// The request is refused.
    Deny,
}
