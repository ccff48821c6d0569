//! Path templates as OpenAPI writes them: literal text, and parameters that are a segment or a part of one.

use super::mixed::Mixed;
use crate::http::path::{self, NormalPath};
use crate::http::percent::{self, Unit};
use std::sync::Arc;

/// Deeper templates are refused: the search goes one call deeper with every segment.
const MAX_SEGMENTS: usize = 128;

/// A path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    /// The segments, as [`crate::http::Target::segments`] divides a path.
    pub(super) segments: Vec<Segment>,
    /// The names of the parameters, from left to right.
    pub(super) names: Vec<Arc<str>>,
    /// Whether any path in normal form can match.
    pub(super) reachable: bool,
}

/// One segment of a template, without the names of its parameters. Equal segments match the same text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    /// Text, percent-decoded.
    Literal(Box<str>),
    /// Text and parameters.
    Mixed(Mixed),
    /// One parameter.
    Parameter,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The code of the problem.
    pub(super) code: &'static str,
    /// What is wrong.
    pub(super) message: String,
    /// How to mend it.
    pub(super) hint: &'static str,
}

/// A piece of a segment, as it is written.
enum Piece {
    Text(String),
    Name(Arc<str>),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The first fault.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let Some(relative) = text.strip_prefix('/') else {
            return Err(Fault {
                code: "path-invalid",
                message: format!("the path `{text}` does not begin with `/`"),
                hint: "write the path with a `/` before it",
            });
        };
        let mut names = Vec::new();
        let mut segments = Vec::new();
        // What a request would have to send, with `x` for every parameter.
        let mut sample = String::new();
        // `/` has no segments, as in a target.
        for raw in relative.split('/').filter(|_| !relative.is_empty()) {
            sample.push('/');
            let pieces = pieces(raw, text)?;
            segments.push(segment(pieces, text, &mut names, &mut sample)?);
        }
        if segments.len() > MAX_SEGMENTS {
            return Err(Fault {
                code: "path-too-deep",
                message: format!("the path `{text}` has more than {MAX_SEGMENTS} segments"),
                hint: "shorten the path",
            });
        }
        let reachable = !text.contains(['?', '#', ';']) && is_reachable(&sample, &segments);
        Ok(Self {
            segments,
            names,
            reachable,
        })
    }
}

/// Divides a segment at its braces.
fn pieces(raw: &str, whole: &str) -> Result<Vec<Piece>, Fault> {
    let unbalanced = || Fault {
        code: "path-braces",
        message: format!("the braces in the path `{whole}` are not balanced"),
        hint: "write a parameter as `{name}`, within one segment, and a brace in the text as `%7B` or `%7D`",
    };
    let mut pieces = Vec::new();
    let mut rest = raw;
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(unbalanced)?;
        if literal.contains('}') || name.contains('{') {
            return Err(unbalanced());
        }
        if name.is_empty() {
            return Err(Fault {
                code: "path-parameter-unnamed",
                message: format!("the path `{whole}` has a parameter without a name"),
                hint: "give the parameter a name, as in `{id}`",
            });
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(decode(literal, whole)?));
        } else if !pieces.is_empty() {
            return Err(Fault {
                code: "path-parameters-adjacent",
                message: format!(
                    "in the path `{whole}` nothing stands between the parameter `{name}` and the one before it"
                ),
                hint: "put text between two parameters, or make them one",
            });
        }
        pieces.push(Piece::Name(name.into()));
        rest = after;
    }
    if rest.contains('}') {
        return Err(unbalanced());
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(decode(rest, whole)?));
    }
    Ok(pieces)
}

/// Descriptions write text encoded or not; requests are compared decoded.
fn decode(literal: &str, whole: &str) -> Result<String, Fault> {
    let bytes: Option<Vec<u8>> = percent::units(literal.as_bytes())
        .map(|unit| match unit {
            Unit::Plain(byte) | Unit::Encoded(byte) => Some(byte),
            Unit::Broken => None,
        })
        .collect();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Fault {
            code: "path-encoding",
            message: format!("the path `{whole}` is wrongly percent-encoded"),
            hint: "encode the path as UTF-8, and write a percent sign as `%25`",
        })
}

/// Makes a segment of its pieces; adds its names to `names`, and what it would look like in a request to `sample`.
fn segment(
    pieces: Vec<Piece>,
    whole: &str,
    names: &mut Vec<Arc<str>>,
    sample: &mut String,
) -> Result<Segment, Fault> {
    let mut literals: Vec<String> = vec![String::new()];
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                for byte in text.bytes() {
                    push_sample(sample, byte);
                }
                if let Some(last) = literals.last_mut() {
                    last.push_str(&text);
                }
            }
            Piece::Name(name) => {
                if names.contains(&name) {
                    return Err(Fault {
                        code: "path-parameter-repeated",
                        message: format!("the path `{whole}` has the parameter `{name}` twice"),
                        hint: "give every parameter of a path a name of its own",
                    });
                }
                names.push(name);
                sample.push('x');
                literals.push(String::new());
            }
        }
    }
    // One more literal than parameters: before, between and after them.
    let mut literals: Vec<Box<str>> = literals.into_iter().map(String::into_boxed_str).collect();
    let suffix = literals.pop().unwrap_or_default();
    if literals.is_empty() {
        return Ok(Segment::Literal(suffix));
    }
    let prefix = literals.remove(0);
    let mixed = Mixed::new(prefix, literals, suffix);
    Ok(if mixed.is_whole() {
        Segment::Parameter
    } else {
        Segment::Mixed(mixed)
    })
}

fn push_sample(sample: &mut String, byte: u8) {
    if percent::is_unreserved(byte) {
        sample.push(char::from(byte));
    } else {
        percent::push_encoded(sample, byte);
    }
}

/// Whether the sample is read as the segments that the template has.
fn is_reachable(sample: &str, segments: &[Segment]) -> bool {
    let Ok(NormalPath {
        segments: read,
        text: _,
    }) = path::normalise(sample.as_bytes())
    else {
        return false;
    };
    let mut values = Vec::new();
    read.len() == segments.len()
        && read
            .iter()
            .zip(segments)
            .all(|(text, segment)| match segment {
                Segment::Literal(literal) => **literal == **text,
                Segment::Mixed(mixed) => mixed.capture(text, &mut values),
                Segment::Parameter => true,
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_templates() {
        let template = Template::parse("/a/{b}/{c}.json/caf%C3%A9/").unwrap();
        assert_eq!(
            template.segments,
            [
                Segment::Literal("a".into()),
                Segment::Parameter,
                Segment::Mixed(Mixed::new("".into(), Vec::new(), ".json".into())),
                Segment::Literal("caf\u{e9}".into()),
                Segment::Literal("".into()),
            ]
        );
        assert_eq!(template.names, [Arc::from("b"), Arc::from("c")]);
        assert!(template.reachable);
        assert!(Template::parse("/").unwrap().segments.is_empty());
        assert_eq!(Template::parse("/café").unwrap().segments.len(), 1);
    }

    #[test]
    fn says_what_is_wrong() {
        for (path, code) in [
            ("", "path-invalid"),
            ("a", "path-invalid"),
            ("/{a", "path-braces"),
            ("/a}", "path-braces"),
            ("/}{a}", "path-braces"),
            ("/{a{b}}", "path-braces"),
            ("/{a/b}", "path-braces"),
            ("/{}", "path-parameter-unnamed"),
            ("/{a}/{a}", "path-parameter-repeated"),
            ("/{a}-{a}", "path-parameter-repeated"),
            ("/{a}{b}", "path-parameters-adjacent"),
            ("/x{a}{b}", "path-parameters-adjacent"),
            ("/100%", "path-encoding"),
            ("/%ff", "path-encoding"),
        ] {
            assert_eq!(Template::parse(path).unwrap_err().code, code, "{path}");
        }
        let deep = "/a".repeat(MAX_SEGMENTS + 1);
        assert_eq!(Template::parse(&deep).unwrap_err().code, "path-too-deep");
    }

    #[test]
    fn knows_what_no_request_can_reach() {
        for path in [
            "/a?b=c", "/a;v=1/b", "/a#b", "/a//b", "/a/../b", "/./a", "/a%2Fb", "/a\\b", "/a%252f",
        ] {
            assert!(!Template::parse(path).unwrap().reachable, "{path}");
        }
        for path in ["/a b", "/a%3Bb", "/{a}:b", "/$metadata", "/a|b", "/"] {
            assert!(Template::parse(path).unwrap().reachable, "{path}");
        }
    }
}
