//! Tokens that only their owner can use (RFC 8705, RFC 9449).

use super::identity::Algorithm;
use super::units::Span;
use serde::{Deserialize, Serialize};

/// Whether a token's `cnf` claim must be proven: by the client certificate of the connection (RFC 8705) or by a `DPoP` proof (RFC 9449).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum SenderConstrained {
    /// `cnf` is not looked at: whoever holds a token can use it.
    Off,
    /// A token with `cnf` must be proven; one without passes.
    #[default]
    IfBound,
    /// Every token must have a `cnf`, and be proven.
    Required,
}

impl SenderConstrained {
    /// Whether it is the default.
    #[must_use]
    pub const fn is_if_bound(&self) -> bool {
        matches!(self, Self::IfBound)
    }
}

/// What proofs in the `DPoP` header must be like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Dpop {
    /// The signature algorithms of proofs. When absent: `ES256` and `EdDSA`. Never `HS*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<Algorithm>,
    /// How old a proof may be. When absent: 1m; at most 10m. Within this time a proof is accepted once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
    /// How many proofs are remembered, so that none is accepted twice: from 128 to 1,048,576. When absent: 65,536. When there is no room for
    /// another, requests with a proof are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_table: Option<u32>,
}

impl Dpop {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
