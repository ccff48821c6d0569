//! What is asked of GraphQL requests.

use serde::{Deserialize, Serialize};

/// What is asked of the GraphQL requests of one endpoint. Everything is counted with fragments expanded, for every operation of the document, and
/// for all requests of a batch together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GraphqlRules {
    /// The deepest nesting of fields. When absent: 15.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<u32>,
    /// The most fields. When absent: 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_fields: Option<u32>,
    /// The most fields at the root: each is a call of its own to the service. When absent: 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_root_fields: Option<u32>,
    /// The most aliases. When absent: 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_aliases: Option<u32>,
    /// The most directives. When absent: 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_directives: Option<u32>,
    /// The most that a request may cost: each field costs 1, times the sizes of the lists that it stands in. When absent: 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<u64>,
    /// The names of arguments that say how long a list is: what stands in their field costs that many times as much. When absent: `first`,
    /// `last` and `limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_arguments: Option<Vec<String>>,
    /// The most tokens of a document; it is not read any further. When absent: 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// The most requests in one list. When absent, lists are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch: Option<u32>,
    /// Whether the service may be asked for its schema (`__schema`, `__type`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub introspection: bool,
    /// The types of operations that pass. When absent: `query` and `mutation`. With GET only queries pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_types: Option<Vec<GraphqlOperation>>,
    /// The names of the operations that pass. When absent: all, and those without a name. A name is what its sender calls an operation, and
    /// proves nothing about what is in it: `documents` does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<String>>,
    /// The documents that pass, as SHA-256 of their text in lower-case hexadecimal. When absent: all. Clients may then send the digest
    /// alone, in `extensions.persistedQuery.sha256Hash`: what it stands for is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<String>>,
}

impl GraphqlRules {
    /// The bounds that hold where a policy does not say them.
    pub const ABSENT: Self = Self {
        max_depth: Some(15),
        max_fields: Some(500),
        max_root_fields: Some(20),
        max_aliases: Some(30),
        max_directives: Some(30),
        max_cost: Some(5_000),
        cost_arguments: None,
        max_tokens: Some(5_000),
        max_batch: None,
        introspection: false,
        operation_types: None,
        operations: None,
        documents: None,
    };

    /// The types of operations that pass, also where the policy does not say it.
    #[must_use]
    pub fn types(&self) -> &[GraphqlOperation] {
        const ABSENT: &[GraphqlOperation] = &[GraphqlOperation::Query, GraphqlOperation::Mutation];
        self.operation_types.as_deref().unwrap_or(ABSENT)
    }
}

/// A type of GraphQL operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum GraphqlOperation {
    /// It reads.
    Query,
    /// It writes.
    Mutation,
    /// It is answered again and again.
    Subscription,
}

impl GraphqlOperation {
    /// The keyword.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}
