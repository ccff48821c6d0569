//! When an API's upstream has too much to do.

use super::units::Span;
use serde::{Deserialize, Serialize};

/// When requests to an API are shed, by the `priority` of their endpoints. Each worker of a proxy watches its own requests: bounds are per worker.
/// A class without bounds is never shed.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Load {
    /// For endpoints with `priority: bulk`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk: Option<LoadBounds>,
    /// For endpoints with `priority: normal`, and those without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normal: Option<LoadBounds>,
    /// For endpoints with `priority: critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical: Option<LoadBounds>,
    /// The least that `Retry-After` says, from 1s to 1h; the most is twice as much, so that clients do not come back all at once. When absent: 2s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Span>,
}

/// What a worker may have under way with the API, of all classes, before one class is shed. It passes again once that is below four fifths.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LoadBounds {
    /// The most requests in flight: admitted, and not yet answered to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// The longest that the upstream may take until its response begins, smoothed over about two seconds; from 1ms to 1h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Span>,
}

/// How much it matters that a request passes while its upstream has too much to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// It is shed first: exports, crawlers, prefetching.
    Bulk,
    /// As most are.
    #[default]
    Normal,
    /// It is shed last: payments, logins, health.
    Critical,
}

impl Priority {
    /// Its name in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Normal => "normal",
            Self::Critical => "critical",
        }
    }
}
