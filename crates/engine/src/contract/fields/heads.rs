//! The header fields of parts that a description says something of: `headers` of an `encoding`.

use super::Piece;
use crate::config;
use crate::contract::parameter::{Given, Parameter};
use crate::contract::place;
use crate::contract::schema::{Schemas, Violation};
use crate::problem::pointer;
use std::collections::BTreeMap;

/// What the heads of parts must hold, by the name of the part.
#[derive(Debug, Default)]
pub(in crate::contract) struct Heads(BTreeMap<String, Vec<Parameter>>);

impl Heads {
    pub(in crate::contract) fn compile<'a>(
        heads: &'a BTreeMap<String, Vec<config::Parameter>>,
        schemas: &mut Schemas<'a>,
    ) -> Self {
        let compiled = heads.iter().map(|(name, headers)| {
            let headers = headers.iter();
            let headers = headers.filter_map(|header| Parameter::compile(header, schemas));
            (name.clone(), headers.collect())
        });
        Self(compiled.collect())
    }

    /// How the heads of these parts break what is described, at the places of the parts.
    pub(super) fn violations(&self, pieces: &[Piece<'_>], most: usize) -> Vec<Violation> {
        let described = pieces
            .iter()
            .filter_map(|piece| Some((piece, self.0.get(&*piece.name)?)));
        let found = described
            .flat_map(|(piece, headers)| headers.iter().filter_map(|header| check(piece, header)));
        found.take(most).collect()
    }
}

fn check(piece: &Piece<'_>, header: &Parameter) -> Option<Violation> {
    let name = header.name.as_str();
    let sent = piece.head.iter().filter(|(sent, _)| sent == name);
    let refusal = header.check(&Given::of(sent.map(|(_, value)| *value).collect()))?;
    let expected = refusal.detail.map_or_else(
        || format!("expected the header `{name}` in this part"),
        |expected| format!("in the header `{name}` of this part: {expected}"),
    );
    Some(Violation {
        at: place::bounded(&pointer("", &piece.name)),
        expected,
    })
}
