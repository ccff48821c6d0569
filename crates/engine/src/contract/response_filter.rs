//! What is taken out of responses: members that the description does not declare, and members that a caller may not see.

use super::cut::{Edits, Orders, Undeclared, cut};
use super::json::Json;
use super::schema::Schemas;
use super::shape::{Shape, ShapeId};
use crate::config::{HiddenFields, Hide, UndeclaredFields};
use crate::problem::{Problem, pointer};
use std::sync::{Arc, OnceLock};

/// What the policy says of one endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterRules {
    /// What becomes of undeclared members.
    pub(crate) undeclared: UndeclaredFields,
    /// Which members only some callers see.
    pub(crate) hide: Vec<HiddenFields>,
    /// Where `hide` stands in the policy.
    pub(crate) at: String,
}

impl FilterRules {
    /// Whether anything is looked for.
    pub(super) fn is_needed(&self) -> bool {
        self.undeclared != UndeclaredFields::Keep || !self.hide.is_empty()
    }
}

/// The same, ready.
#[derive(Debug, Default)]
pub(super) struct Filter {
    undeclared: UndeclaredFields,
    hidden: Vec<Hidden>,
    shapes: Arc<OnceLock<Vec<Shape>>>,
}

/// Members with one tag.
#[derive(Debug)]
struct Hidden {
    bit: u64,
    how: Hide,
    unless_scopes: Vec<String>,
}

impl Filter {
    pub(super) fn compile(rules: &FilterRules, schemas: &mut Schemas<'_>) -> Self {
        let mut hidden = Vec::with_capacity(rules.hide.len());
        for (index, fields) in rules.hide.iter().enumerate() {
            let HiddenFields {
                tag,
                unless_scopes,
                how,
            } = fields;
            let at = pointer(&pointer(&rules.at, index), "tag");
            if !tag.starts_with("x-") {
                let message = format!("`{tag}` is no extension of a description");
                let problem = Problem::error("tag-invalid", at, message);
                schemas.note_policy(problem.hint("begin the tag with `x-`"));
                continue;
            }
            match schemas.tag(tag, &at) {
                Some(bit) => hidden.push(Hidden {
                    bit,
                    how: *how,
                    unless_scopes: unless_scopes.clone(),
                }),
                None => schemas.note_policy(Problem::error(
                    "too-many-tags",
                    at,
                    "one API has at most 64 different tags",
                )),
            }
        }
        Self {
            undeclared: rules.undeclared,
            hidden,
            shapes: schemas.shapes(),
        }
    }

    /// Whether undeclared members are looked for.
    pub(super) fn looks(&self) -> bool {
        self.undeclared != UndeclaredFields::Keep
    }

    /// Finds undeclared members, and takes them out where that is `enforced`. `None` when nothing is known of them.
    pub(super) fn undeclared(
        &self,
        value: &mut Json<'_>,
        root: ShapeId,
        enforced: bool,
        edits: &mut Edits,
    ) -> Option<Vec<String>> {
        let undeclared = match self.undeclared {
            UndeclaredFields::Keep => Undeclared::Keep,
            UndeclaredFields::Remove if enforced => Undeclared::Remove,
            UndeclaredFields::Report | UndeclaredFields::Remove => Undeclared::Note,
        };
        let orders = Orders {
            undeclared,
            hide: &[],
        };
        Some(cut(value, self.shapes.get()?, root, orders, edits))
    }

    /// Hides from a caller with these scopes what is not for them. `None` when nothing is known of it.
    pub(super) fn hide(
        &self,
        value: &mut Json<'_>,
        root: ShapeId,
        scopes: &[String],
        edits: &mut Edits,
    ) -> Option<()> {
        let sees = |hidden: &Hidden| {
            let needed = &hidden.unless_scopes;
            !needed.is_empty() && needed.iter().all(|scope| scopes.contains(scope))
        };
        let hide: Vec<(u64, Hide)> = self
            .hidden
            .iter()
            .filter(|hidden| !sees(hidden))
            .map(|hidden| (hidden.bit, hidden.how))
            .collect();
        if hide.is_empty() {
            return Some(());
        }
        let orders = Orders {
            undeclared: Undeclared::Keep,
            hide: &hide,
        };
        cut(value, self.shapes.get()?, root, orders, edits);
        Some(())
    }
}
