//! Behaviour that no single request shows.

use super::limit::OnMissing;
use super::units::{Rate, Span};
use serde::{Deserialize, Serialize};

/// A pattern of behaviour, watched for each value of a key: exactly one of `failedAuthentications`, `objects`, `clientErrors`, `sequence` and `peers`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Abuse {
    /// Whose behaviour it is: the parts of a limit's `key`. Where no part is of the caller's identity, the verdict falls before the credential is
    /// looked at.
    pub key: Vec<String>,
    /// Credentials that are refused, or that the service answers with 401: the sign of guessing and of stolen lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_authentications: Option<FailedAuthentications>,
    /// Different objects that are asked for: the sign of enumeration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Objects>,
    /// The share of responses with a status from 400 to 499: the sign of probing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_errors: Option<ClientErrors>,
    /// What must have been called before: the sign of a script that goes straight to the end of a flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
    /// Endpoints that nobody like the caller uses: the sign of a credential in other hands. The `key` says who counts as one caller, such as
    /// `identity.subject`, and holds nothing that callers choose by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peers: Option<Peers>,
    /// What becomes of requests once it was seen. When absent: `deny`.
    #[serde(default)]
    pub then: Then,
    /// For how long; 1s to 1d. When absent: 10m. `sequence` and `peers` judge each request alone.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "for")]
    pub lasts: Option<Span>,
    /// How many requests pass meanwhile, with `throttle`. When absent: `1/s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// What happens when a part of the key has no value.
    #[serde(default)]
    pub on_missing: OnMissing,
}

/// Credentials that are refused.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FailedAuthentications {
    /// As many are nothing special: 1 to 1,000,000.
    pub most: u32,
    /// The time in which they are forgiven again, one after the other: 1s to 1d.
    pub within: Span,
}

/// Different objects.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Objects {
    /// What names an object: `path.NAME`, `query.NAME` or `header.NAME`.
    pub of: String,
    /// As many are nothing special: 1 to 1,000. Nobody is taken for an enumerator with fewer or as many. Up to 16 are counted exactly; beyond, a few
    /// more may pass unseen, because the objects are not kept but drawn into a small picture (about 3 % of them, 8 % at the worst).
    pub most: u32,
    /// The window: 1s to 1d. What was asked for is remembered for half of it to all of it.
    pub within: Span,
}

/// The share of 4xx responses.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientErrors {
    /// The share that is nothing special: above 0, below 1. Refusals by limits and by `abuse` do not count.
    pub share: f64,
    /// How many responses there must be before their share says anything. When absent: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
    /// The window: 1s to 1d. Responses are remembered for half of it to all of it.
    pub within: Span,
}

/// What must have been called before.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sequence {
    /// The endpoints of which one must have been called with success by the same key: `METHOD /template` or `operationId`.
    pub after: Vec<String>,
    /// How long ago at most: 1s to 1d.
    pub within: Span,
}

/// Callers that are alike.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Peers {
    /// What they have in common: `identity.provider` and `claims.NAME`. All callers are peers where nothing stands here.
    pub by: Vec<String>,
    /// How many different callers of a group must have called an endpoint with success (2xx and 3xx) for it to be known to the group: 2 to 10. When
    /// absent: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
    /// How long a group is only learned from once the first of it was seen, and how long nobody of it is refused once the watched endpoints have changed: at
    /// most half of `within`. When absent: 1d, or half of `within` where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learn: Option<Span>,
    /// The window: 1m to 90d. Calls are remembered for half of it to all of it. When absent: 7d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
}

/// What becomes of requests once something was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Then {
    /// They pass, with a finding.
    Monitor,
    /// Only `rate` of them pass.
    Throttle,
    /// They are refused.
    #[default]
    Deny,
}
