//! What is asked of responses besides the description.

use super::authorize::Binding;
use serde::{Deserialize, Serialize};

/// What is asked of responses besides the description.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ResponseRules {
    /// Which object of a successful response must belong to the caller. `value` is `body.` and a JSON pointer: the response is held
    /// back until it is read. In the mode of `authorize`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<Vec<Binding>>,
    /// What becomes of members of a JSON response that the description does not declare. When absent: `keep`. Needs `modes.response`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undeclared_fields: Option<UndeclaredFields>,
    /// Members of a JSON response that only some callers may see. Replaces the list of the level above. Needs `modes.response`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hide: Option<Vec<HiddenFields>>,
}

impl ResponseRules {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of members of a JSON response that the description does not declare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum UndeclaredFields {
    /// They stay, unless the schema forbids them.
    #[default]
    Keep,
    /// They stay, with a finding.
    Report,
    /// They are taken out before the response is held to its schema, with a finding. In `monitor` they are only reported.
    Remove,
}

/// Members of a JSON response that only some callers may see: those whose schema in the description has a tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HiddenFields {
    /// The tag: an extension in the member's schema, such as `x-personal-data: true`. Any value counts but `false` and `null`.
    pub tag: String,
    /// Callers with all of these scopes see the members. When empty, nobody does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless_scopes: Vec<String>,
    /// What becomes of the members for everybody else. When absent: `remove`.
    #[serde(default)]
    pub how: Hide,
}

/// What becomes of a member that a caller may not see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Hide {
    /// It is taken out.
    #[default]
    Remove,
    /// A text becomes `***`, anything else `null`.
    Mask,
}
