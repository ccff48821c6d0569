//! Where a rule of an endpoint comes from.

use serde::Serialize;

/// Which level of a policy, or the description, says something about an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// The endpoint's own rule.
    Endpoint,
    /// The rule for a tag.
    Tag(String),
    /// The API's defaults.
    Defaults,
    /// The description's `security`.
    Description,
}
