//! Where identities come from.

use super::binding::{Dpop, SenderConstrained};
use super::mtls::MtlsProvider;
use super::remote::{Discovery, IntrospectionProvider, OnFailure};
use super::units::{Bytes, Span, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One source of identities.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum IdentityProvider {
    /// Tokens signed by an issuer: JSON Web Tokens (RFC 7519, RFC 8725) in `Authorization: Bearer` (RFC 6750).
    Jwt(Box<JwtProvider>),
    /// Keys handed out to callers, kept only as SHA-256 digests.
    ApiKey(ApiKeyProvider),
    /// Workloads, known by the certificate of their connection (mutual TLS): SPIFFE IDs.
    Mtls(MtlsProvider),
    /// Tokens that only the server which issued them can read, and which it may revoke (RFC 7662).
    Introspection(Box<IntrospectionProvider>),
}

/// A token issuer.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtProvider {
    /// The `iss` that a token must carry, compared exactly.
    pub issuer: String,
    /// A token's `aud` must hold at least one of these.
    pub audiences: Vec<String>,
    /// The signature algorithms that are accepted. `HS*` only where it is named here.
    pub algorithms: Vec<Algorithm>,
    /// The issuer's keys (RFC 7517): needed unless `discovery` says where they are.
    #[serde(default, skip_serializing_if = "Jwks::is_empty")]
    pub jwks: Jwks,
    /// The issuer itself says where its keys are: instead of `jwks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Discovery>,
    /// The `typ` values that are accepted, without regard to case; `application/` may be left out. When absent: `JWT`, `at+jwt`, or no `typ` at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<String>>,
    /// How far the issuer's clock may be off. When absent: 30s; at most 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_skew: Option<Span>,
    /// The longest time between `iat` and `exp`; a token without `iat` is then refused. No bound when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_lifetime: Option<Span>,
    /// The claim that names the caller. When absent: `sub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_claim: Option<String>,
    /// The claim that holds scopes, space-separated (RFC 8693) or as a list. When absent: `scope`, else `scp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_claim: Option<String>,
    /// Whether tokens that are bound to a key must be proven. When absent: `ifBound`.
    #[serde(default, skip_serializing_if = "SenderConstrained::is_if_bound")]
    pub sender_constrained: SenderConstrained,
    /// What `DPoP` proofs must be like.
    #[serde(default, skip_serializing_if = "Dpop::is_empty")]
    pub dpop: Dpop,
    /// Tokens that came before, so that their signature need not be verified again.
    #[serde(default, skip_serializing_if = "TokenCache::is_default")]
    pub cache: TokenCache,
}

/// Verified tokens, which each worker keeps until they expire, their key is gone, or the policy changes. Wrong signatures are
/// kept as well, apart from the verified tokens, and a quarter as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TokenCache {
    /// The most tokens; `0` keeps none. One subject holds at most an eighth.
    pub entries: u32,
    /// The most memory of the tokens' claims, from 64KiB to 256MiB. One subject holds at most an eighth.
    pub memory: Bytes,
}

impl TokenCache {
    /// Whether the policy says nothing of it.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for TokenCache {
    fn default() -> Self {
        Self {
            entries: 1000,
            memory: Bytes(8 << 20),
        }
    }
}

/// A JSON Web Key Set: exactly one of `inline`, `file` and `uri`. What stands below `uri` belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Jwks {
    /// The key set itself: `{ keys: [...] }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<Value>,
    /// A JSON file beside the policy. `meshward build` reads it into `inline`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where the issuer publishes the key set. The proxy fetches it, and follows its changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The proxy's cluster that leads to the host of `uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
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

impl Jwks {
    /// Whether nothing of it is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A signature algorithm (RFC 7518, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names are those of RFC 7518")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
    HS256,
    HS384,
    HS512,
}

/// Keys handed out to callers.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeyProvider {
    /// Which part of the request carries the key.
    #[serde(rename = "in")]
    pub location: KeyLocation,
    /// The name of the header (any case), query parameter or cookie.
    pub name: String,
    /// The keys. Several keys may share an `id`, so that they overlap while one replaces the other.
    pub keys: Vec<ApiKey>,
    /// What every key begins with, such as `mwk_`. A key that does not is refused before it is looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Whether every key ends with a checksum, as those of `meshward key new` do. A key whose checksum is wrong is refused before it is looked up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub checksum: bool,
    /// Allows `in: query`. Such keys end up in logs, histories and referrers, so the policy must say that this is meant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_in_query: bool,
}

/// Which part of a request carries a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum KeyLocation {
    /// A header field.
    Header,
    /// A query parameter.
    Query,
    /// A cookie.
    Cookie,
}

/// One key.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKey {
    /// Whose key it is: the subject of the identity.
    pub id: String,
    /// The SHA-256 digest of the key, as 64 hexadecimal digits.
    pub sha256: String,
    /// The scopes that the key grants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What is known of the key's holder, as a token's claims say it: `{ plan: gold, tenant: acme }`. Whatever reads claims reads these.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub claims: serde_json::Map<String, Value>,
    /// The key is refused before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The key is refused from this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}
