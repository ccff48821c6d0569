//! The APIs that a policy guards.

use super::description::Description;
use super::load::Load;
use super::rules::{Endpoint, Rules};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One API.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Api {
    /// The API's name, in logs and metrics: letters, digits and `-`, at most 63 characters.
    pub name: String,
    /// The hosts that serve it: exact names, `*.example.com`, or `*`. Ports are not compared. When absent: the hosts of the description's `servers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// What every path begins with. When absent: the paths of the description's `servers`, else `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_paths: Option<Vec<String>>,
    /// The OpenAPI description, as a file beside the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openapi: Option<String>,
    /// What happens to patterns of the description that cannot run in linear time: those with look-around or back-references. When absent: `refuse`.
    #[serde(default, skip_serializing_if = "UnsupportedPatterns::is_refuse")]
    pub unsupported_patterns: UnsupportedPatterns,
    /// The description's content, in a bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub description: Option<Description>,
    /// What happens to a method and path that the API does not have. When absent: `deny` where the mode is `enforce`, else `monitor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_endpoints: Option<Unknown>,
    /// Whether HEAD is judged by the rules of GET where the description has no HEAD.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub head_follows_get: bool,
    /// Whether CORS preflight requests for endpoints that exist pass without authentication.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cors_preflight: bool,
    /// Which identity provider stands for a security scheme of the description. A scheme that has a provider's name needs no entry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub security_schemes: BTreeMap<String, String>,
    /// When requests are shed because the upstream has too much to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// What is asked of every endpoint.
    #[serde(default)]
    pub defaults: Rules,
    /// What is asked of single endpoints. A rule for an operation, or a method and path, wins over one for a tag.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
}

/// What happens to what a policy does not know. In order: the strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// Refuse it.
    Deny,
    /// Let it pass with a finding.
    Monitor,
    /// Let it pass.
    Allow,
}

/// What happens to patterns that cannot run in linear time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum UnsupportedPatterns {
    /// They are errors.
    #[default]
    Refuse,
    /// They are left out, each with a warning: texts are not held to them.
    Ignore,
}

impl UnsupportedPatterns {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    const fn is_refuse(&self) -> bool {
        matches!(self, Self::Refuse)
    }
}

/// Which endpoints a rule is for: `operation`, or `method` and `path`, or `tag`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Match {
    /// An `operationId` of the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// A method, with `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A path template as the description writes it, without the base path. With `method` and without a description, it adds the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A tag of the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}
