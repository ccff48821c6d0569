//! A value that refers to the text that it was read from.

use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::mem;

/// Objects with more members have them in the order of their names, for a faster search; others as they were written.
pub(super) const ORDERED_FROM: usize = 64;

/// A value. Its `Debug` leaves out what clients and services sent.
#[derive(Default)]
pub(crate) struct Json<'t> {
    pub(in crate::contract) span: Span,
    pub(crate) kind: Kind<'t>,
}

/// What a value is.
#[derive(Default)]
pub(crate) enum Kind<'t> {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'t, str>),
    Array(Box<[Json<'t>]>),
    Object(Box<[Member<'t>]>),
}

/// A member of an object.
pub(crate) struct Member<'t> {
    pub(crate) name: Cow<'t, str>,
    /// Where its name begins, with its quote.
    pub(in crate::contract) start: u32,
    pub(crate) value: Json<'t>,
}

/// Where in a text something stands. Empty for what was not read from one.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::contract) struct Span {
    pub(in crate::contract) start: u32,
    pub(in crate::contract) end: u32,
}

impl std::fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Json").finish_non_exhaustive()
    }
}

impl<'t> Json<'t> {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Array(_) | Kind::Object(_) => None,
        }
    }

    /// The items of an array; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Array(items) => items,
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Object(_) => &[],
        }
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[Member<'t>] {
        match &self.kind {
            Kind::Object(members) => members,
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Array(_) => &[],
        }
    }

    /// The member of a name.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        find(self.members(), name)
    }

    /// The value at a JSON pointer.
    pub(in crate::contract) fn at(&self, pointer: &str) -> Option<&Self> {
        pointer.split('/').skip(1).try_fold(self, |value, step| {
            if let Kind::Array(items) = &value.kind {
                return items.get(step.parse::<usize>().ok()?);
            }
            value.member(&step.replace("~1", "/").replace("~0", "~"))
        })
    }

    /// How many values are in it, itself included.
    pub(in crate::contract) fn count(&self) -> u32 {
        let items = self.items().iter();
        let members = self.members().iter().map(|member| &member.value);
        let inner: u32 = items.chain(members).map(Self::count).sum();
        inner.saturating_add(1)
    }

    /// A list.
    pub(in crate::contract) fn list(items: Vec<Self>) -> Self {
        Self::of(Kind::Array(items.into()))
    }

    /// Lets `look` see an object with this value as its only member.
    pub(in crate::contract) fn within<T>(
        &mut self,
        name: &str,
        look: impl FnOnce(&Json<'t>) -> T,
    ) -> T {
        let member = Member {
            name: Cow::Owned(name.to_owned()),
            start: 0,
            value: mem::take(self),
        };
        let mut outer = Self::of(Kind::Object(Box::new([member])));
        let found = look(&outer);
        if let Kind::Object(members) = &mut outer.kind
            && let Some(member) = members.first_mut()
        {
            *self = mem::take(&mut member.value);
        }
        found
    }

    /// The same, owning its texts.
    pub(in crate::contract) fn into_value(self) -> Value {
        match self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Number(number) => Value::Number(number),
            Kind::String(text) => Value::String(text.into_owned()),
            Kind::Array(items) => items.into_iter().map(Self::into_value).collect(),
            Kind::Object(members) => {
                let members = members.into_iter();
                Value::Object(
                    members
                        .map(|member| (member.name.into_owned(), member.value.into_value()))
                        .collect::<Map<_, _>>(),
                )
            }
        }
    }

    pub(in crate::contract) fn of(kind: Kind<'t>) -> Self {
        Self {
            span: Span::default(),
            kind,
        }
    }
}

/// The member of a name.
pub(super) fn find<'a, 't>(members: &'a [Member<'t>], name: &str) -> Option<&'a Json<'t>> {
    let found = if members.len() > ORDERED_FROM {
        let at = members.binary_search_by(|member| (*member.name).cmp(name));
        members.get(at.ok()?)
    } else {
        members.iter().find(|member| member.name == name)
    };
    found.map(|member| &member.value)
}

impl From<Value> for Json<'_> {
    fn from(value: Value) -> Self {
        Self::of(match value {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Bool(value),
            Value::Number(number) => Kind::Number(number),
            Value::String(text) => Kind::String(Cow::Owned(text)),
            Value::Array(items) => Kind::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                let member = |(name, value)| Member {
                    name: Cow::Owned(name),
                    start: 0,
                    value: Self::from(value),
                };
                let mut members: Box<[Member<'_>]> = members.into_iter().map(member).collect();
                if members.len() > ORDERED_FROM {
                    members.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                }
                Kind::Object(members)
            }
        })
    }
}
