//! How often.

use super::cost::Cost;
use super::global::Global;
use super::units::{Rate, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A request limit: token buckets, one per key value and window, and a bound on requests in flight. `rate` (with `burst`) or `windows`, or
/// `concurrent`, or both. With `global`, `rate` or `windows` are the ceiling of each proxy while the service is away.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    /// What has a bucket of its own: any of `identity.subject`, `identity.provider`, `identity.key` (the id of an API key), `client.address` (see
    /// `clientAddress`), `source.address`, `source.principal`, `header.NAME`, `query.NAME`, `claims.NAME`, `path.NAME`, `endpoint`, `api`. An
    /// empty list means one bucket for all.
    pub key: Vec<String>,
    /// How fast the bucket fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How many requests a full bucket holds. When absent: the requests of one period of `rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
    /// Several windows at once, at most 4 (2 with `concurrent`); a request passes when every window has room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// The most requests in flight: from their verdict until their response has ended, however it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// How long a request counts as in flight at least, where nobody saw its end (a worker that was lost); at most twice as long. When
    /// absent: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Span>,
    /// What a request takes from the bucket. When absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The claim that names a caller's plan, for `plans`. When absent: `claims.plan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_from: Option<String>,
    /// Other rates for callers with these plans. Callers without a plan, or with another, have what stands above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plans: BTreeMap<String, Plan>,
    /// Which responses say how much is left, in `RateLimit` and `RateLimit-Policy`. When absent: `refused`.
    #[serde(default, skip_serializing_if = "Announce::is_refused")]
    pub announce: Announce,
    /// What happens when a part of the key has no value (an anonymous caller, an absent header).
    #[serde(default)]
    pub on_missing: OnMissing,
    /// One quota for all proxies of a fleet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global: Option<Global>,
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

/// What callers with one plan may do, instead of what stands in the limit itself.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// As in the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// As in the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
    /// As in the limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// As in the limit. When absent: that of the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// As in `global` of the limit, and with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u32>,
}

/// Which responses say how much of a limit is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Announce {
    /// Refusals by this limit.
    #[default]
    Refused,
    /// All responses: two more calls of the proxy for each.
    Always,
}

impl Announce {
    /// Whether only refusals say it.
    fn is_refused(&self) -> bool {
        *self == Self::Refused
    }
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
