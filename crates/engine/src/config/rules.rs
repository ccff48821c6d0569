//! What is asked of a request, for an API or an endpoint.

use super::Mode;
use super::api::{Match, Unknown};
use super::authorize::Authorize;
use super::graphql::GraphqlRules;
use super::head::HeadRules;
use super::load::Priority;
use super::response::ResponseRules;
use super::units::{Bytes, Span};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Serde cannot refuse unknown fields in a flattened struct, so the shared fields are written once and stamped out twice.
macro_rules! rules {
    ($(#[$doc:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($own)*
            /// The mode of every control here, where it differs from the level above.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub mode: Option<Mode>,
            /// The mode of single controls here.
            #[serde(default, skip_serializing_if = "Modes::is_empty")]
            pub modes: Modes,
            /// Who may call. When absent: the description's `security` for the operation, else the API's defaults; an endpoint
            /// with none of these is refused.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub authenticate: Option<Authenticate>,
            /// What the caller must be allowed. The scopes in the description's `security` are asked for unless this names others.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub authorize: Option<Authorize>,
            /// What is asked of responses, besides the description.
            #[serde(default, skip_serializing_if = "ResponseRules::is_empty")]
            pub response: ResponseRules,
            /// The names of the limits that apply, instead of those of the level above.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub limits: Option<Vec<String>>,
            /// The names of the patterns of behaviour that are watched for, instead of those of the level above.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub abuse: Option<Vec<String>>,
            /// What happens to query parameters that the description does not declare. When absent: `deny`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub unknown_query: Option<Unknown>,
            /// What is shed first while the upstream has too much to do: see `load` of the API. When absent: `normal`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub priority: Option<Priority>,
            /// Bounds on request heads.
            #[serde(default, skip_serializing_if = "HeadRules::is_empty")]
            pub head: HeadRules,
            /// Bounds on request bodies.
            #[serde(default, skip_serializing_if = "BodyRules::is_empty")]
            pub body: BodyRules,
            /// The endpoint takes GraphQL, with POST as JSON or with GET in the query string, and what is asked of it. Replaces that of the level above.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub graphql: Option<GraphqlRules>,
            /// What happens to requests whose `Accept` takes none of the content types that the description declares for the
            /// endpoint's responses. When absent: `allow`, because many services answer clients that ask for something else.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub accept: Option<Unknown>,
            /// What the upstream is told about the caller.
            #[serde(default, skip_serializing_if = "Upstream::is_empty")]
            pub upstream: Upstream,
        }
    };
}

rules! {
    /// What is asked of every endpoint of an API, unless the endpoint says otherwise.
    #[derive(Default)]
    Rules {}
}

rules! {
    /// What is asked of one endpoint, or of the endpoints with one tag.
    Endpoint {
        /// Which endpoints these rules are for.
        #[serde(rename = "match")]
        pub selector: Match,
    }
}

impl Endpoint {
    /// The rules without the selector.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let Self {
            selector: _,
            mode,
            modes,
            authenticate,
            authorize,
            response,
            limits,
            abuse,
            unknown_query,
            priority,
            head,
            body,
            graphql,
            accept,
            upstream,
        } = self.clone();
        Rules {
            mode,
            modes,
            authenticate,
            authorize,
            response,
            limits,
            abuse,
            unknown_query,
            priority,
            head,
            body,
            graphql,
            accept,
            upstream,
        }
    }
}

/// The mode of single controls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Modes {
    /// Reading the head: only at the top of a policy, because no endpoint is known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<Mode>,
    /// Who calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticate: Option<Mode>,
    /// What the caller has done before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abuse: Option<Mode>,
    /// What the caller may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorize: Option<Mode>,
    /// How often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Mode>,
    /// Parameters and request bodies against the description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<Mode>,
    /// Responses against the description. `off` unless it is named: a response must be held back to be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Mode>,
}

impl Modes {
    /// Whether no control is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Who may call: `anyOf`, `allOf` or both, optionally with `optional`; or `public: true`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Authenticate {
    /// The names of identity providers: one of them must know the caller.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// The names of identity providers: each of them must know its own credential, such as the certificate of a workload and the token of
    /// its user. With `anyOf`, one of those must know another credential as well. The caller is whom the first of them knows by a key or a token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<String>,
    /// A request without any credential passes as anonymous. A wrong credential is still refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Anybody may call. Credentials are not looked at.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
}

/// Bounds on request bodies. A body over a bound is refused before it is parsed any further.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BodyRules {
    /// The largest body. When absent: 1MiB, which is also Envoy's own default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_size: Option<Bytes>,
    /// The deepest nesting of JSON arrays and objects. When absent: 32; at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<u32>,
    /// The most JSON values, or fields of a form, in one body. When absent: 50,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_values: Option<u32>,
    /// The most parts of one `multipart/form-data` body. When absent: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_parts: Option<u32>,
    /// The largest part of a `multipart/form-data` body. When absent: only the whole body is bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_part_size: Option<Bytes>,
    /// Which `Content-Encoding` is decoded, to judge what is in it; `maxSize` bounds the decoded body too. The service gets the
    /// body as it was sent. When absent: `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decode: Option<Decode>,
}

/// Which encoded bodies are decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Decode {
    /// None: encoded bodies are refused.
    #[default]
    None,
    /// Those in `gzip`. All others (`deflate`, `br`, `zstd`) are refused.
    Gzip,
}

impl BodyRules {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Something about the caller that the upstream is told in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum IdentityHeader {
    /// Who calls.
    Subject,
    /// The provider that knows the caller.
    Provider,
    /// The caller's scopes, with spaces between.
    Scope,
}

impl IdentityHeader {
    /// The name of its header.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::Subject => "x-meshward-subject",
            Self::Provider => "x-meshward-provider",
            Self::Scope => "x-meshward-scope",
        }
    }
}

/// What the upstream is told about the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Upstream {
    /// What is sent upstream of the caller, each in a header of its own: `subject` in `x-meshward-subject`, `provider` in
    /// `x-meshward-provider`, `scope` in `x-meshward-scope`; `[]` for nothing. Each takes the proxy a few microseconds. When absent:
    /// `subject`, and `provider` where the endpoint accepts several, whose subjects may have the same name.
    /// Headers whose name begins with `x-meshward-` are taken from every request in any case, so that no client can pose as them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_headers: Option<BTreeSet<IdentityHeader>>,
    /// Whether the credential that was checked is taken from the request. When absent: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strip_credentials: Option<bool>,
    /// The longest time that the upstream may take to answer, from 1ms to 1h; after it Envoy answers 504. Where it is set, it goes before the
    /// `timeout` of Envoy's route and before what the client asks for. When absent: the route's. It is in force where the mode of `limit` is `enforce`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// Headers that carry claims of the caller, such as `{ x-user-tenant: tenant_id }`: the name of the header, and the path of the claim
    /// (`a.b` is member `b` of claim `a`). A text, a number or a boolean is sent, and a list of these with commas; anything else is not. Headers
    /// that any rule of the policy names here are taken from every request first. Replaces the map of the level above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<BTreeMap<String, String>>,
}

impl Upstream {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
