//! An OpenAPI description as a bundle holds it: endpoints with everything that they refer to, in one dialect.
//!
//! `meshward-openapi` makes this from OpenAPI 3 documents. Schemas are JSON Schema 2020-12 (3.0 schemas are converted).
//! INVARIANT (schema references): every `$ref` in a schema is `#/$defs/NAME`, and `NAME` is a key of [`Description::schemas`].

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A description, resolved.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Description {
    /// The file that it was read from, for messages.
    pub source: String,
    /// The hosts of `servers`, without ports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The paths of `servers`; `/` when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base_paths: Vec<String>,
    /// `components.securitySchemes`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub security_schemes: BTreeMap<String, SecurityScheme>,
    /// Every operation, in the order of the file.
    pub operations: Vec<Operation>,
    /// Schemas that others refer to as `#/$defs/NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub schemas: BTreeMap<String, Value>,
}

/// A security scheme, as far as a policy needs it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityScheme {
    /// `apiKey`, `http`, `oauth2`, `openIdConnect` or `mutualTLS`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `http`: the scheme, in lower case (`bearer`, `basic`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// For `apiKey`: `header`, `query` or `cookie`.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub location: Option<super::KeyLocation>,
    /// For `apiKey`: the name of the header, parameter or cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One operation.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// `operationId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The method, in upper case.
    pub method: String,
    /// The path template, without the base path.
    pub path: String,
    /// `summary`, for explanations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// `tags`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// `deprecated`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// The security requirements in force (the operation's own, else the document's): alternatives, each a map from scheme to scopes.
    /// `None` when neither says anything; an empty list when the operation is open to all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Vec<BTreeMap<String, Vec<String>>>>,
    /// Parameters of the path item and the operation, merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// The request body, if the operation has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<RequestBody>,
    /// Responses by status: `200`, `4XX`, `default`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub responses: BTreeMap<String, Response>,
    /// The hosts of the operation's own `servers`, without ports; none where those of the description are in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The paths of the operation's own `servers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base_paths: Vec<String>,
    /// Where the operation stands in the file: a JSON pointer.
    pub at: String,
}

impl Operation {
    /// Whether another protocol may be spoken after a request, as with WebSocket: the description has a response 101.
    #[must_use]
    pub fn upgrades(&self) -> bool {
        self.responses.contains_key("101")
    }
}

/// One parameter.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameter {
    /// The name; for headers in lower case.
    pub name: String,
    /// Where it stands in the request.
    #[serde(rename = "in")]
    pub location: ParameterLocation,
    /// Whether it must be there. Always true in the path.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// How values are written (OpenAPI 3, "Style Values").
    pub style: Style,
    /// Whether arrays and objects are written as separate parameters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explode: bool,
    /// Whether an empty value fits whatever the schema says: `allowEmptyValue`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_empty: bool,
    /// The media type of the value, for a parameter that is described by `content`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The schema of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// Where the parameter stands in the file: a JSON pointer.
    pub at: String,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of OpenAPI")]
pub enum ParameterLocation {
    Path,
    Query,
    Header,
    Cookie,
}

/// How a parameter's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Style {
    /// Path and header: comma-separated.
    Simple,
    /// Query and cookie: `name=value`, repeated when exploded, else comma-separated.
    Form,
    /// Path: after a dot.
    Label,
    /// Path: after `;name=`. Nowhere else may a plain `;` stand in a path.
    Matrix,
    /// Query: separated by spaces.
    SpaceDelimited,
    /// Query: separated by `|`.
    PipeDelimited,
    /// Query: `name[member]=value`.
    DeepObject,
}

/// A request body.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestBody {
    /// Whether it must be there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Media types (in lower case, may be `type/*` or `*/*`) and their schemas.
    pub content: BTreeMap<String, MediaType>,
}

/// The content of one media type.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MediaType {
    /// The schema of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// The schema of every item of a content that is a sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Value>,
    /// How fields of a form are written, where that is said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub encoding: BTreeMap<String, Encoding>,
    /// The header fields of a form's parts, as parameters, by the names of the parts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub heads: BTreeMap<String, Vec<Parameter>>,
}

/// How one field of a form is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encoding {
    /// The media types that it may have (in lower case, may be `type/*`); empty for those that go with its schema.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_types: Vec<String>,
    /// How values are written, where that is said: else lists as fields of one name, and objects as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// Whether arrays and objects are written as separate fields.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explode: bool,
}

/// One response.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Response {
    /// The header fields, as parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Parameter>,
    /// Media types and their schemas; empty when the response has no body.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub content: BTreeMap<String, MediaType>,
}
