//! What the operations of a document come to, with fragments expanded.
//!
//! INVARIANT (linear): what a fragment comes to is computed once, and added wherever it is spread, so that fragments that double each
//! other cost no more than they are long. INVARIANT (stack): nothing here calls itself.

use super::Fault;
use super::document::{Amount, Block, Document, Node};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What something comes to. Numbers that do not fit are the largest that do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) fields: u64,
    pub(super) root_fields: u64,
    pub(super) aliases: u64,
    pub(super) directives: u64,
    pub(super) depth: u64,
    pub(super) cost: u64,
    pub(super) introspects: bool,
}

impl Weight {
    /// Both, one beside the other.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            root_fields: self.root_fields.saturating_add(other.root_fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            depth: self.depth.max(other.depth),
            cost: self.cost.saturating_add(other.cost),
            introspects: self.introspects || other.introspects,
        }
    }

    /// The same at another place.
    fn at(self, place: Place) -> Self {
        Self {
            root_fields: if place.depth == 0 {
                self.root_fields
            } else {
                0
            },
            depth: self.depth.saturating_add(place.depth),
            cost: self.cost.saturating_mul(place.factor),
            ..self
        }
    }
}

/// Where a selection stands: in how many fields, and how often it is made.
#[derive(Debug, Clone, Copy)]
struct Place {
    depth: u64,
    factor: u64,
}

/// What every operation of a document comes to, in their order.
pub(super) fn weigh(
    document: &Document<'_>,
    variables: Option<&Map<String, Value>>,
) -> Result<Vec<Weight>, Fault> {
    let mut scale = Scale {
        document,
        variables,
        known: BTreeMap::new(),
    };
    for name in document.fragments.keys() {
        scale.fragment(name)?;
    }
    let operations = document.operations.iter();
    operations.map(|o| scale.block(&o.block)).collect()
}

struct Scale<'d, 'a> {
    document: &'d Document<'a>,
    variables: Option<&'d Map<String, Value>>,
    /// Fragments; `None` while one is being weighed.
    known: BTreeMap<&'a str, Option<Weight>>,
}

impl<'d, 'a> Scale<'d, 'a> {
    /// Weighs a fragment after all that it spreads. One that is met again on the way down spreads itself.
    fn fragment(&mut self, name: &'a str) -> Result<(), Fault> {
        if self.known.contains_key(name) {
            return Ok(());
        }
        let mut way = vec![self.enter(name)?];
        while let Some((name, block, spreads)) = way.last_mut() {
            let Some(next) = spreads.next() else {
                let (name, weight) = (*name, self.block(block)?);
                self.known.insert(name, Some(weight));
                way.pop();
                continue;
            };
            match self.known.get(next) {
                Some(Some(_)) => {}
                Some(None) => return Err(Fault::Cycle),
                None => way.push(self.enter(next)?),
            }
        }
        Ok(())
    }

    fn enter(
        &mut self,
        name: &'a str,
    ) -> Result<
        (
            &'a str,
            &'d Block<'a>,
            impl Iterator<Item = &'a str> + use<'d, 'a>,
        ),
        Fault,
    > {
        let block = self.document.fragments.get(name).ok_or(Fault::Fragment)?;
        self.known.insert(name, None);
        let spreads = block.nodes.iter().filter_map(|node| match node {
            Node::Spread(name) => Some(*name),
            Node::Field { .. } | Node::Open | Node::Inline | Node::Close => None,
        });
        Ok((name, block, spreads))
    }

    /// Weighs one definition, whose fragments are known.
    fn block(&self, block: &Block<'_>) -> Result<Weight, Fault> {
        let mut total = Weight {
            directives: block.directives,
            ..Weight::default()
        };
        let mut here = Place {
            depth: 0,
            factor: 1,
        };
        let mut inside = here;
        let mut way = Vec::new();
        for node in &block.nodes {
            match node {
                Node::Field {
                    aliased,
                    introspects,
                    sizes,
                } => {
                    let field = Weight {
                        fields: 1,
                        root_fields: 1,
                        aliases: u64::from(*aliased),
                        directives: 0,
                        depth: 1,
                        cost: 1,
                        introspects: *introspects,
                    };
                    total = total.and(field.at(here));
                    let size = sizes.iter().map(|size| self.size(*size)).max();
                    inside = Place {
                        depth: here.depth.saturating_add(1),
                        factor: here.factor.saturating_mul(size.unwrap_or(1).max(1)),
                    };
                }
                Node::Open => way.push(std::mem::replace(&mut here, inside)),
                Node::Inline => way.push(here),
                Node::Close => here = way.pop().unwrap_or(here),
                Node::Spread(name) => {
                    let weight = self.known.get(name).copied().flatten();
                    total = total.and(weight.ok_or(Fault::Fragment)?.at(here));
                }
            }
        }
        Ok(total)
    }

    /// How long a list is. What is no whole number is longer than any bound.
    fn size(&self, amount: Amount<'_>) -> u64 {
        match amount {
            Amount::Known(size) => size,
            Amount::Absent => 1,
            Amount::Unreadable => u64::MAX,
            Amount::Variable(name) => match self.variables.and_then(|all| all.get(name)) {
                Some(value) => given(value),
                None => match self.document.defaults.get(name) {
                    Some(Amount::Known(size)) => *size,
                    Some(Amount::Unreadable) => u64::MAX,
                    Some(Amount::Absent | Amount::Variable(_)) | None => 1,
                },
            },
        }
    }
}

/// A variable's value: numbers such as `10.0` are whole to some servers.
fn given(value: &Value) -> u64 {
    match value {
        Value::Null => 1,
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(size), _) => size,
            (None, Some(_)) => 0,
            (None, None) => u64::MAX,
        },
        Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => u64::MAX,
    }
}
