//! What a caller must be allowed: scopes, roles, callers, claims, step-up, bindings, expressions.

use super::units::Span;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the caller must be allowed. Everything that is said must hold.
///
/// Each field comes from the most specific level that has it (the endpoint's own rule, a tag's rule, the API's defaults), so
/// that an endpoint's binding does not undo the roles of its tag. An empty list (`bind: []`), or `roles: {}`, asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Authorize {
    /// The caller must hold all of these scopes. A level that names `scopes` or `anyScope` is asked for both, and the scopes of
    /// the description's `security` are then not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The caller must hold at least one of these scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any_scope: Option<Vec<String>>,
    /// The roles that the caller must have. The claim is `roles` unless it is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Members>,
    /// The groups that the caller must be in. The claim is `groups` unless it is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Members>,
    /// The token's `aud` must hold at least one of these, besides what its provider asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audiences: Option<Vec<String>>,
    /// The services that may call: one of them must match. A service is known by the verified certificate of the connection; where the
    /// endpoint accepts an `mtls` provider, as that provider knows it (`verifiedBy`, and `forwarded` for calls that come through a gateway).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callers: Option<Vec<Caller>>,
    /// What single claims must be: all of it must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Vec<ClaimRule>>,
    /// How strongly the caller must have proven who it is (`acr`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    /// How long ago the caller may have proven who it is (`auth_time`): a login that is older must be repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_auth_age: Option<Span>,
    /// Which object of the request must belong to the caller: all of it must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<Vec<Binding>>,
    /// An expression in CEL that must be true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cel: Option<String>,
}

/// Names that a claim must hold, such as roles.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Members {
    /// The claim that holds them: a list of strings, or one string with spaces between them. A path of names with dots
    /// (`realm_access.roles`), or a JSON pointer (`/https:~1~1example.com~1roles`) where a name has dots itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// The claim must hold at least one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// The claim must hold all of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<String>,
}

/// Services of the mesh: `spiffe`, or `namespace` and `serviceAccount`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Caller {
    /// A SPIFFE ID, such as `spiffe://cluster.local/ns/shop/sa/web`. `*` stands for any characters within one segment, a final
    /// `**` for one or more segments; the trust domain is spelled out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spiffe: Option<String>,
    /// The Kubernetes namespace, or a pattern with `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The Kubernetes service account, or a pattern with `*`. When absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// The trust domain of `namespace` and `serviceAccount`. When absent: `cluster.local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_domain: Option<String>,
}

/// What one claim must be: exactly one of `equals`, `oneOf`, `contains` and `present`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClaimRule {
    /// The claim, as in `roles.claim`.
    pub claim: String,
    /// It must be this: text, number, `true` or `false`. Text and numbers are never equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// It must be one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Value>,
    /// It must be a list that holds this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// `true`: it must be there, and not null. `false`: it must not be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// What the token's `acr` must be: `anyOf`, or `levels` and `atLeast`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Acr {
    /// It must be one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// Every level, from the weakest to the strongest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// It must be this level or a stronger one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
}

/// Binds an object of the request to its caller: `value`, and exactly one of `equals`, `in`, `oneOf`, `prefixOf` and `startsWith`.
///
/// What is compared with is written `claims.PATH` (as in `roles.claim`), `identity.subject`, `identity.provider`,
/// `source.principal` or `header.NAME`. A value that is missing, or not of the type, does not hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Binding {
    /// The value that names the object: `path.NAME`, `query.NAME`, `header.NAME`, or `body.` and a JSON pointer (`body./customer/id`),
    /// in which `*` stands for every item of a list. Where there are several values, it must hold for each.
    pub value: String,
    /// It must be equal to this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// It must be an item of this claim, which is a list. A claim that is a single value is a list of one.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub is_in: Option<String>,
    /// It must be one of these texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// It must be equal to this, or to its beginning up to a `separator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix_of: Option<String>,
    /// This must be equal to it, or to its beginning up to a `separator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<String>,
    /// What ends a prefix, for `prefixOf` and `startsWith`: one character. When absent: `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// As what the two are compared. When absent: `string`.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub as_type: Option<Comparison>,
}

/// As what two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    /// Texts, byte for byte.
    String,
    /// Whole numbers, as JSON numbers or in decimal digits without leading zeros.
    Integer,
    /// UUIDs in their form with hyphens, in either case.
    Uuid,
    /// Texts, without regard to the case of ASCII letters.
    CaseInsensitive,
}
