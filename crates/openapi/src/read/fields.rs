//! Which fields the objects of OpenAPI have (3.0.4, 3.1.1 and 3.2.0, section 4).
//!
//! A field with a misspelled name says nothing, which is the last thing that somebody who wrote it expects.

use super::{At, Report, Version, nearest};

/// An object of OpenAPI whose fields are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    OpenApi,
    Components,
    PathItem,
    Operation,
    Parameter,
    RequestBody,
    MediaType,
    Encoding,
    Response,
    Header,
    Server,
    ServerVariable,
    SecurityScheme,
}

impl Object {
    fn name(self) -> &'static str {
        match self {
            Self::OpenApi => "the description",
            Self::Components => "`components`",
            Self::PathItem => "a path",
            Self::Operation => "an operation",
            Self::Parameter => "a parameter",
            Self::RequestBody => "a request body",
            Self::MediaType => "a media type",
            Self::Encoding => "an encoding",
            Self::Response => "a response",
            Self::Header => "a header",
            Self::Server => "a server",
            Self::ServerVariable => "a server variable",
            Self::SecurityScheme => "a security scheme",
        }
    }

    /// The fields that came with 3.2.
    fn newest(self) -> &'static [&'static str] {
        match self {
            Self::OpenApi => &["$self"],
            Self::Components => &["mediaTypes"],
            Self::PathItem => &["query", "additionalOperations"],
            Self::MediaType => &["itemSchema", "prefixEncoding", "itemEncoding"],
            Self::Encoding => &["encoding", "prefixEncoding", "itemEncoding"],
            Self::Response => &["summary"],
            Self::Server => &["name"],
            Self::SecurityScheme => &["deprecated", "oauth2MetadataUrl"],
            Self::Operation
            | Self::Parameter
            | Self::RequestBody
            | Self::Header
            | Self::ServerVariable => &[],
        }
    }

    /// The fields of all versions, and those that came with 3.1.
    fn fields(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::OpenApi => (
                &[
                    "openapi",
                    "info",
                    "servers",
                    "paths",
                    "components",
                    "security",
                    "tags",
                    "externalDocs",
                ],
                &["jsonSchemaDialect", "webhooks"],
            ),
            Self::Components => (
                &[
                    "schemas",
                    "responses",
                    "parameters",
                    "examples",
                    "requestBodies",
                    "headers",
                    "securitySchemes",
                    "links",
                    "callbacks",
                ],
                &["pathItems"],
            ),
            Self::PathItem => (
                &[
                    "$ref",
                    "summary",
                    "description",
                    "get",
                    "put",
                    "post",
                    "delete",
                    "options",
                    "head",
                    "patch",
                    "trace",
                    "servers",
                    "parameters",
                ],
                &[],
            ),
            Self::Operation => (
                &[
                    "tags",
                    "summary",
                    "description",
                    "externalDocs",
                    "operationId",
                    "parameters",
                    "requestBody",
                    "responses",
                    "callbacks",
                    "deprecated",
                    "security",
                    "servers",
                ],
                &[],
            ),
            Self::Parameter => (
                &[
                    "name",
                    "in",
                    "description",
                    "required",
                    "deprecated",
                    "allowEmptyValue",
                    "style",
                    "explode",
                    "allowReserved",
                    "schema",
                    "example",
                    "examples",
                    "content",
                ],
                &[],
            ),
            Self::RequestBody => (&["description", "content", "required"], &[]),
            Self::MediaType => (&["schema", "example", "examples", "encoding"], &[]),
            Self::Encoding => (
                &[
                    "contentType",
                    "headers",
                    "style",
                    "explode",
                    "allowReserved",
                ],
                &[],
            ),
            Self::Response => (&["description", "headers", "content", "links"], &[]),
            Self::Header => (
                &[
                    "description",
                    "required",
                    "deprecated",
                    "allowEmptyValue",
                    "style",
                    "explode",
                    "allowReserved",
                    "schema",
                    "example",
                    "examples",
                    "content",
                ],
                &[],
            ),
            Self::Server => (&["url", "description", "variables"], &[]),
            Self::ServerVariable => (&["enum", "default", "description"], &[]),
            Self::SecurityScheme => (
                &[
                    "type",
                    "description",
                    "name",
                    "in",
                    "scheme",
                    "bearerFormat",
                    "flows",
                    "openIdConnectUrl",
                ],
                &[],
            ),
        }
    }
}

/// Warns of fields that OpenAPI does not know. Extensions (`x-…`) are left alone.
pub(crate) fn check_fields(at: &At<'_>, object: Object, report: &mut Report) {
    let (both, newer) = object.fields();
    for (name, member) in at.members() {
        let is_newer = newer.contains(&name);
        let is_newest = object.newest().contains(&name);
        if name.starts_with("x-")
            || both.contains(&name)
            || (is_newer && at.file.version >= Version::V31)
            || (is_newest && at.file.version >= Version::V32)
        {
            continue;
        }
        let version = at.file.version.text();
        let problem = member.warning(
            "unknown-field",
            format!(
                "`{name}` is no field of {} in OpenAPI {version}, and is ignored",
                object.name()
            ),
        );
        report.push(match nearest(name, both.iter().chain(newer).copied()) {
            _ if is_newer => problem.hint("it belongs to OpenAPI 3.1"),
            _ if is_newest => problem.hint("it belongs to OpenAPI 3.2"),
            Some(known) => problem.hint(format!("did you mean `{known}`?")),
            None => problem.hint("take it away, or begin its name with `x-`"),
        });
    }
}
