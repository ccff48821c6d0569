//! What a request takes from a bucket.

use super::units::Bytes;
use serde::{Deserialize, Serialize};

/// What a request takes from a bucket: `fixed`, and what `from` says, divided by `per` and rounded up.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cost {
    /// What every request takes. When absent: 1, and 0 where there is `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<u64>,
    /// What the rest depends on: `header.NAME` or `query.NAME` (a whole number, such as a page's length), `request.size` (bytes of the body) or
    /// `response.size`. What is not known before the verdict (a response; a request body without `content-length`) is taken when the
    /// exchange is over, and the bucket may then owe up to an hour of refilling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How much of it takes 1: a number, or a size such as `1KiB`. When absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<Bytes>,
    /// What stands for an absent header or query parameter: what the service takes for it then. When absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<u64>,
}
