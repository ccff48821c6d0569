//! Takes members out of JSON as it was written: numbers, texts and order stay as they came.
//!
//! The text need not be valid: whatever is delivered is read strictly afterwards. Depth and time are bounded.
//!
//! INVARIANT (nothing slips through): a text that is not understood is not cut but refused.

use super::place;
use super::shape::{Others, Shape, ShapeId};
use crate::config::Hide;
use crate::problem::pointer;
use std::borrow::Cow;

/// The deepest nesting.
const DEEPEST: u32 = 100;
/// The most places that are named.
const PLACES: usize = 10;
const MASK: &[u8] = br#""***""#;

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

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// The text, where it is another one now.
    pub(super) text: Option<Vec<u8>>,
    /// Where undeclared members stand: some of the places.
    pub(super) undeclared: Vec<String>,
}

/// Cuts a text whose value has a shape. `None` when it is no JSON.
pub(super) fn cut(text: &[u8], shapes: &[Shape], root: ShapeId, orders: Orders<'_>) -> Option<Cut> {
    let mut cutter = Cutter {
        text,
        at: 0,
        out: Vec::with_capacity(text.len()),
        shapes,
        orders,
        changed: false,
        path: Vec::new(),
        undeclared: Vec::new(),
    };
    cutter.value(Some(root), DEEPEST)?;
    cutter.space();
    if cutter.at != text.len() {
        return None;
    }
    Some(Cut {
        text: cutter.changed.then_some(cutter.out),
        undeclared: cutter.undeclared,
    })
}

struct Cutter<'t> {
    text: &'t [u8],
    at: usize,
    out: Vec<u8>,
    shapes: &'t [Shape],
    orders: Orders<'t>,
    changed: bool,
    path: Vec<Step<'t>>,
    undeclared: Vec<String>,
}

/// A step on the way to a value: written out only where something is told about it.
enum Step<'t> {
    Member(Cow<'t, str>),
    Item(usize),
}

impl<'t> Cutter<'t> {
    fn value(&mut self, shape: Option<ShapeId>, depth: u32) -> Option<()> {
        self.space();
        let shape = shape.and_then(|id| self.shapes.get(id));
        match (self.peek()?, shape) {
            (b'{', Some(shape)) => self.object(shape, depth.checked_sub(1)?),
            (b'[', Some(shape)) => self.array(shape, depth.checked_sub(1)?),
            _ => {
                let raw = self.skip()?;
                self.out.extend_from_slice(raw);
                Some(())
            }
        }
    }

    fn object(&mut self, shape: &'t Shape, depth: u32) -> Option<()> {
        self.expect(b'{')?;
        self.out.push(b'{');
        let mut first = true;
        loop {
            self.space();
            if self.peek()? == b'}' && first {
                break;
            }
            self.space();
            let key = self.string()?;
            self.space();
            self.expect(b':')?;
            self.space();
            let name = name(key)?;
            let inner = match shape.members.get(&*name) {
                Some(id) => Ok(Some(*id)),
                None => match shape.others {
                    Others::Any => Ok(None),
                    Others::Of(id) => Ok(Some(id)),
                    Others::Undeclared => Err(()),
                },
            };
            self.path.push(Step::Member(name));
            self.member(key, inner, depth)?;
            self.path.pop();
            first = false;
            self.space();
            match self.next()? {
                b',' => {}
                b'}' => {
                    self.close(b'}');
                    return Some(());
                }
                _ => return None,
            }
        }
        self.at += 1;
        self.out.push(b'}');
        Some(())
    }

    /// One member, with the comma after it.
    fn member(&mut self, key: &[u8], inner: Result<Option<ShapeId>, ()>, depth: u32) -> Option<()> {
        let inner = match inner {
            Ok(inner) => inner,
            Err(()) => {
                if self.orders.undeclared != Undeclared::Keep {
                    self.note();
                }
                if self.orders.undeclared == Undeclared::Remove {
                    self.changed = true;
                    return self.skip().map(|_| ());
                }
                None
            }
        };
        let how = self.hidden(inner);
        if how == Some(Hide::Remove) {
            self.changed = true;
            return self.skip().map(|_| ());
        }
        self.out.extend_from_slice(key);
        self.out.push(b':');
        self.shown(how, inner, depth)?;
        self.out.push(b',');
        Some(())
    }

    fn array(&mut self, shape: &'t Shape, depth: u32) -> Option<()> {
        self.expect(b'[')?;
        self.out.push(b'[');
        self.space();
        if self.peek()? == b']' {
            self.at += 1;
            self.out.push(b']');
            return Some(());
        }
        let mut index = 0_usize;
        loop {
            self.space();
            self.path.push(Step::Item(index));
            let how = self.hidden(shape.items);
            if how == Some(Hide::Remove) {
                self.changed = true;
                self.skip()?;
            } else {
                self.shown(how, shape.items, depth)?;
                self.out.push(b',');
            }
            self.path.pop();
            index += 1;
            self.space();
            match self.next()? {
                b',' => {}
                b']' => {
                    self.close(b']');
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn shown(&mut self, how: Option<Hide>, shape: Option<ShapeId>, depth: u32) -> Option<()> {
        if how == Some(Hide::Mask) {
            self.changed = true;
            let is_text = self.peek()? == b'"';
            self.skip()?;
            self.out
                .extend_from_slice(if is_text { MASK } else { b"null" });
            Some(())
        } else {
            self.value(shape, depth)
        }
    }

    /// What becomes of a value with a shape: the strictest of its tags decides.
    fn hidden(&self, shape: Option<ShapeId>) -> Option<Hide> {
        let tags = self.shapes.get(shape?)?.tags;
        let of_tag = self.orders.hide.iter().filter(|(bit, _)| tags & bit != 0);
        of_tag.fold(None, |strictest, (_, how)| match (strictest, how) {
            (Some(Hide::Remove), _) | (_, Hide::Remove) => Some(Hide::Remove),
            (_, Hide::Mask) => Some(Hide::Mask),
        })
    }

    fn note(&mut self) {
        if self.undeclared.len() < PLACES {
            let at = self.path.iter().fold(String::new(), |at, step| match step {
                Step::Member(name) => pointer(&at, name),
                Step::Item(index) => pointer(&at, index),
            });
            self.undeclared.push(place::bounded(&at));
        }
    }

    /// Every member and item brings a comma: the last one is no part of JSON.
    fn close(&mut self, bracket: u8) {
        if self.out.last() == Some(&b',') {
            self.out.pop();
        }
        self.out.push(bracket);
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// A text with its quotes.
    fn string(&mut self) -> Option<&'t [u8]> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.text.get(self.at..)?)?;
            if self.next()? == b'"' {
                return self.text.get(start..self.at);
            }
            self.next()?;
        }
    }

    /// Any value, as it is written.
    fn skip(&mut self) -> Option<&'t [u8]> {
        let start = self.at;
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    open = open.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if open > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => self.scalar()?,
            }
            if open == 0 {
                return self.text.get(start..self.at);
            }
        }
    }

    fn scalar(&mut self) -> Option<()> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

/// What a text with its quotes says. One without escapes says what is written.
fn name(quoted: &[u8]) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', quoted).is_some() {
        return serde_json::from_slice(quoted).ok().map(Cow::Owned);
    }
    let inner = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    std::str::from_utf8(inner).ok().map(Cow::Borrowed)
}

#[cfg(test)]
mod tests;
