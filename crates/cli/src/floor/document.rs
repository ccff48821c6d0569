//! What the owner of a mesh writes: the serde mirror of a floor. Its doc comments become the manual's reference of floors.

use meshward_engine::config::{
    ApiVersion, BodyRules, Bytes, Detail, GraphqlOperation, HeadRules, IdentityProvider, Limit,
    Metadata, Mode, Modes, PlainText, UndeclaredFields, Unknown,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What every policy of a mesh, or of a part of it, must at least ask for. A policy that says something looser is in error; where it
/// says nothing, it gets what stands here.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Document {
    /// The version of this format.
    #[expect(
        dead_code,
        reason = "there is one version, and reading it is checking it"
    )]
    pub(crate) api_version: ApiVersion,
    /// `Floor`.
    #[expect(dead_code, reason = "there is one kind, and reading it is checking it")]
    pub(crate) kind: Kind,
    /// Who this floor is.
    pub(crate) metadata: Metadata,
    /// Identity providers that every policy may name without defining them. A policy may not define one of these names otherwise.
    #[serde(default)]
    pub(crate) identity_providers: BTreeMap<String, IdentityProvider>,
    /// Limits that every policy may name without defining them. A policy may not define one of these names otherwise.
    #[serde(default)]
    pub(crate) limits: BTreeMap<String, Limit>,
    /// The most that policies may allow when heads are read.
    #[serde(default)]
    pub(crate) reading: Reading,
    /// What the connection must at least be like on which keys and tokens come.
    #[serde(default)]
    pub(crate) transport: Transport,
    /// The least that happens to a request whose host belongs to no API.
    #[serde(default)]
    pub(crate) unknown_hosts: Option<Unknown>,
    /// The most that a refused caller may be told.
    #[serde(default)]
    pub(crate) errors: Errors,
    /// What is asked of every endpoint of every API.
    #[serde(default)]
    pub(crate) endpoints: Endpoints,
    /// Where something of this is waived. Only the owner of the floor can say so.
    #[serde(default)]
    pub(crate) exceptions: Vec<Exception>,
}

/// What a document is.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum Kind {
    /// A floor.
    Floor,
}

/// The most that policies may allow when heads are read.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Reading {
    /// The longest target (path and query).
    pub(crate) max_target: Option<Bytes>,
    /// The most header fields.
    pub(crate) max_headers: Option<u32>,
    /// The most query parameters.
    pub(crate) max_query_parameters: Option<u32>,
}

/// What the connection must at least be like on which keys and tokens come.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Transport {
    /// Where keys and tokens may come over a connection without TLS: in order `deny`, `loopback`, `allow`.
    pub(crate) plain_text: Option<PlainText>,
}

/// The most that a refused caller may be told.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Errors {
    /// How much a refusal may say: in order `none`, `reason`, `full`.
    pub(crate) detail: Option<Detail>,
}

/// What is asked of every endpoint.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Endpoints {
    /// The weakest mode of every control but `response`.
    pub(crate) mode: Option<Mode>,
    /// The weakest mode of single controls.
    pub(crate) modes: Modes,
    /// Who may call.
    pub(crate) authenticate: Authenticate,
    /// What callers must be allowed.
    pub(crate) authorize: Authorize,
    /// The names of limits that apply besides those of the policy.
    pub(crate) limits: Vec<String>,
    /// The least that happens to a method and path that an API does not have.
    pub(crate) unknown_endpoints: Option<Unknown>,
    /// The least that happens to query parameters that the description does not declare.
    pub(crate) unknown_query: Option<Unknown>,
    /// The most that policies may allow for request heads.
    pub(crate) head: HeadRules,
    /// The most that policies may allow for request bodies.
    pub(crate) body: BodyRules,
    /// The most that policies may allow where an endpoint takes GraphQL.
    pub(crate) graphql: Graphql,
    /// Whether credentials that were checked are taken from requests.
    pub(crate) strip_credentials: bool,
    /// The least that becomes of members of responses that the description does not declare: in order `keep`, `report`, `remove`.
    pub(crate) undeclared_fields: Option<UndeclaredFields>,
}

/// The most that policies may allow where an endpoint takes GraphQL. What is counted, and how, says the policy's own `graphql`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Graphql {
    /// The deepest nesting of fields.
    pub(crate) max_depth: Option<u32>,
    /// The most fields.
    pub(crate) max_fields: Option<u32>,
    /// The most fields at the root.
    pub(crate) max_root_fields: Option<u32>,
    /// The most aliases.
    pub(crate) max_aliases: Option<u32>,
    /// The most directives.
    pub(crate) max_directives: Option<u32>,
    /// The most that a request may cost.
    pub(crate) max_cost: Option<u64>,
    /// The most tokens of a document.
    pub(crate) max_tokens: Option<u32>,
    /// The most requests in one list. A policy that says nothing of it takes no lists.
    pub(crate) max_batch: Option<u32>,
    /// `false`: no service may be asked for its schema.
    pub(crate) introspection: Option<bool>,
    /// The only types of operations that may pass.
    pub(crate) operation_types: Option<Vec<GraphqlOperation>>,
}

/// Who may call.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Authenticate {
    /// Whether no endpoint may be public or take anonymous callers.
    pub(crate) required: bool,
    /// The only identity providers that endpoints may accept. Empty: any.
    pub(crate) providers: Vec<String>,
}

/// What callers must be allowed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Authorize {
    /// Whether every endpoint that is not public must ask for something besides an identity: scopes, `authorize`, or a binding.
    pub(crate) required: bool,
}

/// Where something of a floor is waived: for one rule of one policy, `operation`, or `method` and `path`, as the policy's
/// `match` has it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Exception {
    /// The policy's name.
    pub(crate) policy: String,
    /// The API's name.
    pub(crate) api: String,
    /// The operation.
    #[serde(default)]
    pub(crate) operation: Option<String>,
    /// The method, with `path`.
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// The path template.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// What is waived.
    pub(crate) waives: Vec<Demand>,
    /// Why.
    #[expect(dead_code, reason = "it is for people, who must write it")]
    pub(crate) because: String,
}

/// What a floor asks of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Demand {
    /// `mode` and `modes`.
    Mode,
    /// `authenticate`.
    Authenticate,
    /// `authorize`.
    Authorize,
    /// `limits`.
    Limits,
    /// `unknownQuery`.
    UnknownQuery,
    /// `head`.
    Head,
    /// `body`.
    Body,
    /// `graphql`.
    Graphql,
    /// `stripCredentials`.
    StripCredentials,
    /// `undeclaredFields`.
    UndeclaredFields,
}
