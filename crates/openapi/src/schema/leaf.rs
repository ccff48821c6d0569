//! Keywords whose values hold no schema: copied when they have the right form.

use crate::read::at::kind;
use crate::read::{At, Report, Version, nearest};
use serde_json::Value;

const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];

/// What the value of such a keyword must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    /// `type`.
    Type,
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
    /// `pattern`.
    Pattern,
    /// Any value.
    Any,
    /// `enum`.
    Values,
    /// `dependentRequired`.
    RequiredMap,
}

impl Leaf {
    /// The value, or a problem when it has not the right form.
    pub(super) fn check(self, name: &str, at: &At<'_>, report: &mut Report) -> Option<Value> {
        let value = at.value;
        let number = value.as_f64();
        let (fits, expected) = match self {
            Self::Type => return types(at, report),
            Self::Number => (number.is_some(), "a number"),
            Self::Divisor => (number.is_some_and(|n| n > 0.0), "a number greater than 0"),
            Self::Exclusive if at.file.version == Version::V30 => (
                value.is_boolean(),
                "a boolean in OpenAPI 3.0, beside `minimum` or `maximum`",
            ),
            Self::Exclusive => (number.is_some(), "a number from OpenAPI 3.1 on"),
            Self::Count => (
                number.is_some_and(|n| n >= 0.0 && n.fract() == 0.0),
                "a whole number from 0 up",
            ),
            Self::Flag => (value.is_boolean(), "a boolean"),
            Self::Text | Self::Pattern => (value.is_string(), "a string"),
            Self::Any => (true, "a value"),
            Self::Values => (
                value.as_array().is_some_and(|values| !values.is_empty()),
                "a list of values, at least one",
            ),
            Self::RequiredMap => {
                at.object(report)?;
                for (_, list) in at.members() {
                    names(&list, report)?;
                }
                (true, "lists of names")
            }
        };
        if fits {
            return Some(value.clone());
        }
        let found = value
            .as_number()
            .map_or_else(|| kind(value).to_owned(), |number| format!("`{number}`"));
        report.push(at.error(
            "invalid-schema",
            format!("`{name}` must be {expected}, found {found}"),
        ));
        None
    }
}

/// A list of different strings.
pub(super) fn names<'a>(at: &At<'a>, report: &mut Report) -> Option<Vec<&'a str>> {
    at.list(report)?;
    let mut names = Vec::new();
    for item in at.items() {
        let name = item.text(report)?;
        if names.contains(&name) {
            report.push(item.error("invalid-schema", format!("`{name}` stands here twice")));
        } else {
            names.push(name);
        }
    }
    Some(names)
}

fn types(at: &At<'_>, report: &mut Report) -> Option<Value> {
    let null = (at.file.version >= Version::V31).then_some("null");
    let known = || TYPES.into_iter().chain(null);
    let several = at.value.is_array();
    if several && at.file.version == Version::V30 {
        report.push(
            at.error("invalid-schema", "`type` is one name in OpenAPI 3.0")
                .hint("use `nullable: true` for `null`, `oneOf` for several types, or OpenAPI 3.1"),
        );
        return None;
    }
    let names = if several {
        at.items().collect()
    } else {
        vec![at.clone()]
    };
    if names.is_empty() {
        report.push(at.error("invalid-schema", "`type` is an empty list"));
    }
    for item in &names {
        let name = item.text(report)?;
        if known().any(|known| known == name) {
            continue;
        }
        if name == "null" {
            // Many descriptions say so, and mean nothing else by it.
            let problem = item.warning(
                "newer-type",
                "`null` is a type from OpenAPI 3.1 on; it is taken as one",
            );
            report.push(problem.hint("use `nullable: true`, or OpenAPI 3.1"));
            continue;
        }
        let problem = item.error("invalid-schema", format!("`{name}` is no type"));
        report.push(match nearest(name, known()) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => {
                let known: Vec<&str> = known().collect();
                problem.hint(format!("the types are {}", known.join(", ")))
            }
        });
    }
    Some(at.value.clone())
}
