//! Which version of OpenAPI a file is written in.

use crate::source::Source;
use crate::swagger;
use meshward_engine::Problem;
use serde_json::Value;

/// The OpenAPI version that a file is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    V30,
    V31,
    V32,
}

impl Version {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::V30 => "3.0",
            Self::V31 => "3.1",
            Self::V32 => "3.2",
        }
    }
}

/// The version that a file names; `None` for a file of parts.
pub(super) fn version(source: &Source) -> Result<Option<Version>, Box<Problem>> {
    let wrong = |at: &str, message: String, hint: &str| {
        let problem = Problem::error("unsupported-version", at, message);
        Err(Box::new(problem.file(source.name()).hint(hint)))
    };
    if let Some(swagger) = source.value().get("swagger") {
        if swagger::is_swagger(source.value()) {
            return Ok(Some(Version::V30));
        }
        return wrong(
            "/swagger",
            format!(
                "Swagger `{}` is not read",
                swagger.as_str().unwrap_or_default()
            ),
            "the versions that are read are Swagger \"2.0\", and OpenAPI 3.0, 3.1 and 3.2",
        );
    }
    match source.value().get("openapi") {
        None => Ok(None),
        Some(Value::String(text)) => {
            let mut parts = text.splitn(3, '.');
            match (parts.next(), parts.next()) {
                (Some("3"), Some("0")) => Ok(Some(Version::V30)),
                (Some("3"), Some("1")) => Ok(Some(Version::V31)),
                (Some("3"), Some("2")) => Ok(Some(Version::V32)),
                _ => wrong(
                    "/openapi",
                    format!("OpenAPI `{text}` is not read"),
                    "the versions that are read are 3.0, 3.1 and 3.2",
                ),
            }
        }
        Some(other) => wrong(
            "/openapi",
            format!("expected a version in quotes, found `{other}`"),
            "write the whole version: `openapi: \"3.1.0\"`",
        ),
    }
}
