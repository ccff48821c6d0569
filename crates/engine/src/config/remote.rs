//! Identities that need a server: keys that an issuer publishes, tokens that only it can read.

use super::units::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What happens to a request that needs an answer which a server does not give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It is refused with 503.
    #[default]
    Deny,
    /// It passes as if it carried no credential, and the failure is a finding. Scopes and limits per caller still refuse it.
    Allow,
}

/// Where to learn an issuer's keys from the issuer itself (OpenID Connect Discovery 1.0, RFC 8414).
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Discovery {
    /// The proxy's cluster that leads to the issuer. The document is `issuer` with `/.well-known/openid-configuration` after it.
    pub cluster: String,
    /// Further hosts that the document may name for the keys, each with the cluster that leads there. When absent: the issuer's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: BTreeMap<String, String>,
    /// The longest time until the keys are fetched again; a shorter `Cache-Control: max-age` counts. When absent: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Span>,
    /// How long keys serve after `refresh`, when no newer ones can be had. When absent: 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_stale: Option<Span>,
    /// The longest time for one answer, and for a request to wait for keys. When absent: 2s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// The shortest time between two fetches for tokens whose key is not known. When absent: 5s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Span>,
    /// What happens to requests while there are no keys. When absent: `deny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

/// Tokens that only their server can read (RFC 7662), in `Authorization: Bearer` (RFC 6750).
///
/// Where an endpoint accepts signed tokens as well, a token in three parts is taken for one of those, unless its issuer is this provider's.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntrospectionProvider {
    /// The introspection endpoint.
    pub uri: String,
    /// The proxy's cluster that leads to it.
    pub cluster: String,
    /// Who asks: the client's name at the server (`client_secret_basic`, RFC 6749 §2.3.1).
    pub client_id: String,
    /// The client's secret.
    pub client_secret: ClientSecret,
    /// The `iss` that an answer must carry. Not compared when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// An answer's `aud` must hold at least one of these. Not compared when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// The member that names the caller. When absent: `sub`, else `client_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_claim: Option<String>,
    /// The longest time for one answer. When absent: 2s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// What is remembered of answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<IntrospectionCache>,
    /// What happens to requests while the server does not answer. When absent: `deny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

/// What one worker remembers of a server's answers.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntrospectionCache {
    /// The most tokens that are remembered as active, and the most as not active; 0 asks for every request. When absent: 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u32>,
    /// How long a token counts as active without being asked for again: so long may a revoked token still pass. Never beyond its
    /// `exp`. When absent: 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
    /// How long a token counts as not active. When absent: 5s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_max_age: Option<Span>,
}

/// A secret: exactly one of the fields.
#[derive(Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientSecret {
    /// The secret itself. A bundle holds it: keep the bundle as you keep the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A file beside the policy; white space at its ends does not count. `meshward build` reads it into `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A variable of the environment. `meshward build` reads it into `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
}

impl fmt::Debug for ClientSecret {
    // The value stays inside.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, file, env } = self;
        f.debug_struct("ClientSecret")
            .field("value", &value.as_ref().map(|_| "…"))
            .field("file", file)
            .field("env", env)
            .finish()
    }
}
