//! Bounds on request heads.

use super::units::Bytes;
use serde::{Deserialize, Serialize};

/// Bounds on request heads, besides those of `reading`, which hold for the whole policy. They belong to the control `limit`, and are looked
/// at before the credential is. What proxies in front add to a request counts too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HeadRules {
    /// The longest target (path and query).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_target: Option<Bytes>,
    /// The most query parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_query_parameters: Option<u32>,
    /// The most header fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_headers: Option<u32>,
    /// The most bytes in the names and values of all header fields together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_header_size: Option<Bytes>,
}

impl HeadRules {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
