//! One field: from its texts or parts to a value, by its schema and its encoding.

use super::{Piece, deep};
use crate::config::{Encoding, Style};
use crate::contract::json::{self, Bounds, Fault, FaultKind};
use crate::contract::media::{self, Kind};
use crate::contract::parameter::{List, Object};
use crate::contract::value::{Look, Types, scalars};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Which reading of a text is taken where its schema allows several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefer {
    /// The most specific type.
    Specific,
    /// Text.
    Text,
}

/// A value that was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) value: Value,
    /// Whether there is another reading of some text in it.
    pub(super) is_ambiguous: bool,
}

/// How one field is read.
#[derive(Clone, Copy)]
pub(super) struct Field<'s> {
    pub(super) schema: Option<&'s Value>,
    /// Where references in the schema lead.
    pub(super) document: Option<&'s Value>,
    pub(super) encoding: Option<&'s Encoding>,
    /// Whether it is a part of a multipart body.
    pub(super) parts: bool,
    pub(super) prefer: Prefer,
    pub(super) bounds: Bounds,
}

impl<'s> Field<'s> {
    fn look(&self) -> Option<(Look<'s>, &'s Value)> {
        Some((Look::compiled(self.document?), self.schema?))
    }

    /// The types that it may have.
    pub(super) fn types(&self) -> Types {
        self.look()
            .map_or(Types::ALL, |(look, schema)| look.types(schema))
    }

    /// The same for the items of a list.
    pub(super) fn item(&self) -> Self {
        let schema = self.look().and_then(|(look, schema)| look.items(schema));
        Self { schema, ..*self }
    }

    /// The same for a member of an object.
    pub(super) fn member(&self, name: &str) -> Self {
        let members = self.look().map(|(look, schema)| look.members(schema));
        let schema = members.and_then(|m| m.declared.get(name).copied().or(m.others));
        Self { schema, ..*self }
    }

    /// Takes the field that is called `name` out of those that are left, if it is written in several of them, and reads it.
    pub(super) fn gathered(
        &self,
        name: &str,
        left: &mut BTreeMap<&str, Vec<&Piece<'_>>>,
    ) -> Result<Option<Read>, Fault> {
        let Some((style, explode)) = self.encoding.and_then(|e| Some((e.style?, e.explode))) else {
            return Ok(None);
        };
        if style == Style::DeepObject {
            let mut tree = deep::Tree::default();
            let from = (Bound::Included(name), Bound::Unbounded);
            let begin = left.range::<str, _>(from).map(|(written, _)| *written);
            let begin = begin.take_while(|written| written.starts_with(name));
            let ours: Vec<_> = begin
                .filter_map(|written| Some((written, deep::path(name, written)?)))
                .collect();
            let found = !ours.is_empty();
            for (written, path) in ours {
                for piece in left.remove(written).into_iter().flatten() {
                    tree.add(&path, text(piece)?)?;
                }
            }
            return if found {
                tree.read(self).map(Some)
            } else {
                Ok(None)
            };
        }
        if Object::of(style, explode) != Object::Members || !self.types().has(Types::OBJECT) {
            return Ok(None);
        }
        let Some((look, schema)) = self.look() else {
            return Ok(None);
        };
        let mut object = Map::new();
        let mut is_ambiguous = false;
        for member in look.members(schema).declared.keys() {
            if let Some(pieces) = left.remove::<str>(member) {
                let plain = Self {
                    encoding: None,
                    ..self.member(member)
                };
                let read = plain.read(&pieces).map_err(|fault| fault.within(member))?;
                is_ambiguous |= read.is_ambiguous;
                object.insert((*member).to_owned(), read.value);
            }
        }
        Ok((!object.is_empty()).then_some(Read {
            value: Value::Object(object),
            is_ambiguous,
        }))
    }

    /// Reads a field that stands under its own name.
    pub(super) fn read(&self, pieces: &[&Piece<'_>]) -> Result<Read, Fault> {
        let types = self.types();
        let is_list = types != Types::ALL && types.has(Types::ARRAY);
        let style = self.encoding.and_then(|e| Some((e.style?, e.explode)));
        let between = style.and_then(|(style, explode)| match List::of(style, explode) {
            List::Divided(between) => Some(between),
            List::Never | List::Repeated | List::Named => None,
        });
        match (pieces, between) {
            ([one], Some(between)) if is_list => {
                let item = self.item();
                let texts = text(one)?.split(between);
                gather(texts.map(|text| Ok(item.scalar(text, item.types()))))
            }
            ([one], Some(_)) if types != Types::ALL && types.has(Types::OBJECT) => {
                self.turns(text(one)?, style)
            }
            (many, None) if is_list && !self.is_json_as_whole() => {
                let item = self.item();
                gather(many.iter().map(|piece| item.one(piece)))
            }
            ([one], _) => self.one(one),
            _ => Err(Fault {
                kind: FaultKind::Duplicate,
                at: None,
                expected: "expected every field once".to_owned(),
            }),
        }
    }

    /// An object in one text: names and values in turn.
    fn turns(&self, text: &str, style: Option<(Style, bool)>) -> Result<Read, Fault> {
        let pairs = style.and_then(|(style, explode)| Object::of(style, explode).pairs(text));
        let Some(pairs) = pairs else {
            return Ok(self.scalar(text, self.types()));
        };
        let mut object = Map::new();
        let mut is_ambiguous = false;
        for (name, text) in pairs {
            let member = self.member(name);
            let read = member.scalar(text, member.types());
            is_ambiguous |= read.is_ambiguous;
            if object.insert(name.to_owned(), read.value).is_some() {
                return Err(Fault {
                    kind: FaultKind::Duplicate,
                    at: None,
                    expected: "expected every member once".to_owned(),
                });
            }
        }
        Ok(Read {
            value: Value::Object(object),
            is_ambiguous,
        })
    }

    /// Whether the encoding says that the whole is JSON, even if it is a list.
    fn is_json_as_whole(&self) -> bool {
        self.encoding.is_some_and(|e| {
            !e.content_types.is_empty() && e.content_types.iter().all(|t| media::is_json(t))
        })
    }

    /// Reads one text or part.
    fn one(&self, piece: &Piece<'_>) -> Result<Read, Fault> {
        let types = self.types();
        if self.parts && self.is_file(piece, types) {
            self.check_type(piece, None)?;
            return Ok(Read::of(self.file(&piece.bytes)));
        }
        let composed = types != Types::ALL && types.has_some(Types::OBJECT.or(Types::ARRAY));
        if self.is_json_as_whole() || composed {
            self.check_type(piece, Some(Kind::Json))?;
            return match json::read(&piece.bytes, self.bounds) {
                Ok(value) => Ok(Read::of(value)),
                // Only a text that is no JSON may still be a text.
                Err(fault) if fault.kind == FaultKind::Malformed && !self.is_json_as_whole() => {
                    Ok(self.scalar(text(piece)?, types))
                }
                Err(fault) => Err(fault),
            };
        }
        self.check_type(piece, Some(Kind::Text))?;
        if self.parts && piece.has_file_name {
            return Err(Fault {
                kind: FaultKind::Malformed,
                at: None,
                expected: "expected a field, not a file".to_owned(),
            });
        }
        Ok(self.scalar(text(piece)?, types))
    }

    /// Whether a part is a file: by its encoding, by its schema, or by itself where these say nothing.
    fn is_file(&self, piece: &Piece<'_>, types: Types) -> bool {
        let named = |name: &str| self.schema?.get(name)?.as_str();
        if let Some(encoding) = self.encoding.filter(|e| !e.content_types.is_empty()) {
            let read = |t: &String| media::is_json(t) || t == "text/plain";
            return !encoding.content_types.iter().all(read);
        }
        let binary = named("format") == Some("binary");
        let media = named("contentMediaType").is_some() && named("contentEncoding").is_none();
        binary || media || (types == Types::ALL && piece.has_file_name)
    }

    /// A file as a value: as many characters as it has bytes, where that is asked for.
    fn file(&self, bytes: &[u8]) -> Value {
        let counted = ["minLength", "maxLength"];
        let asked = self
            .schema
            .is_some_and(|schema| counted.iter().any(|name| schema.get(name).is_some()));
        if asked {
            Value::String(bytes.iter().map(|byte| char::from(*byte)).collect())
        } else {
            Value::String(String::new())
        }
    }

    /// A part's content type against what is declared, else against what it is read as.
    fn check_type(&self, piece: &Piece<'_>, kind: Option<Kind>) -> Result<(), Fault> {
        if !self.parts {
            return Ok(());
        }
        let declared = self.encoding.map_or(&[][..], |e| &e.content_types);
        let by_schema = || {
            let name = self.schema?.get("contentMediaType")?.as_str()?;
            Some(media::essence(name))
        };
        let sent = piece.content_type.as_ref();
        let fits = match sent {
            Some(sent) if kind.is_some() && !sent.is_utf8() => false,
            Some(sent) if !declared.is_empty() => {
                declared.iter().any(|d| media::fit(d, sent).is_some())
            }
            Some(sent) => match kind {
                Some(Kind::Json) => sent.is_json() || sent.essence == "text/plain",
                Some(_) => sent.essence == "text/plain",
                None => by_schema().is_none_or(|d| media::fit(&d, sent).is_some()),
            },
            // RFC 7578, section 4.4: `text/plain`.
            None => kind.is_some() || (declared.is_empty() && by_schema().is_none()),
        };
        if fits {
            return Ok(());
        }
        let expected = match (declared, by_schema()) {
            ([], Some(one)) => format!("expected `{one}`"),
            ([], None) if kind == Some(Kind::Json) => {
                "expected `application/json`, in UTF-8".to_owned()
            }
            ([], None) => "expected `text/plain`, in UTF-8".to_owned(),
            (several, _) => format!("expected `{}`", several.join("`, `")),
        };
        Err(Fault {
            kind: FaultKind::PartType,
            at: None,
            expected,
        })
    }

    /// Reads a text as one of some types. What is of none stays a text, which its schema refuses.
    pub(super) fn scalar(&self, text: &str, types: Types) -> Read {
        let mut readings = scalars(text, types);
        let is_ambiguous = readings.len() > 1;
        let value = match self.prefer {
            Prefer::Text => readings.pop(),
            Prefer::Specific => readings.into_iter().next(),
        };
        Read {
            value: value.unwrap_or_else(|| Value::String(text.to_owned())),
            is_ambiguous,
        }
    }
}

impl Read {
    /// A value of which there is one reading.
    pub(super) const fn of(value: Value) -> Self {
        Self {
            value,
            is_ambiguous: false,
        }
    }
}

/// A list of what was read.
fn gather(items: impl Iterator<Item = Result<Read, Fault>>) -> Result<Read, Fault> {
    let mut list = Vec::new();
    let mut is_ambiguous = false;
    for item in items {
        let read = item?;
        is_ambiguous |= read.is_ambiguous;
        list.push(read.value);
    }
    Ok(Read {
        value: Value::Array(list),
        is_ambiguous,
    })
}

fn text<'p>(piece: &'p Piece<'_>) -> Result<&'p str, Fault> {
    std::str::from_utf8(&piece.bytes).map_err(|_| Fault {
        kind: FaultKind::Malformed,
        at: None,
        expected: "expected UTF-8".to_owned(),
    })
}
