//! What a schema expected, in words that hold nothing from the value that broke it.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};

/// The most characters that are quoted from a schema.
const QUOTED: usize = 80;

/// What was expected.
pub(super) fn expected(kind: &Kind) -> String {
    match kind {
        Kind::Type {
            kind: TypeKind::Single(kind),
        } => format!("expected type `{kind}`"),
        Kind::Type {
            kind: TypeKind::Multiple(kinds),
        } => {
            let names: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
            format!("expected one of the types {}", names.join(", "))
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            format!("expected `required` member `{}`", quoted(name))
        }
        Kind::Format { format } => format!("expected `format` `{}`", quoted(format)),
        Kind::Minimum { limit } => format!("expected `minimum` {limit}"),
        Kind::Maximum { limit } => format!("expected `maximum` {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("expected `exclusiveMinimum` {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("expected `exclusiveMaximum` {limit}"),
        Kind::MultipleOf { multiple_of } => format!("expected `multipleOf` {multiple_of}"),
        Kind::MinLength { limit } => format!("expected `minLength` {limit}"),
        Kind::MaxLength { limit } => format!("expected `maxLength` {limit}"),
        Kind::MinItems { limit } => format!("expected `minItems` {limit}"),
        Kind::MaxItems { limit } => format!("expected `maxItems` {limit}"),
        Kind::MinProperties { limit } => format!("expected `minProperties` {limit}"),
        Kind::MaxProperties { limit } => format!("expected `maxProperties` {limit}"),
        Kind::AdditionalItems { .. } | Kind::UnevaluatedItems { .. } => {
            "expected no further items".to_owned()
        }
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "expected no undeclared members".to_owned()
        }
        Kind::FalseSchema => "expected nothing here".to_owned(),
        Kind::Enum { .. } => "expected one of the `enum` values".to_owned(),
        Kind::Constant { .. } => "expected the `const` value".to_owned(),
        Kind::Pattern { pattern } => format!("expected a match of `pattern` `{}`", quoted(pattern)),
        Kind::AnyOf { .. } => "expected a value that fits one schema of `anyOf`".to_owned(),
        Kind::OneOfNotValid { .. } => "expected a value that fits one schema of `oneOf`".to_owned(),
        Kind::OneOfMultipleValid { .. } => {
            "expected a value that fits only one schema of `oneOf`".to_owned()
        }
        Kind::BacktrackLimitExceeded { .. }
        | Kind::RegexEngineFailure { .. }
        | Kind::Contains
        | Kind::ContentEncoding { .. }
        | Kind::ContentMediaType { .. }
        | Kind::Custom { .. }
        | Kind::FromUtf8 { .. }
        | Kind::Not { .. }
        | Kind::PropertyNames { .. }
        | Kind::UniqueItems
        | Kind::Referencing(_) => format!("expected `{}` to hold", quoted(kind.keyword())),
    }
}

/// So much of a schema's text as may be told.
pub(super) fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}
