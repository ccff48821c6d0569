//! How `jsonschema` looks at a value: without a copy of it.
//!
//! INVARIANT (no value in errors): what `jsonschema` says of a value never holds it, so that telling costs no copy and leaks nothing.

use super::tree::{Json, Kind, Member, find};
use jsonschema::JsonType;
use jsonschema::json;
use jsonschema_value::LazyInstance;
use serde_json::{Number, Value};
use std::borrow::Cow;

/// The representation.
pub(crate) struct Nodes;

impl json::Json for Nodes {
    type Node<'a> = Node<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = Json<'static>;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>(
        buffer: &mut Json<'static>,
        string: &str,
        f: impl FnOnce(<Self as json::Json>::Node<'_>) -> T,
    ) -> T {
        *buffer = Json::of(Kind::String(Cow::Owned(string.to_owned())));
        f(Node::of(buffer))
    }
}

/// A value as it is, or the object of which it is the only member.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    value: &'a Json<'a>,
    member: Option<&'a str>,
}

impl<'a> Node<'a> {
    /// The value itself.
    pub(in crate::contract) const fn of(value: &'a Json<'a>) -> Self {
        Self {
            value,
            member: None,
        }
    }

    /// An object whose only member is this value. Costs no copy and no memory.
    pub(in crate::contract) const fn within(name: &'a str, value: &'a Json<'a>) -> Self {
        Self {
            value,
            member: Some(name),
        }
    }

    /// What the value is, if it stands for itself.
    const fn plain(self) -> Option<&'a Kind<'a>> {
        match self.member {
            None => Some(&self.value.kind),
            Some(_) => None,
        }
    }
}

impl<'a> json::Node<'a, Nodes> for Node<'a> {
    type Object = Object<'a>;
    type Array = &'a [Json<'a>];
    type Number = &'a Number;

    fn as_object(&self) -> Option<Object<'a>> {
        match (self.member, &self.value.kind) {
            (Some(name), _) => Some(Object::One(name, self.value)),
            (None, Kind::Object(members)) => Some(Object::Members(members)),
            (
                None,
                Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Array(_),
            ) => None,
        }
    }

    fn as_array(&self) -> Option<&'a [Json<'a>]> {
        match self.plain()? {
            Kind::Array(items) => Some(items),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Object(_) => {
                None
            }
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self.plain()? {
            Kind::String(text) => Some(Cow::Borrowed(text)),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Array(_) | Kind::Object(_) => None,
        }
    }

    fn as_number(&self) -> Option<&'a Number> {
        match self.plain()? {
            Kind::Number(number) => Some(number),
            Kind::Null | Kind::Bool(_) | Kind::String(_) | Kind::Array(_) | Kind::Object(_) => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.plain()? {
            Kind::Bool(value) => Some(*value),
            Kind::Null | Kind::Number(_) | Kind::String(_) | Kind::Array(_) | Kind::Object(_) => {
                None
            }
        }
    }

    fn is_null(&self) -> bool {
        matches!(self.plain(), Some(Kind::Null))
    }

    fn is_string(&self) -> bool {
        matches!(self.plain(), Some(Kind::String(_)))
    }

    fn json_type(&self) -> JsonType {
        match self.plain() {
            Some(Kind::Null) => JsonType::Null,
            Some(Kind::Bool(_)) => JsonType::Boolean,
            Some(Kind::Number(_)) => JsonType::Number,
            Some(Kind::String(_)) => JsonType::String,
            Some(Kind::Array(_)) => JsonType::Array,
            Some(Kind::Object(_)) | None => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match self.member {
            None => equals(self.value, expected),
            Some(name) => expected.as_object().is_some_and(|members| {
                let other = members.get(name);
                members.len() == 1 && other.is_some_and(|other| equals(self.value, other))
            }),
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        let value = copy(self.value);
        Cow::Owned(match self.member {
            None => value,
            Some(name) => Value::Object([(name.to_owned(), value)].into_iter().collect()),
        })
    }

    fn lazy_value(&self) -> LazyInstance<'a> {
        LazyInstance::Ready(Cow::Owned(Value::Null))
    }

    fn identity(&self) -> Option<json::NodeIdentity> {
        let address = std::ptr::from_ref(self.value).addr();
        self.plain().map(|_| json::NodeIdentity::new(address))
    }
}

fn equals(value: &Json<'_>, expected: &Value) -> bool {
    match (&value.kind, expected) {
        (Kind::Null, Value::Null) => true,
        (Kind::Bool(a), Value::Bool(b)) => a == b,
        (Kind::String(a), Value::String(b)) => a == b,
        (Kind::Number(a), Value::Number(b)) => json::cmp::equal_numbers(&a, b),
        (Kind::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equals(a, b))
        }
        (Kind::Object(a), Value::Object(b)) => {
            let same = |member: &Member<'_>| {
                let other = b.get(&*member.name);
                other.is_some_and(|other| equals(&member.value, other))
            };
            a.len() == b.len() && a.iter().all(same)
        }
        _ => false,
    }
}

fn copy(value: &Json<'_>) -> Value {
    match &value.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(number) => Value::Number(number.clone()),
        Kind::String(text) => Value::String(text.clone().into_owned()),
        Kind::Array(items) => items.iter().map(copy).collect(),
        Kind::Object(members) => members
            .iter()
            .map(|member| (member.name.clone().into_owned(), copy(&member.value)))
            .collect(),
    }
}

/// The members of an object.
#[derive(Clone, Copy)]
pub(crate) enum Object<'a> {
    /// As they were read.
    Members(&'a [Member<'a>]),
    /// The only one.
    One(&'a str, &'a Json<'a>),
}

impl<'a> json::Object<'a, Nodes> for Object<'a> {
    type Node = Node<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        match self {
            Self::Members(members) => members.len(),
            Self::One(..) => 1,
        }
    }

    fn get(&self, key: &Box<str>) -> Option<Node<'a>> {
        match self {
            Self::Members(members) => find(members, key).map(Node::of),
            Self::One(name, value) => (**name == **key).then(|| Node::of(value)),
        }
    }

    fn members(&self) -> Members<'a> {
        match self {
            Self::Members(members) => Members::Read(members.iter()),
            Self::One(name, value) => Members::One(Some((name, value))),
        }
    }
}

/// The members of an object, in turn.
pub(crate) enum Members<'a> {
    /// As they were read.
    Read(std::slice::Iter<'a, Member<'a>>),
    /// The only one, until it was asked for.
    One(Option<(&'a str, &'a Json<'a>)>),
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = match self {
            Self::Read(members) => members
                .next()
                .map(|member| (&*member.name, &member.value))?,
            Self::One(member) => member.take()?,
        };
        Some((name, Node::of(value)))
    }
}

impl<'a> json::Array<'a, Nodes> for &'a [Json<'a>] {
    type Node = Node<'a>;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        <[Json<'a>]>::len(self)
    }

    fn elements(&self) -> Elements<'a> {
        Elements(self.iter())
    }
}

/// The items of an array, in turn.
pub(crate) struct Elements<'a>(std::slice::Iter<'a, Json<'a>>);

impl<'a> Iterator for Elements<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        self.0.next().map(Node::of)
    }
}
