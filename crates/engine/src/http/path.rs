//! The normal form of a path, and the paths that have none.
//!
//! Normal means: unreserved characters stand for themselves, everything else that RFC 3986 does not allow in a segment is
//! percent-encoded in upper case, there are no dot segments, no empty segments but a last one, and no `;` parameters.
//!
//! Some spellings are read differently by different servers, and have no normal form at all. They are refused however the
//! policy is set:
//! - an encoded slash or backslash, a plain backslash, NUL and the other control characters;
//! - a `..` that climbs above the root, or that follows an empty segment: `/a//../b` is `/a/b` to a server that keeps
//!   empty segments, and `/b` to one that merges slashes first;
//! - a dot segment with parameters (`..;x`), which is a dot segment only to servers that know parameters;
//! - a segment that still holds `%2e`, `%2f`, `%5c` or `%00` after decoding (`%252e`, `%25252e`), because a server
//!   that decodes twice would walk elsewhere.

use super::ByteSet;
use super::percent::{self, Unit};
use crate::verdict::{Reason, Refusal};

/// A path in its normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NormalPath {
    /// The segments, fully decoded. `/` has none; a final slash gives an empty last one.
    pub(crate) segments: Vec<String>,
    /// The text to send; `None` where it is the path as it came.
    pub(crate) text: Option<String>,
}

/// One segment, decoded and in normal form.
struct Segment {
    decoded: String,
    normal: String,
}

/// Brings a path into its normal form. It begins with `/` and has no query. Time and memory are linear in its length.
///
/// # Errors
/// The fault of the first segment that has one: `TargetEncoding` or `TargetAmbiguous`.
pub(crate) fn normalise(path: &[u8]) -> Result<NormalPath, Refusal> {
    if let Some(segments) = plain(path) {
        return Ok(NormalPath {
            segments,
            text: None,
        });
    }
    unusual(path)
}

/// The same for a path that holds something encoded, or is not in its normal form.
#[cold]
fn unusual(path: &[u8]) -> Result<NormalPath, Refusal> {
    let raw = path;
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let mut kept: Vec<Segment> = Vec::new();
    let mut ends_in_slash = false;
    for raw in path.split(|byte| *byte == b'/') {
        let segment = read_segment(raw)?;
        ends_in_slash = matches!(segment.decoded.as_str(), "" | "." | "..");
        match segment.decoded.as_str() {
            "." => {}
            ".." => match kept.pop() {
                None => return Err(ambiguous("no `..` above the root")),
                Some(parent) if parent.decoded.is_empty() => {
                    return Err(ambiguous("no `..` after an empty segment"));
                }
                Some(_) => {}
            },
            _ => kept.push(segment),
        }
    }
    kept.retain(|segment| !segment.decoded.is_empty());
    let mut text = String::with_capacity(path.len() + 1);
    let mut segments = Vec::with_capacity(kept.len() + 1);
    for segment in kept {
        text.push('/');
        text.push_str(&segment.normal);
        segments.push(segment.decoded);
    }
    if segments.is_empty() {
        text.push('/');
    } else if ends_in_slash {
        text.push('/');
        segments.push(String::new());
    }
    Ok(NormalPath {
        segments,
        text: (text.as_bytes() != raw).then_some(text),
    })
}

/// The segments of a path in which a plain `;` stands for itself. None where there is none, where an encoded one stands beside it (which of
/// them is which could not be told any more), or where the path is not in its normal form otherwise.
pub(crate) fn with_semicolons(path: &[u8]) -> Option<Vec<String>> {
    let text = str::from_utf8(path).ok()?;
    if !text.contains(';') || text.to_ascii_lowercase().contains("%3b") {
        return None;
    }
    let normal = normalise(text.replace(';', "%3B").as_bytes()).ok()?;
    normal.text.is_none().then_some(normal.segments)
}

/// The segments of a path that is in its normal form and holds nothing encoded, as nearly every path does: `None` for any other.
fn plain(path: &[u8]) -> Option<Vec<String>> {
    let inner = path.strip_prefix(b"/")?;
    if inner.is_empty() {
        return Some(Vec::new());
    }
    let mut segments = Vec::with_capacity(4);
    let mut ended = false;
    for raw in inner.split(|byte| *byte == b'/') {
        if ended || !SEGMENT.has_all(raw) || matches!(raw, b"." | b"..") {
            return None;
        }
        // Only the last may be empty.
        ended = raw.is_empty();
        segments.push(String::from_utf8_lossy(raw).into_owned());
    }
    Some(segments)
}

fn read_segment(raw: &[u8]) -> Result<Segment, Refusal> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut normal = String::with_capacity(raw.len());
    // Parameters are judged like the rest, because a server that does not know them sees a part of the name.
    let mut name_length = None;
    for unit in percent::units(raw) {
        let byte = match unit {
            Unit::Plain(b';') if name_length.is_none() => {
                name_length = Some(decoded.len());
                b';'
            }
            Unit::Plain(byte) => {
                if name_length.is_none() {
                    push_plain(&mut normal, byte);
                }
                byte
            }
            Unit::Encoded(byte) => {
                if name_length.is_none() {
                    push_decoded(&mut normal, byte);
                }
                byte
            }
            Unit::Broken => return Err(encoding("two hexadecimal digits after every `%`")),
        };
        decoded.push(byte);
    }
    let Ok(mut decoded) = String::from_utf8(decoded) else {
        return Err(encoding("a path in UTF-8"));
    };
    if let Some(fault) = ambiguity(&decoded) {
        return Err(ambiguous(fault));
    }
    if let Some(length) = name_length {
        decoded.truncate(length);
    }
    Ok(Segment { decoded, normal })
}

/// What makes a decoded segment ambiguous.
fn ambiguity(decoded: &str) -> Option<&'static str> {
    if decoded.contains(['/', '\\']) {
        return Some("no encoded slash and no backslash in the path");
    }
    if decoded.chars().any(char::is_control) {
        return Some("no control character in the path");
    }
    if let Some((name, _)) = decoded.split_once(';')
        && matches!(name, "." | "..")
    {
        return Some("no dot segment with parameters");
    }
    hides_encoding(decoded).then_some("no percent-encoding within percent-encoding")
}

/// Whether decoding once more, any number of times, could give a dot, a slash, a backslash or NUL.
fn hides_encoding(decoded: &str) -> bool {
    decoded.split('%').skip(1).any(|after| {
        let mut after = after.as_bytes();
        while let [b'2', b'5', rest @ ..] = after {
            after = rest;
        }
        matches!(
            after,
            [b'2', b'e' | b'E' | b'f' | b'F', ..] | [b'5', b'c' | b'C', ..] | [b'0', b'0', ..]
        )
    })
}

fn push_plain(normal: &mut String, byte: u8) {
    if SEGMENT.has(byte) {
        normal.push(char::from(byte));
    } else {
        percent::push_encoded(normal, byte);
    }
}

fn push_decoded(normal: &mut String, byte: u8) {
    if percent::is_unreserved(byte) {
        normal.push(char::from(byte));
    } else {
        percent::push_encoded(normal, byte);
    }
}

/// RFC 3986's `pchar` without `;`, which begins parameters, and without percent-encoding.
static SEGMENT: ByteSet = ByteSet::alphanumeric_and(b"-._~!$&'()*+,=:@");

fn encoding(expected: &str) -> Refusal {
    Refusal::new(Reason::TargetEncoding).expected(expected)
}

fn ambiguous(expected: &str) -> Refusal {
    Refusal::new(Reason::TargetAmbiguous).expected(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> Result<String, Reason> {
        normalise(path.as_bytes())
            .map(|normal| normal.text.unwrap_or_else(|| path.to_owned()))
            .map_err(|refusal| refusal.reason)
    }

    #[test]
    fn normal_forms() {
        for (raw, normal) in [
            ("/", "/"),
            ("//", "/"),
            ("/.", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("/a//", "/a/"),
            ("/a//b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/.", "/a/"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/a/../b", "/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/%2e/b", "/a/b"),
            ("/%61%7e", "/a~"),
            ("/%c3%a9", "/%C3%A9"),
            ("/a%3ab:c", "/a%3Ab:c"),
            ("/a;v=1/b;x", "/a/b"),
            ("/a/;x", "/a/"),
            ("/;x/b", "/b"),
            ("/a|b\"", "/a%7Cb%22"),
            ("/a%3Bb", "/a%3Bb"),
            ("/100%25", "/100%25"),
            ("/...", "/..."),
            ("/.well-known", "/.well-known"),
        ] {
            assert_eq!(text(raw).as_deref(), Ok(normal), "{raw}");
            assert_eq!(text(normal).as_deref(), Ok(normal), "{normal}");
        }
    }

    #[test]
    fn segments_are_decoded() {
        let normal = normalise(b"/caf%C3%A9/a%20b+c/").unwrap();
        assert_eq!(normal.segments, ["caf\u{e9}", "a b+c", ""]);
        assert!(normalise(b"/").unwrap().segments.is_empty());
    }

    #[test]
    fn a_semicolon_may_stand_for_itself() {
        let read = |path: &str| with_semicolons(path.as_bytes());
        let segments = |all: &[&str]| Some(all.iter().map(|&s| s.to_owned()).collect::<Vec<_>>());
        assert_eq!(
            read("/a/;id=5;id=6/b;x"),
            segments(&["a", ";id=5;id=6", "b;x"])
        );
        for path in [
            "/a", "/a%3Bb", "/;a/%3bb", "/a//;b", "/./;b", "/..;/b", "/;a%2fb", "/;%41",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn no_normal_form() {
        for raw in [
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%00",
            "/a%0a",
            "/a%1f",
            "/a%7F",
            "/a%C2%85",
            "/..",
            "/a/../..",
            "/a/../../b",
            "/%2e%2e/a",
            "/a/..;/b",
            "/a/.;x",
            "/a/%2e%2e;x/b",
            "/a/..%3bx/b",
            "/a//../b",
            "/a//./../b",
            "/a/;x/../b",
            "/%252e%252e/a",
            "/a%252fb",
            "/a%25252Fb",
            "/a%255cb",
            "/a%2500",
            "/a;%2f",
            "/a;%252f",
        ] {
            assert_eq!(text(raw), Err(Reason::TargetAmbiguous), "{raw}");
        }
        for raw in [
            "/%",
            "/%4",
            "/%zz",
            "/%u002f",
            "/%ff",
            "/%c0%ae",
            "/%ed%a0%80",
            "/a;%zz",
        ] {
            assert_eq!(text(raw), Err(Reason::TargetEncoding), "{raw}");
        }
    }
}
