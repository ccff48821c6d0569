//! The one pass over the bytes.

use super::tree::{Json, Kind, Member, ORDERED_FROM, Span};
use super::{Bounds, DEEPEST, Fault, FaultKind, number, text};
use crate::contract::place;
use crate::problem::pointer;
use std::borrow::Cow;

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
    let room = text.len() / BYTES_FOR_EACH;
    let mut reader = Reader {
        text,
        at: 0,
        values_left: bounds.values,
        items: Vec::with_capacity(room.min(ROOM)),
        members: Vec::with_capacity(room.min(ROOM)),
        fault: None,
    };
    match reader.value(bounds.depth.min(DEEPEST)) {
        Some(value) if reader.next().is_none() => Ok(value),
        _ => Err(reader.into_fault(bounds)),
    }
}

/// A text seldom has more members or items than one for so many bytes.
const BYTES_FOR_EACH: usize = 16;
/// For so many there is room from the start: growing from nothing costs more than it saves.
const ROOM: usize = 64;

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
        let first = self.next();
        let Some(left) = self.values_left.checked_sub(1) else {
            return self.stop(FaultKind::Complex);
        };
        self.values_left = left;
        let start = self.at;
        let kind = match first? {
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
        if self.next() == Some(b']') {
            self.at += 1;
            return Some(Kind::Array(Box::default()));
        }
        loop {
            let Some(item) = self.value(depth) else {
                let index = self.items.len() - base;
                self.passing(|| index.to_string());
                return None;
            };
            self.items.push(item);
            match self.next()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.at += 1;
        Some(Kind::Array(self.items.split_off(base).into_boxed_slice()))
    }

    fn object(&mut self, depth: u32) -> Option<Kind<'t>> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.stop(FaultKind::Deep);
        };
        self.at += 1;
        let base = self.members.len();
        if self.next() == Some(b'}') {
            self.at += 1;
            return Some(Kind::Object(Box::default()));
        }
        let mut seen = Seen::default();
        loop {
            if self.next()? != b'"' {
                return None;
            }
            let start = place_of(self.at);
            let name = self.string()?;
            if seen.adds(&name) && self.is_repeated(base, &name) {
                self.fault = Some((FaultKind::Duplicate, vec![name.into_owned()]));
                return None;
            }
            if self.next()? != b':' {
                return None;
            }
            self.at += 1;
            let Some(value) = self.value(depth) else {
                self.passing(|| name.into_owned());
                return None;
            };
            self.members.push(Member { name, start, value });
            match self.next()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        self.close(base).map(Kind::Object)
    }

    /// Whether an object has a member already. Of objects with many members, only the first ones are known here.
    #[inline(never)]
    fn is_repeated(&self, base: usize, name: &str) -> bool {
        let members = self.members.get(base..).unwrap_or_default();
        members.len() < ORDERED_FROM && members.iter().any(|member| member.name == name)
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

    fn string(&mut self) -> Option<Cow<'t, str>> {
        let start = self.at + 1;
        let end = text::plain(self.text, start);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return self.escaped(start, end);
        }
        self.at = end + 1;
        self.text.get(start..end).map(Cow::Borrowed)
    }

    /// A text that does not mean itself to its end.
    #[inline(never)]
    fn escaped(&mut self, start: usize, end: usize) -> Option<Cow<'t, str>> {
        let read = text::escaped(self.text, start, end);
        self.ended(read).map(Cow::Owned)
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

    /// The byte that comes next, behind white space. It is not taken.
    fn next(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match *bytes.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(byte),
            }
        }
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
        let (first, last) = match *name.as_bytes() {
            [] => (0, 0),
            [only] => (only, 0),
            [first, .., last] => (first, last),
        };
        let length = name.len().to_le_bytes()[0];
        let mixed = u32::from_le_bytes([first, last, length, 0]).wrapping_mul(0x9e37_79b1);
        let mark = 1_u64 << (mixed >> 26);
        let was_there = self.0 & mark != 0;
        self.0 |= mark;
        was_there
    }
}
