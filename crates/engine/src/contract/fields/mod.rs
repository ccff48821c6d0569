//! Forms: bodies that are fields by name, read as one object and held to one schema.
//!
//! A field's text has no type; its schema does. What may be read as several types is read as the most specific one, and where the
//! object then breaks its schema, as text. A field stands once, unless its schema says that it is a list.
//!
//! INVARIANT (one reading): a name that another server would take for a declared field (`role[]` for `role`) is refused.

mod deep;
mod heads;
mod multipart;
mod urlencoded;
mod written;

pub(super) use heads::Heads;
pub(super) use multipart::Limits;

use super::json::{Bounds, Fault, FaultKind};
use super::media::ContentType;
use super::place;
use super::schema::{Schema, Violation};
use super::value::Look;
use crate::config::Encoding;
use crate::problem::pointer;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use written::{Field, Prefer};

/// One field, as it was sent.
#[derive(Debug)]
struct Piece<'b> {
    name: Cow<'b, str>,
    bytes: Cow<'b, [u8]>,
    /// The header fields, with their names in lower case. Each name stands once.
    head: Vec<(String, &'b str)>,
    content_type: Option<ContentType<'b>>,
    has_file_name: bool,
}

/// How a form is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form<'a> {
    pub(super) schema: Option<&'a Schema>,
    /// How fields are written, where the description says so.
    pub(super) encoding: &'a BTreeMap<String, Encoding>,
    /// What stands in the heads of parts.
    pub(super) heads: &'a Heads,
    pub(super) bounds: Bounds,
}

impl Form<'_> {
    /// Judges an `application/x-www-form-urlencoded` body.
    pub(super) fn urlencoded(&self, body: &[u8], most: usize) -> Result<Vec<Violation>, Fault> {
        let pieces = urlencoded::read(body, self.bounds.values)?;
        self.judge(&pieces, false, most)
    }

    /// Judges a `multipart/form-data` body.
    pub(super) fn multipart(
        &self,
        body: &[u8],
        boundary: &str,
        limits: Limits,
        most: usize,
    ) -> Result<Vec<Violation>, Fault> {
        let pieces = multipart::read(body, boundary, limits)?;
        let mut found = self.heads.violations(&pieces, most);
        // What cannot be read is a fault, whatever the heads say.
        found.extend(self.judge(&pieces, true, most)?);
        found.truncate(most);
        Ok(found)
    }

    fn judge(
        &self,
        pieces: &[Piece<'_>],
        parts: bool,
        most: usize,
    ) -> Result<Vec<Violation>, Fault> {
        let object = self.object(pieces, parts, Prefer::Specific)?;
        let Some(schema) = self.schema else {
            return Ok(Vec::new());
        };
        let found = schema.violations(&mut object.value.into(), most);
        if found.is_empty() || !object.is_ambiguous {
            return Ok(found);
        }
        let object = self.object(pieces, parts, Prefer::Text)?;
        let again = schema.violations(&mut object.value.into(), most);
        Ok(if again.is_empty() { again } else { found })
    }

    fn object(
        &self,
        pieces: &[Piece<'_>],
        parts: bool,
        prefer: Prefer,
    ) -> Result<written::Read, Fault> {
        let text = self.schema.and_then(Schema::text);
        let members = text.map(|(schema, document)| Look::compiled(document).members(schema));
        let declared = members.as_ref().map(|m| &m.declared);
        let others = members.as_ref().and_then(|m| m.others);
        let mut left: BTreeMap<&str, Vec<&Piece<'_>>> = BTreeMap::new();
        for piece in pieces {
            check_charset(piece)?;
            left.entry(&piece.name).or_default().push(piece);
        }
        let field = |name: &str| Field {
            schema: declared.and_then(|d| d.get(name).copied()).or(others),
            document: text.map(|(_, document)| document),
            encoding: self.encoding.get(name),
            parts,
            prefer,
            bounds: self.bounds,
        };
        let mut object = Map::new();
        let mut is_ambiguous = false;
        // Those whose members are fields of their own go first: they say which names are theirs.
        for name in declared.into_iter().flat_map(BTreeMap::keys) {
            let found = field(name).gathered(name, &mut left);
            let Some(read) = found.map_err(|fault| fault.within(name))? else {
                continue;
            };
            is_ambiguous |= read.is_ambiguous;
            object.insert((*name).to_owned(), read.value);
        }
        for (name, pieces) in left {
            let base = name.split_once('[').map(|(base, _)| base);
            if base.is_some_and(|base| declared.is_some_and(|d| d.contains_key(base)))
                && !declared.is_some_and(|d| d.contains_key(name))
            {
                return Err(Fault::whole(
                    FaultKind::Malformed,
                    "expected names without brackets: other servers take this field for another"
                        .to_owned(),
                )
                .within(name));
            }
            let read = field(name).read(&pieces);
            let read = read.map_err(|fault| fault.within(name))?;
            is_ambiguous |= read.is_ambiguous;
            object.insert(name.to_owned(), read.value);
        }
        Ok(written::Read {
            value: Value::Object(object),
            is_ambiguous,
        })
    }
}

/// A field of this name changes how some servers decode all others (HTML, "Multipart form data").
fn check_charset(piece: &Piece<'_>) -> Result<(), Fault> {
    if piece.name != "_charset_" || piece.bytes.eq_ignore_ascii_case(b"utf-8") {
        return Ok(());
    }
    Err(Fault::whole(FaultKind::Malformed, "expected UTF-8".to_owned()).within(&piece.name))
}

impl Fault {
    /// A fault of the whole body.
    pub(super) const fn whole(kind: FaultKind, expected: String) -> Self {
        Self {
            kind,
            at: None,
            expected,
        }
    }

    /// The same, below a member.
    pub(super) fn within(self, name: &str) -> Self {
        let inner = self.at.unwrap_or_default();
        let at = place::bounded(&format!("{}{inner}", pointer("", name)));
        Self {
            at: Some(at),
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
