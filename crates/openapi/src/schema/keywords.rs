//! The keywords of both dialects: the Schema Object of OpenAPI 3.0.4 (section 4.7.24) and JSON Schema 2020-12.

use crate::read::{At, Version};

/// What a keyword's value is, and with it what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    /// `$ref`.
    Reference,
    /// `type`.
    Type,
    /// One schema.
    Schema,
    /// A list of schemas, at least one.
    Schemas,
    /// Schemas by name.
    SchemaMap,
    /// A number.
    Number,
    /// A number greater than zero.
    Divisor,
    /// `exclusiveMinimum`, `exclusiveMaximum`: a number; in 3.0 a boolean.
    Exclusive,
    /// A whole number from 0 up.
    Count,
    /// A boolean.
    Flag,
    /// A string.
    Text,
    /// Any value.
    Any,
    /// `enum`.
    Values,
    /// `required`.
    Required,
    /// `dependentRequired`.
    RequiredMap,
    /// `nullable` of 3.0.
    Nullable,
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
        "type" => K::Type,
        "allOf" | "anyOf" | "oneOf" => K::Schemas,
        "not" | "items" | "additionalProperties" => K::Schema,
        "properties" => K::SchemaMap,
        "maximum" | "minimum" => K::Number,
        "multipleOf" => K::Divisor,
        "exclusiveMaximum" | "exclusiveMinimum" => K::Exclusive,
        "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties" => {
            K::Count
        }
        "uniqueItems" => K::Flag,
        "pattern" | "format" => K::Text,
        "enum" => K::Values,
        "required" => K::Required,
        "discriminator" => K::Discriminator,
        "title" | "description" | "default" | "example" | "deprecated" | "readOnly"
        | "writeOnly" | "xml" | "externalDocs" => K::Annotation,
        "nullable" if version == Version::V30 => K::Nullable,
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
        "maxContains" | "minContains" => K::Count,
        "const" => K::Any,
        "dependentRequired" => K::RequiredMap,
        "$defs" | "definitions" => K::Definitions,
        "examples" | "$comment" | "contentEncoding" | "contentMediaType" | "contentSchema" => {
            K::Annotation
        }
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
            _ => {}
        }
    }
    found
}
