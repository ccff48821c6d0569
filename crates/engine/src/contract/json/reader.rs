//! The one pass over the bytes.

use super::tree::{Json, Kind, Member, ORDERED_FROM, Span};
use super::{Bounds, DEEPEST, Fault, FaultKind, number, text};
use crate::contract::place;
use crate::problem::pointer;

/// Reads one value, and nothing after it.
pub(super) fn read(bytes: &[u8], bounds: Bounds) -> Result<Json<'_>, Fault> {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(malformed(bytes, error.valid_up_to())),
    };
    // Places are kept in 32 bits.
    if u32::try_from(text.len()).is_err() {
        return Err(malformed(bytes, 0));
    }
    let mut reader = Reader {
        text,
        at: 0,
        values_left: bounds.values,
        items: Vec::new(),
        members: Vec::new(),
        fault: None,
    };
    let value = reader.value(bounds.depth.min(DEEPEST));
    reader.space();
    match value {
        Some(value) if reader.at == text.len() => Ok(value),
        _ => Err(reader.into_fault(bounds)),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    values_left: u32,
    /// What was read of the arrays and objects that are open: taken out in one piece when one closes.
    items: Vec<Json<'t>>,
    members: Vec<Member<'t>>,
    /// What stopped it, if it was not the grammar, and the steps that led there, the innermost first.
    fault: Option<(FaultKind, Vec<String>)>,
}

impl<'t> Reader<'t> {
    /// `None` where it breaks: at `self.at`, or for the reason in `self.fault`.
    fn value(&mut self, depth: u32) -> Option<Json<'t>> {
        self.space();
        let Some(left) = self.values_left.checked_sub(1) else {
            return self.stop(FaultKind::Complex);
        };
        self.values_left = left;
        let start = self.at;
        let kind = match self.peek()? {
            b'"' => Kind::String(self.string()?),
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b't' => self.word("true", Kind::Bool(true))?,
            b'f' => self.word("false", Kind::Bool(false))?,
            b'n' => self.word("null", Kind::Null)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return None,
        };
        let span = Span {
            start: place_of(start),
            end: place_of(self.at),
        };
        Some(Json { span, kind })
    }

    fn array(&mut self, depth: u32) -> Option<Kind<'t>> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.stop(FaultKind::Deep);
        };
        self.at += 1;
        let base = self.items.len();
        self.space();
        if self.take(b']') {
            return Some(Kind::Array(Box::default()));
        }
        loop {
            let Some(item) = self.value(depth) else {
                let index = self.items.len() - base;
                self.passing(|| index.to_string());
                return None;
            };
            self.items.push(item);
            self.space();
            if self.take(b',') {
                continue;
            }
            if self.take(b']') {
                return Some(Kind::Array(self.items.split_off(base).into_boxed_slice()));
            }
            return None;
        }
    }

    fn object(&mut self, depth: u32) -> Option<Kind<'t>> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.stop(FaultKind::Deep);
        };
        self.at += 1;
        let base = self.members.len();
        self.space();
        if self.take(b'}') {
            return Some(Kind::Object(Box::default()));
        }
        let mut seen = Seen::default();
        loop {
            self.space();
            let start = self.at;
            if self.peek()? != b'"' {
                return None;
            }
            let name = self.string()?;
            if self.is_repeated(&mut seen, base, &name) {
                self.fault = Some((FaultKind::Duplicate, vec![name.into_owned()]));
                return None;
            }
            self.space();
            if !self.take(b':') {
                return None;
            }
            let Some(value) = self.value(depth) else {
                self.passing(|| name.into_owned());
                return None;
            };
            self.members.push(Member {
                name,
                start: place_of(start),
                value,
            });
            self.space();
            if self.take(b',') {
                continue;
            }
            if self.take(b'}') {
                return self.close(base).map(Kind::Object);
            }
            return None;
        }
    }

    /// Whether an object has a member already. Of objects with many members, only the first ones are known here.
    fn is_repeated(&self, seen: &mut Seen, base: usize, name: &str) -> bool {
        let members = self.members.get(base..).unwrap_or_default();
        members.len() < ORDERED_FROM
            && seen.adds(name)
            && members.iter().any(|member| member.name == name)
    }

    fn close(&mut self, base: usize) -> Option<Box<[Member<'t>]>> {
        let mut members = self.members.split_off(base).into_boxed_slice();
        if members.len() > ORDERED_FROM {
            members.sort_unstable_by(|a, b| a.name.cmp(&b.name));
            let repeated = members
                .array_windows()
                .find(|[one, next]| one.name == next.name);
            if let Some([one, _]) = repeated {
                self.fault = Some((FaultKind::Duplicate, vec![one.name.clone().into_owned()]));
                return None;
            }
        }
        Some(members)
    }

    fn string(&mut self) -> Option<std::borrow::Cow<'t, str>> {
        let read = text::read(self.text, self.at + 1);
        self.ended(read)
    }

    fn number(&mut self) -> Option<Kind<'t>> {
        let read = number::read(self.text, self.at);
        self.ended(read).map(Kind::Number)
    }

    fn word(&mut self, word: &str, kind: Kind<'t>) -> Option<Kind<'t>> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let same = rest.iter().zip(word.as_bytes()).take_while(|(a, b)| a == b);
        let same = same.count();
        self.at += same;
        (same == word.len()).then_some(kind)
    }

    /// Goes on behind what was read, or to where it broke.
    fn ended<T>(&mut self, read: Result<(T, usize), usize>) -> Option<T> {
        match read {
            Ok((read, end)) => {
                self.at = end;
                Some(read)
            }
            Err(at) => {
                self.at = at;
                None
            }
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    #[cold]
    fn stop<T>(&mut self, kind: FaultKind) -> Option<T> {
        self.fault = Some((kind, Vec::new()));
        None
    }

    /// On the way out after a fault: remembers which step led to it.
    #[cold]
    fn passing(&mut self, step: impl FnOnce() -> String) {
        if let Some((_, steps)) = &mut self.fault {
            steps.push(step());
        }
    }

    #[cold]
    fn into_fault(self, bounds: Bounds) -> Fault {
        let Some((kind, steps)) = self.fault else {
            return malformed(self.text.as_bytes(), self.at);
        };
        let expected = match kind {
            FaultKind::Duplicate => "expected every member once".to_owned(),
            FaultKind::Deep => format!(
                "expected at most {} levels of nesting",
                bounds.depth.min(DEEPEST)
            ),
            FaultKind::Malformed
            | FaultKind::Complex
            | FaultKind::Parts
            | FaultKind::PartSize
            | FaultKind::PartType => format!("expected at most {} values", bounds.values),
        };
        let at = steps
            .iter()
            .rev()
            .fold(String::new(), |base, step| pointer(&base, step));
        Fault {
            kind,
            at: Some(place::bounded(&at)),
            expected,
        }
    }
}

/// A fault of the grammar.
#[cold]
fn malformed(bytes: &[u8], at: usize) -> Fault {
    let read = bytes.get(..=at).unwrap_or(bytes);
    let line = read.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = read
        .rsplit(|byte| *byte == b'\n')
        .next()
        .map_or(0, <[u8]>::len);
    Fault {
        kind: FaultKind::Malformed,
        at: None,
        expected: format!("expected one JSON value; it breaks at line {line}, column {column}"),
    }
}

/// A place in a text that is not longer than 32 bits say.
fn place_of(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Marks of the names of an object: most new names have a mark that is not there yet, and need not be compared with the others.
#[derive(Default)]
struct Seen(u64);

impl Seen {
    /// Adds the mark of a name. Whether it was there.
    fn adds(&mut self, name: &str) -> bool {
        let bytes = name.as_bytes();
        let byte = |at: usize| bytes.get(at).map_or(0, |byte| u32::from(*byte));
        let (first, middle, last) = (
            byte(0),
            byte(bytes.len() / 2),
            bytes.last().map_or(0, |byte| u32::from(*byte)),
        );
        let length = u32::from(bytes.len().to_le_bytes()[0]);
        let mixed = (first | middle << 8 | last << 16 | length << 24).wrapping_mul(0x9e37_79b1);
        let mark = 1_u64 << (mixed >> 26);
        let was_there = self.0 & mark != 0;
        self.0 |= mark;
        was_there
    }
}
