//! Takes members out of JSON that was read: out of the value, and out of its text, whose other bytes stay as they came.
//!
//! INVARIANT (nothing slips through): what is cut is what the strict reader read, so names, depth and repeated members have one reading.

mod edit;

pub(super) use edit::Edits;

use super::json::{Json, Kind, Span};
use super::place;
use super::shape::{Others, Shape, ShapeId};
use crate::config::Hide;
use crate::problem::pointer;

/// The most places that are named.
const PLACES: usize = 10;
const MASK: &str = r#""***""#;

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Orders<'o> {
    /// What becomes of undeclared members: nothing, they are noted, or they are noted and taken out.
    pub(super) undeclared: Undeclared,
    /// For each tag, as a bit, what becomes of its members.
    pub(super) hide: &'o [(u64, Hide)],
}

/// What becomes of undeclared members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undeclared {
    Keep,
    Note,
    Remove,
}

/// Cuts a value that has a shape, and says where undeclared members stand: some of the places.
pub(super) fn cut(
    value: &mut Json<'_>,
    shapes: &[Shape],
    root: ShapeId,
    orders: Orders<'_>,
    edits: &mut Edits,
) -> Vec<String> {
    let mut cutter = Cutter {
        shapes,
        orders,
        edits,
        undeclared: Vec::new(),
    };
    cutter.value(value, Some(root), &Place::Root);
    cutter.undeclared
}

struct Cutter<'o> {
    shapes: &'o [Shape],
    orders: Orders<'o>,
    edits: &'o mut Edits,
    undeclared: Vec<String>,
}

/// The way to a value: written out only where something is told about it.
enum Place<'p> {
    Root,
    Member(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn written(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(outer, name) => pointer(&outer.written(), name),
            Self::Item(outer, index) => pointer(&outer.written(), index),
        }
    }
}

impl Cutter<'_> {
    /// As deep as the reader lets values be.
    fn value(&mut self, value: &mut Json<'_>, shape: Option<ShapeId>, place: &Place<'_>) {
        let Some(shape) = shape.and_then(|id| self.shapes.get(id)) else {
            return;
        };
        match &mut value.kind {
            Kind::Object(members) => {
                let mut gone = Vec::new();
                for (index, member) in members.iter_mut().enumerate() {
                    let place = Place::Member(place, &member.name);
                    if !self.member(&mut member.value, shape, &member.name, &place) {
                        gone.push(index);
                    }
                }
                if !gone.is_empty() {
                    let spans = members.iter().map(|member| Span {
                        start: member.start,
                        end: member.value.span.end,
                    });
                    self.edits.leave_out(spans, &gone);
                    *members = without(std::mem::take(members), &gone);
                }
            }
            Kind::Array(items) => {
                let mut gone = Vec::new();
                for (index, item) in items.iter_mut().enumerate() {
                    if !self.shown(item, shape.items, &Place::Item(place, index)) {
                        gone.push(index);
                    }
                }
                if !gone.is_empty() {
                    self.edits
                        .leave_out(items.iter().map(|item| item.span), &gone);
                    *items = without(std::mem::take(items), &gone);
                }
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
        }
    }

    /// Whether a member stays.
    fn member(
        &mut self,
        value: &mut Json<'_>,
        shape: &Shape,
        name: &str,
        place: &Place<'_>,
    ) -> bool {
        let inner = match (shape.members.get(name).copied(), shape.others) {
            (Some(id), _) | (None, Others::Of(id)) => Some(id),
            (None, Others::Any) => None,
            (None, Others::Undeclared) => {
                if self.orders.undeclared != Undeclared::Keep && self.undeclared.len() < PLACES {
                    self.undeclared.push(place::bounded(&place.written()));
                }
                return self.orders.undeclared != Undeclared::Remove;
            }
        };
        self.shown(value, inner, place)
    }

    /// Whether a value stays, as it is or masked.
    fn shown(&mut self, value: &mut Json<'_>, shape: Option<ShapeId>, place: &Place<'_>) -> bool {
        match self.hidden(shape) {
            Some(Hide::Remove) => false,
            Some(Hide::Mask) => {
                let mask = if value.as_str().is_some() {
                    MASK
                } else {
                    "null"
                };
                self.edits.replace(value.span, mask);
                true
            }
            None => {
                self.value(value, shape, place);
                true
            }
        }
    }

    /// What becomes of a value with a shape: the strictest of its tags decides.
    fn hidden(&self, shape: Option<ShapeId>) -> Option<Hide> {
        if self.orders.hide.is_empty() {
            return None;
        }
        let tags = self.shapes.get(shape?)?.tags;
        let of_tag = self.orders.hide.iter().filter(|(bit, _)| tags & bit != 0);
        of_tag.fold(None, |strictest, (_, how)| match (strictest, how) {
            (Some(Hide::Remove), _) | (_, Hide::Remove) => Some(Hide::Remove),
            (_, Hide::Mask) => Some(Hide::Mask),
        })
    }
}

/// What is left when those at some places, in order, are gone.
fn without<T>(all: Box<[T]>, gone: &[usize]) -> Box<[T]> {
    let mut gone = gone.iter().copied().peekable();
    let left = all.into_iter().enumerate();
    left.filter(|(index, _)| gone.next_if_eq(index).is_none())
        .map(|(_, one)| one)
        .collect()
}

#[cfg(test)]
mod tests;
