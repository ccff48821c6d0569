//! The keywords of both dialects: the Schema Object of OpenAPI 3.0.4 (section 4.7.24) and JSON Schema 2020-12.

use super::leaf::Leaf;
use crate::read::{At, Version};

/// What a keyword's value is, and with it what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    /// `$ref`.
    Reference,
    /// One schema.
    Schema,
    /// A list of schemas, at least one.
    Schemas,
    /// Schemas by name.
    SchemaMap,
    /// `required`.
    Required,
    /// What holds no schema and is copied.
    Leaf(Leaf),
    /// `discriminator`.
    Discriminator,
    /// Schemas that count only where a reference leads to them.
    Definitions,
    /// Says nothing about which values are valid.
    Annotation,
    /// Names the dialect.
    Dialect,
    /// Changes how references are read: not supported.
    Scope,
}

pub(super) fn keyword(name: &str, version: Version) -> Option<Keyword> {
    use Keyword as K;
    Some(match name {
        "$ref" => K::Reference,
        "type" => K::Leaf(Leaf::Type),
        "allOf" | "anyOf" | "oneOf" => K::Schemas,
        "not" | "items" | "additionalProperties" => K::Schema,
        "properties" => K::SchemaMap,
        "maximum" | "minimum" => K::Leaf(Leaf::Number),
        "multipleOf" => K::Leaf(Leaf::Divisor),
        "exclusiveMaximum" | "exclusiveMinimum" => K::Leaf(Leaf::Exclusive),
        "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties" => {
            K::Leaf(Leaf::Count)
        }
        "uniqueItems" => K::Leaf(Leaf::Flag),
        "pattern" => K::Leaf(Leaf::Pattern),
        "format" => K::Leaf(Leaf::Text),
        "enum" => K::Leaf(Leaf::Values),
        "required" => K::Required,
        "discriminator" => K::Discriminator,
        "title" | "description" | "default" | "example" | "deprecated" | "readOnly"
        | "writeOnly" | "xml" | "externalDocs" => K::Annotation,
        "nullable" if version == Version::V30 => K::Leaf(Leaf::Flag),
        _ if version == Version::V30 => return None,
        "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties" => K::Schema,
        "prefixItems" => K::Schemas,
        "patternProperties" | "dependentSchemas" => K::SchemaMap,
        "maxContains" | "minContains" => K::Leaf(Leaf::Count),
        "const" => K::Leaf(Leaf::Any),
        "dependentRequired" => K::Leaf(Leaf::RequiredMap),
        "$defs" | "definitions" => K::Definitions,
        "examples" | "$comment" | "contentSchema" => K::Annotation,
        // They say which fields of forms are files.
        "contentEncoding" | "contentMediaType" => K::Leaf(Leaf::Text),
        "$schema" => K::Dialect,
        "$id" | "id" | "$anchor" | "$dynamicRef" | "$dynamicAnchor" | "$recursiveRef"
        | "$recursiveAnchor" | "$vocabulary" => K::Scope,
        _ => return None,
    })
}

/// Whether a subschema under this keyword judges the same value as the schema around it.
pub(super) fn is_in_place(name: &str) -> bool {
    matches!(
        name,
        "allOf" | "anyOf" | "oneOf" | "not" | "if" | "then" | "else" | "dependentSchemas"
    )
}

/// Whether a reference here stands for the whole schema: OpenAPI 3.0 ignores what is beside a `$ref`.
pub(super) fn is_only_reference(at: &At<'_>) -> bool {
    at.file.version == Version::V30 && at.reference().is_some()
}

/// The schemas directly inside of a schema, with the keyword that they stand under.
pub(super) fn subschemas<'a>(at: &At<'a>) -> Vec<(&'a str, At<'a>)> {
    let mut found = Vec::new();
    if is_only_reference(at) {
        return found;
    }
    for (name, member) in at.members() {
        match keyword(name, at.file.version) {
            Some(Keyword::Schema) => found.push((name, member)),
            Some(Keyword::Schemas) => found.extend(member.items().map(|item| (name, item))),
            Some(Keyword::SchemaMap) => {
                found.extend(member.members().map(|(_, schema)| (name, schema)));
            }
            Some(
                Keyword::Reference
                | Keyword::Required
                | Keyword::Leaf(_)
                | Keyword::Discriminator
                | Keyword::Definitions
                | Keyword::Annotation
                | Keyword::Dialect
                | Keyword::Scope,
            )
            | None => {}
        }
    }
    found
}
