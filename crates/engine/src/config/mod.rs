//! What people write: the serde mirror of the policy document.
//!
//! Nothing is interpreted here. Types deserialize, refuse unknown fields, and carry the defaults that the
//! manual documents; [`crate::compile()`] turns a [`Document`] into a [`crate::Policy`] or says what is wrong with it.
//!
//! A *policy* (`kind: Policy`) names an OpenAPI file per API. A *bundle* (`kind: Bundle`) is the same document with
//! each file read into [`Description`]: self-contained, and the only form that the filter reads.
//!
//! The doc comments of these types are the policy reference in the manual: `cargo xtask docs` generates it.

mod abuse;
mod api;
mod authorize;
mod binding;
mod build;
mod candidate;
mod client;
mod cost;
mod description;
mod global;
mod graphql;
mod head;
mod identity;
mod limit;
mod load;
mod mtls;
mod remote;
mod response;
mod rules;
mod transport;
mod units;

pub use abuse::{Abuse, ClientErrors, FailedAuthentications, Objects, Peers, Sequence, Then};
pub use api::{Api, Match, Unknown, UnsupportedPatterns};
pub use authorize::{Acr, Authorize, Binding, Caller, ClaimRule, Comparison, Members};
pub use binding::{Dpop, SenderConstrained};
pub use build::Build;
pub use candidate::Candidate;
pub use client::ClientAddress;
pub use cost::Cost;
pub use description::{
    Description, Encoding, MediaType, Operation, Parameter, ParameterLocation, RequestBody,
    Response, SecurityScheme, Style,
};
pub use global::{Global, GlobalMode, OnServiceFailure, Unit};
pub use graphql::{GraphqlOperation, GraphqlRules};
pub use head::HeadRules;
pub use identity::{
    Algorithm, ApiKey, ApiKeyProvider, IdentityProvider, Jwks, JwtProvider, KeyLocation, TokenCache,
};
pub use limit::{Announce, Limit, OnMissing, Plan, Window};
pub use load::{Load, LoadBounds, Priority};
pub use mtls::{ForwardedCertificates, MtlsProvider, UntrustedHeader, VerifiedBy};
pub use remote::{ClientSecret, Discovery, IntrospectionCache, IntrospectionProvider, OnFailure};
pub use response::{HiddenFields, Hide, ResponseRules, UndeclaredFields};
pub use rules::{
    Authenticate, BodyRules, Decode, Endpoint, IdentityHeader, Modes, Rules, Upstream,
};
pub use transport::{PlainText, Transport};
pub use units::{Bytes, Rate, Span, Timestamp};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A policy, or the bundle made from it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// `Policy` for what people write, `Bundle` for what `meshward build` makes of it.
    pub kind: Kind,
    /// Who this policy is.
    pub metadata: Metadata,
    /// What happens when a control refuses: the default for every endpoint. `enforce` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The mode of single controls, where it differs from `mode`.
    #[serde(default, skip_serializing_if = "Modes::is_empty")]
    pub modes: Modes,
    /// How request heads are read, before any endpoint is known.
    #[serde(default)]
    pub reading: Reading,
    /// What happens to a request whose host belongs to no API. When absent: `deny` where `mode` is `enforce`, else `monitor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_hosts: Option<Unknown>,
    /// Where identities come from, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identity_providers: BTreeMap<String, IdentityProvider>,
    /// What the connection must be like on which keys and tokens come.
    #[serde(default, skip_serializing_if = "Transport::is_empty")]
    pub transport: Transport,
    /// Which address is the client's, for limits and abuse.
    #[serde(default, skip_serializing_if = "ClientAddress::is_default")]
    pub client_address: ClientAddress,
    /// Request limits, by name. A limit applies where an API or an endpoint names it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Limit>,
    /// The number of buckets that all limits of this policy share (rounded up to a multiple of 8; 8 to 1,048,576).
    /// A bucket takes at most 64 bytes of Envoy's shared data. When absent: 16,384.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_table: Option<u32>,
    /// Patterns of behaviour, by name. A pattern is watched for where an API or an endpoint names it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub abuse: BTreeMap<String, Abuse>,
    /// The number of keys whose behaviour is known at a time (rounded up to a multiple of 4; 4 to 262,144). What is known of a key takes about 50 bytes of
    /// Envoy's shared data, with `objects` four to eight bytes more for each of `most`,
    /// with `peers` 32 more and about 21 for each endpoint (`atLeast: 3`). When absent: 4,096.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abuse_table: Option<u32>,
    /// The APIs that this policy guards.
    #[serde(default)]
    pub apis: Vec<Api>,
    /// What a refused caller is told.
    #[serde(default)]
    pub errors: Errors,
    /// What is logged and counted.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// What the proxy that runs this bundle can do. `meshward render` and `meshward run` fill this in.
    #[serde(default)]
    pub delivery: Delivery,
    /// A policy on trial.
    #[cfg_attr(feature = "schema", schemars(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// What `meshward build` notes about a bundle.
    #[cfg_attr(feature = "schema", schemars(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
}

/// The version of the document format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ApiVersion {
    /// The first version.
    #[serde(rename = "meshward.dev/v1")]
    V1,
}

/// Which form a document has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Kind {
    /// Written by people; may name files.
    Policy,
    /// Self-contained; made by `meshward build`.
    Bundle,
}

/// Who a policy is.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The policy's name, in logs and metrics: letters, digits and `-`, at most 63 characters.
    pub name: String,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// What a control does when it finds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Refuse the exchange.
    Enforce,
    /// Decide, log and count, but let the exchange pass.
    Monitor,
    /// Do not look.
    Off,
}

/// How request heads are read.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Reading {
    /// What happens when a target differs from its normal form (dot segments, `//`, needless percent-encoding, `;` parameters).
    /// What has no safe normal form (`%2F`, `%5C`, `\`, `%00`, control characters, invalid UTF-8, dot segments above the root) is always refused.
    pub paths: Paths,
    /// The longest target (path and query).
    pub max_target: Bytes,
    /// The most header fields.
    pub max_headers: u32,
    /// The most query parameters.
    pub max_query_parameters: u32,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            paths: Paths::Reject,
            max_target: Bytes(8 * 1024),
            max_headers: 100,
            max_query_parameters: 100,
        }
    }
}

/// What happens to a target that is not in its normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Paths {
    /// Refuse it.
    Reject,
    /// Send the normal form upstream, so that nothing reads the target differently.
    Rewrite,
}

/// What a refused caller is told.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Errors {
    /// How much a refusal says.
    pub detail: Detail,
}

/// How much a refusal says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// The status alone.
    None,
    /// The status and the reason code.
    #[default]
    Reason,
    /// Also where in the request the problem is: for test environments.
    Full,
}

/// What is logged and counted.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Telemetry {
    /// The share of admitted exchanges without findings that is logged, from 0 to 1. Refusals and findings are always logged.
    pub log_allowed: f64,
    /// Which exchanges put their verdict into filter state, for access logs: it costs a host call each.
    pub filter_state: FilterState,
    /// The most counter series of one proxy; what comes after is counted under the endpoint `other`.
    pub max_series: u32,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log_allowed: 0.01,
            filter_state: FilterState::Notable,
            max_series: 2000,
        }
    }
}

/// Which exchanges put their verdict into filter state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FilterState {
    /// Refusals, and admitted exchanges with findings.
    Notable,
    /// All.
    All,
}

/// What the proxy that runs a bundle can do.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Delivery {
    /// Whether the Wasm plugin is configured with `allow_on_headers_stop_iteration: true`. Without it no filter can hold back
    /// a request head until the body is judged. Where the plugin turns out to lack it all the same, the filter notices when the first body
    /// comes, says so in the proxy's log, and from then on does as if this were `false`.
    pub allow_on_headers_stop_iteration: bool,
    /// What happens, without that setting, on endpoints whose verdict needs a body.
    pub otherwise: WithoutHold,
}

/// What happens on endpoints whose verdict needs a body, where the proxy cannot hold the head back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum WithoutHold {
    /// Refuse the request.
    #[default]
    Refuse,
    /// Judge the head alone, and report a finding.
    HeadOnly,
}
