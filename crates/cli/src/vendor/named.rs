//! Which descriptions are meant by what is named on the command line.

use crate::failure::Failure;
use meshward_openapi::source::Source;
use meshward_openapi::vendor::without_credentials;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A description itself, or those of a policy, as paths that can be opened.
pub(crate) fn descriptions(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|cause| Failure::file("read", path, cause))?;
    let shown = path.display();
    let source = Source::parse(&shown.to_string(), &text)
        .map_err(|fault| Failure::no(format!("`{shown}`: {}", fault.problem.message)))?;
    let value = source.value();
    if value.get("openapi").is_some() || value.get("swagger").is_some() {
        return Ok(vec![path.to_path_buf()]);
    }
    if value.get("kind").and_then(Value::as_str) != Some("Policy") {
        return Err(Failure::usage(format!(
            "`{shown}` is neither a policy nor an OpenAPI description"
        )));
    }
    let apis = value.get("apis").and_then(Value::as_array);
    let named = apis
        .into_iter()
        .flatten()
        .filter_map(|api| api.get("openapi")?.as_str());
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut found: Vec<PathBuf> = Vec::new();
    for name in named {
        let description = folder.join(name);
        if !description.is_file() {
            let name = without_credentials(name);
            return Err(Failure::no(format!(
                "`{shown}` names the description `{name}`, which is no file beside it"
            )));
        }
        if !found.contains(&description) {
            found.push(description);
        }
    }
    Ok(found)
}
