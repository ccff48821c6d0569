//! A policy with all that it refers to.

use crate::source::Source;
use crate::vendor::without_credentials;
use crate::{Loader, Options, describe_with};
use meshward_engine::config::{ClientSecret, Document, IdentityProvider, Jwks, Kind};
use meshward_engine::{Problem, Severity, pointer};
use serde_json::Value;

/// Makes a policy self-contained: reads every `openapi` into `description`, every `jwks.file` into `jwks.inline`, and every secret
/// from its file or variable.
///
/// # Errors
/// Every error in the files, and the warnings with them. What is wrong in a file names the file; a file that cannot be
/// read is a problem of the policy.
pub fn bundle<L: Loader + ?Sized>(
    document: &Document,
    loader: &mut L,
) -> Result<(Document, Vec<Problem>), Vec<Problem>> {
    let mut bundle = document.clone();
    let mut problems = Vec::new();
    bundle.kind = Kind::Bundle;
    for (name, provider) in &mut bundle.identity_providers {
        match provider {
            IdentityProvider::Jwt(provider) => {
                let at = pointer("/identityProviders", name) + "/jwt/jwks";
                problems.extend(inline_keys(&mut provider.jwks, &at, loader));
            }
            IdentityProvider::Introspection(provider) => {
                let at = pointer("/identityProviders", name) + "/introspection/clientSecret";
                problems.extend(inline_secret(&mut provider.client_secret, &at, loader));
            }
            IdentityProvider::ApiKey(_) | IdentityProvider::Mtls(_) => {}
        }
    }
    for (index, api) in bundle.apis.iter_mut().enumerate() {
        let Some(file) = api.openapi.take() else {
            continue;
        };
        let at = format!("/apis/{index}/openapi");
        if api.description.is_some() {
            problems.push(Problem::error(
                "two-descriptions",
                at,
                "an API has `openapi` or `description`, not both",
            ));
            continue;
        }
        // Tried before it is read, so that a missing file is a problem of the policy.
        if let Err(cause) = loader.load(&file) {
            problems.push(missing(&at, &file, &cause));
            continue;
        }
        let levels = api.endpoints.iter().map(|endpoint| &endpoint.response);
        let levels = std::iter::once(&api.defaults.response).chain(levels);
        let tags = levels
            .flat_map(|response| response.hide.iter().flatten())
            .map(|fields| fields.tag.clone())
            .collect();
        let options = Options {
            tags,
            patterns: api.unsupported_patterns,
        };
        match describe_with(&file, loader, &options) {
            Ok((description, warnings)) => {
                api.description = Some(description);
                problems.extend(warnings);
            }
            Err(found) => problems.extend(found),
        }
    }
    // Two APIs may share a description, and with it its problems.
    let mut told = Vec::new();
    for problem in problems {
        if !told.contains(&problem) {
            told.push(problem);
        }
    }
    if told
        .iter()
        .any(|problem| problem.severity == Severity::Error)
    {
        return Err(told);
    }
    Ok((bundle, told))
}

fn inline_keys<L: Loader + ?Sized>(jwks: &mut Jwks, at: &str, loader: &mut L) -> Option<Problem> {
    let file = jwks.file.take()?;
    if jwks.inline.is_some() {
        return Some(
            Problem::error(
                "two-key-sets",
                at,
                "`jwks` has `inline` or `file`, not both",
            )
            .hint("take one of them away"),
        );
    }
    let at = format!("{at}/file");
    let text = match loader.load(&file) {
        Ok(text) => text,
        Err(cause) => return Some(missing(&at, &file, &cause)),
    };
    // A key set is JSON (RFC 7517), whatever its file is called; its problem keeps the file's name.
    let source = match Source::parse_json(&file, &text) {
        Ok(source) => source,
        Err(fault) => return Some(fault.problem),
    };
    if !source.value().get("keys").is_some_and(Value::is_array) {
        return Some(
            Problem::error(
                "bad-key-set",
                "",
                "this is no JSON Web Key Set: `keys` is missing, or no list",
            )
            .hint("the file must hold `{ \"keys\": [ … ] }` (RFC 7517)")
            .file(file),
        );
    }
    jwks.inline = Some(source.into_value());
    None
}

/// Reads a secret. Where several sources are named, the engine says so.
fn inline_secret<L: Loader + ?Sized>(
    secret: &mut ClientSecret,
    at: &str,
    loader: &mut L,
) -> Option<Problem> {
    let ClientSecret { value, file, env } = secret.clone();
    let text = match (value, file, env) {
        (None, Some(file), None) => match loader.secret(&file) {
            Ok(text) => text,
            Err(cause) => return Some(missing(&pointer(at, "file"), &file, &cause)),
        },
        (None, None, Some(name)) => match loader.variable(&name) {
            Ok(text) => text,
            Err(cause) => {
                let message = format!("the variable `{name}` cannot be read: {cause}");
                return Some(
                    Problem::error("no-variable", pointer(at, "env"), message)
                        .hint("set it in the environment of this command"),
                );
            }
        },
        _ => return None,
    };
    *secret = ClientSecret {
        value: Some(text.trim().to_owned()),
        ..ClientSecret::default()
    };
    None
}

fn missing(at: &str, file: &str, cause: &std::io::Error) -> Problem {
    let file = without_credentials(file);
    Problem::error("no-file", at, format!("`{file}` cannot be read: {cause}"))
        .hint("paths are relative to the policy")
}
