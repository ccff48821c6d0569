//! What the connection must be like on which a credential comes.

use serde::{Deserialize, Serialize};

/// What the connection must be like on which a credential comes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Transport {
    /// Where keys and tokens may come over a connection without TLS. When absent: `loopback`.
    #[serde(skip_serializing_if = "PlainText::is_loopback")]
    pub plain_text: PlainText,
    /// Whose `x-forwarded-proto` is believed instead of the connection: SPIFFE patterns, addresses and networks (`10.0.0.0/8`) of the proxies
    /// that terminate TLS in front of this one. They must set the header themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forwarded_proto_from: Vec<String>,
}

impl Transport {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where keys and tokens may come over a connection without TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum PlainText {
    /// Nowhere.
    Deny,
    /// From the same host, also as another proxy there forwards it: such a connection is on no network.
    #[default]
    Loopback,
    /// Everywhere: something else protects the network, or it is a test environment.
    Allow,
}

impl PlainText {
    /// Whether it is the default.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        matches!(self, Self::Loopback)
    }
}
