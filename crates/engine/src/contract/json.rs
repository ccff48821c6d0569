//! Strict JSON: bytes to one value that every receiver reads in the same way, or a fault.
//!
//! The grammar is `serde_json`'s (RFC 8259: one value, UTF-8, no byte order mark, no lone surrogate, no number beyond the
//! range of a double). On top of it, in the same pass: no repeated member, bounded depth, bounded number of values.
//!
//! INVARIANT (stack): depth is bounded below `serde_json`'s own limit of 128, so that nothing recurses further than that.

use super::place;
use crate::problem::pointer;
use crate::verdict::Reason;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use std::cell::{Cell, RefCell};
use std::fmt;

/// Deeper than this no policy may allow.
const DEEPEST: u32 = 100;

/// How much JSON may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// The deepest nesting of arrays and objects.
    pub(super) depth: u32,
    /// The most values, containers included.
    pub(super) values: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            depth: 32,
            values: 50_000,
        }
    }
}

/// Why bytes are not a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// A JSON pointer, where the place is known.
    pub(super) at: Option<String>,
    /// What was expected.
    pub(super) expected: String,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    Malformed,
    Duplicate,
    Deep,
    Complex,
    /// Too many parts.
    Parts,
    /// A part that is too long.
    PartSize,
    /// A part of a wrong content type.
    PartType,
}

impl FaultKind {
    /// The reason for a request.
    pub(super) const fn in_request(self) -> Reason {
        match self {
            Self::Malformed => Reason::BodyMalformed,
            Self::Duplicate => Reason::BodyDuplicateMember,
            Self::Deep => Reason::BodyTooDeep,
            Self::Complex => Reason::BodyTooComplex,
            Self::Parts => Reason::BodyTooManyParts,
            Self::PartSize => Reason::BodyPartTooLarge,
            Self::PartType => Reason::ContentTypeUnsupported,
        }
    }
}

/// Reads one value.
pub(super) fn read(bytes: &[u8], bounds: Bounds) -> Result<Value, Fault> {
    let state = State {
        values_left: Cell::new(bounds.values),
        fault: RefCell::new(None),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let seed = Seed {
        state: &state,
        depth_left: bounds.depth.min(DEEPEST),
    };
    seed.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| state.into_fault(&error, bounds))
}

/// How many values are in a value, itself included.
pub(super) fn count(value: &Value) -> u32 {
    let inner: u32 = match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    inner.saturating_add(1)
}

/// What the whole pass shares. `serde_json` keeps its errors' causes to itself, so that ours travel here.
struct State {
    values_left: Cell<u32>,
    fault: RefCell<Option<(FaultKind, Vec<String>)>>,
}

impl State {
    fn into_fault(self, error: &serde_json::Error, bounds: Bounds) -> Fault {
        let Some((kind, steps)) = self.fault.into_inner() else {
            return Fault {
                kind: FaultKind::Malformed,
                at: None,
                expected: format!(
                    "expected one JSON value; it breaks at line {}, column {}",
                    error.line(),
                    error.column()
                ),
            };
        };
        let at = steps.iter().rev().fold(String::new(), pointer_of);
        let expected = match kind {
            FaultKind::Malformed | FaultKind::Parts | FaultKind::PartSize | FaultKind::PartType => {
                "expected a number in the range of a double".to_owned()
            }
            FaultKind::Duplicate => "expected every member once".to_owned(),
            FaultKind::Deep => format!(
                "expected at most {} levels of nesting",
                bounds.depth.min(DEEPEST)
            ),
            FaultKind::Complex => format!("expected at most {} values", bounds.values),
        };
        Fault {
            kind,
            at: Some(place::bounded(&at)),
            expected,
        }
    }
}

fn pointer_of(base: String, step: &String) -> String {
    pointer(&base, step)
}

/// Reads one value at one depth.
#[derive(Clone, Copy)]
struct Seed<'a> {
    state: &'a State,
    depth_left: u32,
}

impl Seed<'_> {
    /// Keeps our own fault, and gives `serde_json` an error that stops it.
    fn stop<E: Error>(self, kind: FaultKind) -> E {
        *self.state.fault.borrow_mut() = Some((kind, Vec::new()));
        E::custom("stopped")
    }

    /// On the way out after a fault: remembers which step led to it.
    fn passing(self, step: impl FnOnce() -> String) {
        if let Some((_, steps)) = &mut *self.state.fault.borrow_mut() {
            steps.push(step());
        }
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(self.stop(FaultKind::Deep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.state.values_left.get().checked_sub(1) else {
            return Err(self.stop(FaultKind::Complex));
        };
        self.state.values_left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| self.stop(FaultKind::Malformed))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        loop {
            match access.next_element_seed(inner) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return Ok(Value::Array(items)),
                Err(error) => {
                    self.passing(|| items.len().to_string());
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            // One search in the map for both questions: is it there, and where does it go?
            match members.entry(name) {
                Entry::Occupied(taken) => {
                    let error = self.stop(FaultKind::Duplicate);
                    self.passing(|| taken.key().clone());
                    return Err(error);
                }
                Entry::Vacant(place) => match access.next_value_seed(inner) {
                    Ok(value) => {
                        place.insert(value);
                    }
                    Err(error) => {
                        self.passing(|| place.key().clone());
                        return Err(error);
                    }
                },
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests;
