//! YAML and JSON files as values with places.
//!
//! Why not serde alone: a message about line 4,120 of a description needs the line, and both formats let a key
//! appear twice, which two readers can read in two ways. Both are read strictly here, into the same form.
//!
//! Invariants: [`Source::value`] and the tree of places have the same shape; no object has a key twice; nesting
//! and the number of values are bounded ([`MAX_DEPTH`], [`MAX_NODES`]), also where YAML aliases multiply them.

mod json;
mod lines;
mod scalar;
mod yaml;

#[cfg(test)]
mod tests;

use lines::Lines;
use meshward_engine::Problem;
use serde_json::Value;
use std::ops::Range;

/// The deepest nesting of lists and mappings.
pub const MAX_DEPTH: usize = 128;

/// The most values in one file, after aliases are followed.
pub const MAX_NODES: usize = 2_000_000;

/// The largest file, in bytes.
pub const MAX_BYTES: usize = 128 << 20;

/// A file that was read.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    text: String,
    value: Value,
    root: Node,
    lines: Lines,
}

/// Where a value stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The line of the key, or of the value where it has no key. Counted from 1.
    pub line: usize,
    /// The column in that line, in characters. Counted from 1.
    pub column: usize,
    /// The bytes of the key, when the value is a member of a mapping.
    pub key: Option<Range<usize>>,
    /// The bytes of the value.
    pub value: Range<usize>,
}

/// A file that cannot be read as YAML or JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong. The place is in the message too, because there is no pointer into a file without values.
    pub problem: Problem,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The byte where the mistake was noticed.
    pub offset: usize,
}

/// The bytes of a value and of what is in it. Children stand in the order of the value's.
#[derive(Debug, Clone, Default)]
struct Node {
    key: Option<Range<u32>>,
    value: Range<u32>,
    children: Vec<Node>,
}

/// What a reader of one format found wrong, before the file's name and lines are known.
#[derive(Debug)]
struct Fault {
    offset: usize,
    code: &'static str,
    message: String,
    hint: Option<String>,
}

impl Source {
    /// Reads a file: as JSON when its name ends in `.json`, else as YAML 1.2 with the core schema.
    ///
    /// # Errors
    /// The first mistake in the file, with its line and column.
    pub fn parse(name: &str, text: &str) -> Result<Self, Box<Unreadable>> {
        Self::read(name, text, is_json(name))
    }

    /// Reads a file that is JSON by what it is for.
    ///
    /// # Errors
    /// The first mistake in the file, with its line and column.
    pub fn parse_json(name: &str, text: &str) -> Result<Self, Box<Unreadable>> {
        Self::read(name, text, true)
    }

    fn read(name: &str, text: &str, as_json: bool) -> Result<Self, Box<Unreadable>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = Lines::new(text);
        let read = if text.len() > MAX_BYTES {
            let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
            Err(Fault::new(0, "file-too-large", message))
        } else if as_json {
            json::read(text)
        } else {
            yaml::read(text)
        };
        match read {
            Ok((value, root)) => Ok(Self {
                name: name.to_owned(),
                text: text.to_owned(),
                value,
                root,
                lines,
            }),
            Err(fault) => Err(Box::new(fault.locate(name, text, &lines))),
        }
    }

    /// The name that the file was read by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text, without a byte order mark. Offsets in a [`Span`] count from its start.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The content.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The content, without a copy.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// Where a JSON pointer leads, or the nearest thing around it that exists.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Span {
        let (mut value, mut node) = (&self.value, &self.root);
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let Some((inner, found)) = child(value, node, &step) else {
                break;
            };
            (value, node) = (inner, found);
        }
        let key = node.key.as_ref().map(widen);
        let value = widen(&node.value);
        let start = key.as_ref().map_or(value.start, |key| key.start);
        let (line, column) = self.line_column(start);
        Span {
            line,
            column,
            key,
            value,
        }
    }

    /// The line and column of a byte, both counted from 1; columns count characters.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        self.lines.line_column(&self.text, offset)
    }
}

impl Fault {
    fn new(offset: usize, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            offset,
            code,
            message: message.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same key twice: the second one is the offset.
    fn duplicate(text: &str, first: usize, second: usize, key: &str) -> Self {
        let (line, column) = Lines::new(text).line_column(text, first);
        Self::new(
            second,
            "duplicate-key",
            format!("the key `{key}` stands here twice, first at line {line}, column {column}"),
        )
        .hint("keep one of them; readers do not agree on which one counts")
    }

    fn too_many() -> Self {
        Self::new(
            0,
            "file-too-large",
            format!("the file holds more than {MAX_NODES} values"),
        )
        .hint("split the description by API, or make aliases refer to less")
    }

    fn too_deep(offset: usize) -> Self {
        Self::new(
            offset,
            "file-too-deep",
            format!("lists and mappings are nested more than {MAX_DEPTH} deep"),
        )
    }

    fn locate(self, name: &str, text: &str, lines: &Lines) -> Unreadable {
        let Self {
            offset,
            code,
            message,
            hint,
        } = self;
        let (line, column) = lines.line_column(text, offset);
        let mut problem =
            Problem::error(code, "", format!("line {line}, column {column}: {message}")).file(name);
        problem.hint = hint;
        Unreadable {
            problem,
            line,
            column,
            offset,
        }
    }
}

fn is_json(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"))
}

fn child<'a>(value: &'a Value, node: &'a Node, step: &str) -> Option<(&'a Value, &'a Node)> {
    let (position, inner) = match value {
        Value::Object(members) => (
            members.keys().position(|key| key == step)?,
            members.get(step)?,
        ),
        Value::Array(items) => {
            let position = step.parse().ok()?;
            (position, items.get(position)?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    Some((inner, node.children.get(position)?))
}

fn widen(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// Files are at most [`MAX_BYTES`] long, so that every offset fits.
fn narrow(range: Range<usize>) -> Range<u32> {
    let fit = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    fit(range.start)..fit(range.end)
}
