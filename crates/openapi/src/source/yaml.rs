//! YAML with places: events of `saphyr-parser` to a value, without recursion.
//!
//! One document per file. Mappings become objects: keys are text, whole numbers become text (`200:`), anything else is
//! refused. Aliases are copies, and count as such. Merge keys (`<<`) are YAML 1.1 and refused, not read as a key.

use super::{Fault, MAX_DEPTH, MAX_NODES, Node, narrow, scalar};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::ops::Range;

pub(super) fn read(text: &str) -> Result<(Value, Node), Fault> {
    let offsets = Offsets::new(text);
    let mut builder = Builder {
        text,
        nodes: 0,
        open: Vec::new(),
        anchors: HashMap::new(),
        done: None,
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| syntax(&offsets, &e))?;
        let place = offsets.byte(span.start)..offsets.byte(span.end);
        builder.event(event, place)?;
    }
    builder.done.ok_or_else(|| {
        Fault::new(0, "syntax", "the file is empty").hint("write a YAML or JSON mapping into it")
    })
}

fn syntax(offsets: &Offsets<'_>, error: &ScanError) -> Fault {
    let offset = offsets.byte(*error.marker());
    let fault = Fault::new(
        offset,
        "syntax",
        format!("this is not YAML: {}", error.info()),
    );
    if error.info().contains("tab") {
        return fault.hint("indent with spaces");
    }
    fault
}

/// A list or mapping that is not complete.
struct Open {
    start: usize,
    anchor: usize,
    /// The deepest nesting below, the list or mapping included.
    height: usize,
    count: usize,
    children: Vec<Node>,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    Mapping {
        members: Map<String, Value>,
        seen: HashMap<String, usize>,
        key: Option<(String, Range<usize>)>,
    },
}

/// What an anchor stands for.
#[derive(Clone)]
struct Anchored {
    value: Value,
    node: Node,
    height: usize,
    count: usize,
}

struct Builder<'a> {
    text: &'a str,
    nodes: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    done: Option<(Value, Node)>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, place: Range<usize>) -> Result<(), Fault> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.done.is_some() => Err(Fault::new(
                place.start,
                "unsupported-yaml",
                "a second document begins here",
            )
            .hint("one file holds one document: take the `---` away, or split the file")),
            Event::DocumentStart(_) => Ok(()),
            Event::Scalar(text, style, anchor, tag) => {
                if self.wants_key() {
                    return self.key(&text, style, tag.as_deref(), place);
                }
                let value = value(&text, style, tag.as_deref(), place.start)?;
                let node = leaf(place);
                self.complete(
                    anchor,
                    Anchored {
                        value,
                        node,
                        height: 0,
                        count: 1,
                    },
                )
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), "seq", place.start)?;
                self.begin(anchor, place.start, Content::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", place.start)?;
                let content = Content::Mapping {
                    members: Map::new(),
                    seen: HashMap::new(),
                    key: None,
                };
                self.begin(anchor, place.start, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            Event::Alias(anchor) => self.alias(anchor, place),
        }
    }

    fn wants_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                content: Content::Mapping { key: None, .. },
                ..
            })
        )
    }

    fn key(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        place: Range<usize>,
    ) -> Result<(), Fault> {
        if text == "<<" && style == ScalarStyle::Plain {
            return Err(Fault::new(
                place.start,
                "unsupported-yaml",
                "merge keys (`<<`) are not part of YAML 1.2",
            )
            .hint("write the members out, or use `$ref` or `allOf`"));
        }
        let text = match value(text, style, tag, place.start)? {
            Value::String(text) => text,
            Value::Number(number) if !number.is_f64() => number.to_string(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {
                return Err(Fault::new(
                    place.start,
                    "unsupported-yaml",
                    format!("the key `{text}` is not text"),
                )
                .hint(format!("put it in quotes: \"{text}\"")));
            }
        };
        if let Some(Open {
            content: Content::Mapping { seen, key, .. },
            ..
        }) = self.open.last_mut()
        {
            if let Some(first) = seen.insert(text.clone(), place.start) {
                return Err(Fault::duplicate(self.text, first, place.start, &text));
            }
            *key = Some((text, place));
        }
        Ok(())
    }

    fn begin(&mut self, anchor: usize, start: usize, content: Content) -> Result<(), Fault> {
        if self.wants_key() {
            return Err(complex_key(start));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault::too_deep(start));
        }
        self.open.push(Open {
            start,
            anchor,
            height: 1,
            count: 1,
            children: Vec::new(),
            content,
        });
        Ok(())
    }

    fn end(&mut self, place: Range<usize>) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        // A block ends where the next token begins: what lies between belongs to nobody.
        let text = self.text.get(open.start..place.end).unwrap_or_default();
        let end = open.start + text.trim_end().len();
        let node = Node {
            key: None,
            value: narrow(open.start..end),
            children: open.children,
        };
        let value = match open.content {
            Content::List(items) => Value::Array(items),
            Content::Mapping { members, .. } => Value::Object(members),
        };
        self.complete(
            open.anchor,
            Anchored {
                value,
                node,
                height: open.height,
                count: open.count,
            },
        )
    }

    fn alias(&mut self, anchor: usize, place: Range<usize>) -> Result<(), Fault> {
        if self.wants_key() {
            return Err(complex_key(place.start));
        }
        let Some(known) = self.anchors.get(&anchor) else {
            return Err(Fault::new(
                place.start,
                "unsupported-yaml",
                "the alias refers to something that it is a part of",
            ));
        };
        if self.open.len() + known.height > MAX_DEPTH {
            return Err(Fault::too_deep(place.start));
        }
        if self.nodes + known.count > MAX_NODES {
            return Err(Fault::too_many());
        }
        let known = known.clone();
        self.nodes += known.count - 1;
        self.complete(0, known)
    }

    /// Puts a value that is complete into what is around it.
    fn complete(&mut self, anchor: usize, mut item: Anchored) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Fault::too_many());
        }
        if anchor != 0 {
            self.anchors.insert(anchor, item.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.done = Some((item.value, item.node));
            return Ok(());
        };
        open.height = open.height.max(item.height + 1);
        open.count += item.count;
        match &mut open.content {
            Content::List(items) => items.push(item.value),
            Content::Mapping { members, key, .. } => {
                if let Some((key, place)) = key.take() {
                    item.node.key = Some(narrow(place));
                    members.insert(key, item.value);
                }
            }
        }
        open.children.push(item.node);
        Ok(())
    }

    fn collection_tag(&self, tag: Option<&Tag>, name: &str, offset: usize) -> Result<(), Fault> {
        match tag {
            Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == name) => {
                Err(unknown_tag(tag, offset))
            }
            _ => Ok(()),
        }
    }
}

fn value(text: &str, style: ScalarStyle, tag: Option<&Tag>, offset: usize) -> Result<Value, Fault> {
    let plain = || {
        scalar::plain(text).ok_or_else(|| {
            Fault::new(
                offset,
                "unsupported-yaml",
                format!("`{text}` is not a number that JSON can hold"),
            )
            .hint("put it in quotes if it is text")
        })
    };
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain {
            plain()
        } else {
            Ok(Value::String(text.to_owned()))
        };
    };
    let fits = match tag.suffix.as_str() {
        "str" if tag.is_yaml_core_schema() => return Ok(Value::String(text.to_owned())),
        "null" => Value::is_null,
        "bool" => Value::is_boolean,
        "int" => |value: &Value| value.is_i64() || value.is_u64(),
        "float" => Value::is_number,
        _ => return Err(unknown_tag(tag, offset)),
    };
    match plain()? {
        value if tag.is_yaml_core_schema() && fits(&value) => Ok(value),
        _ => Err(unknown_tag(tag, offset)),
    }
}

fn unknown_tag(tag: &Tag, offset: usize) -> Fault {
    Fault::new(
        offset,
        "unsupported-yaml",
        format!("the tag `{tag}` does not fit here"),
    )
    .hint("take the tag away: only the tags of the YAML core schema are read, on values that they fit")
}

fn complex_key(offset: usize) -> Fault {
    Fault::new(
        offset,
        "unsupported-yaml",
        "a key must be text, not a list, a mapping or an alias",
    )
}

fn leaf(place: Range<usize>) -> Node {
    Node {
        key: None,
        value: narrow(place),
        children: Vec::new(),
    }
}

/// Characters to bytes: `saphyr-parser` counts characters.
struct Offsets<'a> {
    text: &'a str,
    /// The byte of every [`Self::STEP`]th character; empty when every character is one byte.
    marks: Vec<usize>,
}

impl<'a> Offsets<'a> {
    const STEP: usize = 64;

    fn new(text: &'a str) -> Self {
        let marks = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices()
                .step_by(Self::STEP)
                .map(|(at, _)| at)
                .collect()
        };
        Self { text, marks }
    }

    fn byte(&self, marker: Marker) -> usize {
        let index = marker.index();
        if self.marks.is_empty() {
            return index.min(self.text.len());
        }
        let Some(&start) = self.marks.get(index / Self::STEP) else {
            return self.text.len();
        };
        let rest = self.text.get(start..).unwrap_or_default();
        rest.char_indices()
            .nth(index % Self::STEP)
            .map_or(self.text.len(), |(at, _)| start + at)
    }
}
