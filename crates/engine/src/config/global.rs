//! How often, over all proxies of a fleet.

use super::units::Span;
use serde::{Deserialize, Serialize};

/// A quota that all proxies of a fleet share: counted by a rate limit service (Envoy's rate limit API v3, such as envoyproxy/ratelimit).
///
/// `meshward render ratelimit` writes the service's configuration from the policy. The service sees the limit's name and a digest of the
/// key's values, never the values.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Global {
    /// The proxy's cluster that leads to the service, over HTTP/2.
    pub cluster: String,
    /// The service's domain. Policies with the same domain share the quotas of limits with the same name. When absent: the policy's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// How many requests of one key pass in one window, or, with `cost`, how much they take together: 1 to 1,000,000,000. Callers with a plan have
    /// what `requests` of their plan says.
    pub requests: u32,
    /// The window.
    pub unit: Unit,
    /// Whether proxies take requests in batches or ask for each.
    #[serde(default)]
    pub mode: GlobalMode,
    /// The most requests that a proxy takes at once in `leased`. When absent: a tenth of `requests`, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<u32>,
    /// The longest time that a request waits for the service. When absent: 100ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// What happens to requests while the service does not answer. When absent: `deny`.
    #[serde(default)]
    pub on_failure: OnServiceFailure,
}

/// A window of the service: they begin at whole multiples of their length since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// One second.
    Second,
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One day.
    Day,
    /// 30 days.
    Month,
    /// 365 days.
    Year,
}

/// How a proxy asks the service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum GlobalMode {
    /// A proxy takes requests in batches and admits from them without asking: few calls, a small error.
    #[default]
    Leased,
    /// Every request asks: exact, and each waits for the service.
    Exact,
}

/// What happens to a request that needs the service's answer while there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum OnServiceFailure {
    /// It is refused with 503.
    #[default]
    Deny,
    /// It passes, and the failure is a finding.
    Allow,
    /// The limit's own `rate` (or `windows`) decides, on each proxy alone, and the failure is a finding.
    Local,
}

impl Unit {
    /// Its length in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Month => 30 * 86_400,
            Self::Year => 365 * 86_400,
        }
    }

    /// Its name in policies and in the service's configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}
