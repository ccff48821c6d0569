//! Which branch of a union a value means to fit, by its `discriminator`: only what that branch says is worth telling.

use super::json::{Json, Kind as Is};
use super::words;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

/// The most values that are listed.
const LISTED: usize = 10;
/// How deep unions in unions are followed.
const DEEPEST: u32 = 16;

/// One way in which a value breaks a schema: where, and what was expected.
pub(super) type Told = (String, String);

/// What to tell of an error: of a union whose branch can be known, what that branch says. At most `most`.
pub(super) fn told(
    document: &Value,
    instance: &Json<'_>,
    error: &ValidationError<'_>,
    most: usize,
) -> Vec<Told> {
    let mut found = Vec::new();
    tell(document, instance, error, most, 0, &mut found);
    found
}

fn tell(
    document: &Value,
    instance: &Json<'_>,
    error: &ValidationError<'_>,
    most: usize,
    depth: u32,
    found: &mut Vec<Told>,
) {
    if found.len() >= most {
        return;
    }
    let at = error.instance_path().as_str();
    match choose(document, instance, error) {
        Some(Choice::Branch(errors)) if depth < DEEPEST => {
            for inner in errors {
                tell(document, instance, inner, most, depth + 1, found);
            }
        }
        Some(Choice::Missing(name)) => found.push((
            at.to_owned(),
            format!("expected `required` member `{}`", words::quoted(name)),
        )),
        Some(Choice::Unknown(name, values)) => found.push((
            crate::problem::pointer(at, name),
            format!("expected one of `{}`", values.join("`, `")),
        )),
        Some(Choice::Branch(_)) | None => {
            found.push((at.to_owned(), words::expected(error.kind())));
        }
    }
}

/// What a discriminator says of a value.
enum Choice<'e> {
    /// It means this branch, which says this.
    Branch(&'e [ValidationError<'static>]),
    /// It lacks the member that would say so.
    Missing(&'e str),
    /// The member has a value that leads nowhere.
    Unknown(&'e str, Vec<String>),
}

fn choose<'e>(
    document: &'e Value,
    instance: &Json<'_>,
    error: &'e ValidationError<'_>,
) -> Option<Choice<'e>> {
    let (Kind::OneOfNotValid { context } | Kind::AnyOf { context }) = error.kind() else {
        return None;
    };
    let (schema, _) = error.schema_path().as_str().rsplit_once('/')?;
    let discriminator = document.pointer(schema)?.get("discriminator")?;
    let name = discriminator.get("propertyName")?.as_str()?;
    let mapping = discriminator.get("mapping")?.as_object()?;
    let object = instance.at(error.instance_path().as_str())?;
    // What is no object means no branch.
    let Is::Object(_) = &object.kind else {
        return None;
    };
    let Some(value) = object.member(name) else {
        return Some(Choice::Missing(name));
    };
    let index = value.as_str().and_then(|value| mapping.get(value));
    let Some(index) = index else {
        let values = mapping.keys().take(LISTED);
        return Some(Choice::Unknown(
            name,
            values.map(|v| words::quoted(v)).collect(),
        ));
    };
    let branch = context.get(usize::try_from(index.as_u64()?).ok()?)?;
    (!branch.is_empty()).then_some(Choice::Branch(branch))
}
