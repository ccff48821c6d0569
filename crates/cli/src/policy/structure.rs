//! The structure of a policy: every unknown field, missing field and wrong type at once, in people's words.
//!
//! The rules are the JSON Schema of the engine's configuration types, so nothing is written down twice. `serde` would
//! stop at the first mistake.

use super::words;
use jsonschema::{ValidationError, error::ValidationErrorKind};
use meshward_engine::config::{Bytes, Document, Rate, Span, Timestamp};
use meshward_engine::{Problem, pointer};
use serde_json::Value;

/// Says why a text is no such quantity.
type Read = fn(&str) -> Result<(), String>;

/// The quantities that people write as text, and how each is read.
const QUANTITIES: [(&str, Read); 4] = [
    ("Bytes", quantity::<Bytes>),
    ("Rate", quantity::<Rate>),
    ("Span", quantity::<Span>),
    ("Timestamp", quantity::<Timestamp>),
];

/// The JSON Schema of the policy document. Empty fields are left out of it: `limits:` with nothing behind it would
/// silently mean the limits of the level above.
pub(crate) fn schema() -> Value {
    schema_of::<Document>()
}

/// The JSON Schema of a document of any kind.
pub(crate) fn schema_of<T: schemars::JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    without_null(&mut schema);
    schema
}

/// Everything that is wrong with the structure of a document with this schema.
pub(crate) fn problems(mut schema: Value, value: &Value) -> Vec<Problem> {
    let mut options = jsonschema::draft202012::options().should_validate_formats(true);
    for (name, read) in QUANTITIES {
        if let Some(definition) = schema
            .pointer_mut(&format!("/$defs/{name}"))
            .and_then(Value::as_object_mut)
        {
            definition.remove("pattern");
            definition.insert("format".to_owned(), Value::from(name));
        }
        options = options.with_format(name, move |text: &str| read(text).is_ok());
    }
    let validator = match options.build(&schema) {
        Ok(validator) => validator,
        Err(error) => {
            let message = format!("the schema of policies cannot be used: {error}");
            return vec![Problem::error("internal", "", message)];
        }
    };
    let mut problems = Vec::new();
    for error in validator.iter_errors(value) {
        explain(&schema, &error, &mut problems);
    }
    problems
}

/// What serde alone found.
pub(crate) fn unreadable(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    use serde_path_to_error::Segment;
    let at = error
        .path()
        .iter()
        .fold(String::new(), |at, segment| match segment {
            Segment::Seq { index } => pointer(&at, index),
            Segment::Map { key } => pointer(&at, key),
            Segment::Enum { variant } => pointer(&at, variant),
            Segment::Unknown => at,
        });
    Problem::error("wrong-value", at, error.inner().to_string())
}

fn quantity<T: serde::de::DeserializeOwned>(text: &str) -> Result<(), String> {
    serde_json::from_value::<T>(Value::from(text))
        .map(drop)
        .map_err(|error| error.to_string())
}

/// One error of the validator as one or more problems.
fn explain(schema: &Value, error: &ValidationError<'_>, problems: &mut Vec<Problem>) {
    let at = error.instance_path().as_str();
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let rule = schema.pointer(parent).unwrap_or(&Value::Null);
    let got = error.instance();
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the schema uses few keywords; the library's own words do for the rest"
    )]
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            problems.extend(unexpected.iter().map(|field| unknown(rule, at, field)));
        }
        ValidationErrorKind::Required { property } => {
            let field = property.as_str().unwrap_or_default();
            let problem = Problem::error("missing-field", at, format!("missing field `{field}`"));
            problems.push(match words::meaning(schema, rule, field) {
                Some(meaning) => problem.hint(format!("add `{field}`: {meaning}")),
                None => problem.hint(format!("add `{field}`")),
            });
        }
        ValidationErrorKind::OneOfNotValid { context } => {
            one_of(schema, rule, error, context, problems);
        }
        ValidationErrorKind::AnyOf { context } if context.len() == 1 => {
            for error in context.iter().flatten() {
                explain(schema, error, problems);
            }
        }
        ValidationErrorKind::Enum { options } => {
            let names: Vec<&str> = options
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            problems.push(words::choice(at, &names, got));
        }
        ValidationErrorKind::Constant { expected_value } => {
            let name = expected_value.as_str().unwrap_or_default();
            problems.push(words::choice(at, &[name], got));
        }
        ValidationErrorKind::Format { format } => problems.push(bad_quantity(format, at, got)),
        ValidationErrorKind::Type { .. } => problems.push(words::wrong_type(rule, at, got)),
        _ => problems.push(Problem::error(
            "wrong-value",
            at,
            error.masked_with("the value").to_string().to_lowercase(),
        )),
    }
}

fn unknown(rule: &Value, at: &str, field: &str) -> Problem {
    let known: Vec<&str> = rule
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|properties| properties.keys().map(String::as_str))
        .collect();
    Problem::error(
        "unknown-field",
        pointer(at, field),
        format!("unknown field `{field}`"),
    )
    .hint(words::suggest(field, &known))
}

fn bad_quantity(format: &str, at: &str, got: &Value) -> Problem {
    let text = got.as_str().unwrap_or_default();
    let message = QUANTITIES
        .iter()
        .find(|(name, _)| *name == format)
        .and_then(|(_, read)| read(text).err())
        .unwrap_or_else(|| format!("`{text}` cannot be read"));
    Problem::error("wrong-quantity", at, message)
}

/// A choice: of words (each alternative is a constant), or of forms (each alternative is an object with one field).
fn one_of(
    schema: &Value,
    rule: &Value,
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    problems: &mut Vec<Problem>,
) {
    let at = error.instance_path().as_str();
    let got = error.instance();
    let alternatives = rule
        .get("oneOf")
        .and_then(Value::as_array)
        .map_or(&[] as &[Value], Vec::as_slice);
    let constants: Vec<&str> = alternatives.iter().flat_map(words::constants).collect();
    if !constants.is_empty() {
        problems.push(words::choice(at, &constants, got));
        return;
    }
    let forms: Vec<&str> = alternatives.iter().filter_map(words::form).collect();
    let written: Vec<&str> = got
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys().map(String::as_str))
        .collect();
    if let [only] = written.as_slice() {
        if let Some(index) = forms.iter().position(|form| form == only) {
            for error in context.get(index).into_iter().flatten() {
                explain(schema, error, problems);
            }
            return;
        }
        let problem = Problem::error(
            "unknown-field",
            pointer(at, only),
            format!("unknown field `{only}`"),
        );
        problems.push(problem.hint(words::suggest(only, &forms)));
        return;
    }
    let message = format!("expected exactly one of {}", words::list(&forms));
    problems.push(Problem::error("wrong-value", at, message));
}

/// Takes `null` out of every choice of types.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(alternatives)) = object.get_mut("anyOf") {
                alternatives.retain(|a| a.get("type").and_then(Value::as_str) != Some("null"));
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|t| t != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(options)) = object.get_mut("enum") {
                options.retain(|option| !option.is_null());
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
