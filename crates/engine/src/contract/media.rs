//! Content types (RFC 9110, section 8.3) and which declared media type they are.

use crate::http::{Headers, is_token};
use std::borrow::Cow;

const JSON: &str = "application/json";

/// A `Content-Type` as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContentType<'h> {
    /// `type/subtype`, in lower case.
    pub(super) essence: Cow<'h, str>,
    /// The character set, in lower case.
    charset: Option<String>,
    /// What stands between the parts of a multipart body.
    pub(super) boundary: Option<&'h str>,
}

/// How a content is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One JSON value.
    Json,
    /// One JSON value in every line.
    Lines,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Parts,
    /// Text.
    Text,
    /// Not at all.
    Opaque,
}

impl Kind {
    /// The kind of a media type.
    pub(super) fn of(essence: &str) -> Self {
        match essence {
            "application/x-www-form-urlencoded" => Self::Form,
            "multipart/form-data" => Self::Parts,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/jsonlines" => Self::Lines,
            _ if is_json(essence) => Self::Json,
            _ if essence.starts_with("text/") => Self::Text,
            _ => Self::Opaque,
        }
    }
}

/// What a head says about its content type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent<'h> {
    /// Nothing.
    Missing,
    /// Something that cannot be read in one way: more than one field, a wrong form, a repeated parameter.
    Unreadable,
    /// A content type.
    Type(ContentType<'h>),
}

/// Reads the content type of a head.
pub(super) fn sent(headers: &Headers) -> Sent<'_> {
    let mut values = headers.all("content-type");
    match (values.next(), values.next()) {
        (None, _) => Sent::Missing,
        (Some(value), None) => parse(value).map_or(Sent::Unreadable, Sent::Type),
        (Some(_), Some(_)) => Sent::Unreadable,
    }
}

impl ContentType<'_> {
    /// Whether it is JSON (RFC 8259, RFC 6839).
    pub(super) fn is_json(&self) -> bool {
        is_json(&self.essence)
    }

    /// How its content is read.
    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.essence)
    }

    /// Whether its text, if it has any, is UTF-8.
    pub(super) fn is_utf8(&self) -> bool {
        matches!(
            self.charset.as_deref(),
            None | Some("utf-8" | "utf8" | "us-ascii")
        )
    }
}

/// Whether a media type is JSON.
pub(super) fn is_json(essence: &str) -> bool {
    essence == JSON || essence.ends_with("+json")
}

/// How well a declared media type, without parameters, fits what was sent: more is better.
pub(super) fn fit(declared: &str, sent: &ContentType<'_>) -> Option<u8> {
    if declared == sent.essence {
        return Some(2);
    }
    if declared == "*/*" {
        return Some(0);
    }
    let family = declared.strip_suffix("/*")?;
    let (sent_family, _) = sent.essence.split_once('/')?;
    (family == sent_family).then_some(1)
}

/// A declared media type without its parameters.
pub(super) fn essence(declared: &str) -> String {
    let essence = declared.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Reads one content type; `None` for what can be read in two ways.
pub(super) fn parse(value: &[u8]) -> Option<ContentType<'_>> {
    // What nearly every body says of itself need not be looked through.
    if value == JSON.as_bytes() {
        return Some(ContentType::of(Cow::Borrowed(JSON)));
    }
    let text = str::from_utf8(value).ok()?;
    let (essence, rest) = match cut(text, b';') {
        Some((essence, rest)) => (essence, Some(rest)),
        None => (text, None),
    };
    let essence = essence.trim_matches([' ', '\t']);
    let (kind, subtype) = cut(essence, b'/')?;
    if !is_token(kind.as_bytes()) || !is_token(subtype.as_bytes()) || kind == "*" || subtype == "*"
    {
        return None;
    }
    let essence = if essence.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(essence.to_ascii_lowercase())
    } else {
        Cow::Borrowed(essence)
    };
    let mut parsed = ContentType::of(essence);
    if let Some(rest) = rest {
        parsed.add(rest)?;
    }
    Some(parsed)
}

/// What stands before the first of some bytes in ASCII, and behind it.
fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|other| other == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

impl<'h> ContentType<'h> {
    fn of(essence: Cow<'h, str>) -> Self {
        Self {
            essence,
            charset: None,
            boundary: None,
        }
    }

    /// Reads parameters; `None` for what can be read in two ways.
    fn add(&mut self, parameters: &'h str) -> Option<()> {
        let mut rest = Some(parameters);
        let mut names: Vec<String> = Vec::new();
        while let Some(parameters) = rest {
            let (name, value, after) = parameter(parameters)?;
            rest = after;
            let name = name.to_ascii_lowercase();
            if names.contains(&name) {
                return None;
            }
            match name.as_str() {
                "charset" => self.charset = Some(value.to_ascii_lowercase()),
                "boundary" => self.boundary = Some(value),
                _ => {}
            }
            names.push(name);
        }
        Some(())
    }
}

/// The first of some parameters, and the text after the `;` that follows it. A value in quotes may not be escaped: nobody needs that.
pub(super) fn parameter(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let (name, rest) = text.split_once('=')?;
    let name = name.trim_matches([' ', '\t']);
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => {
            let (value, rest) = quoted.split_once('"')?;
            let rest = rest.trim_start_matches([' ', '\t']);
            if value.contains('\\') || !(rest.is_empty() || rest.starts_with(';')) {
                return None;
            }
            (value, rest.strip_prefix(';'))
        }
        None => {
            let (value, rest) = match rest.split_once(';') {
                Some((value, rest)) => (value, Some(rest)),
                None => (rest, None),
            };
            let value = value.trim_end_matches([' ', '\t']);
            if !is_token(value.as_bytes()) {
                return None;
            }
            (value, rest)
        }
    };
    is_token(name.as_bytes()).then_some((name, value, rest))
}

#[cfg(test)]
mod tests {
    use super::{Sent, fit, parse, sent};
    use crate::http::Headers;

    #[test]
    fn reads_one_content_type() {
        for (text, essence, json, utf8) in [
            ("application/json", "application/json", true, true),
            (
                "Application/JSON ; Charset=UTF-8",
                "application/json",
                true,
                true,
            ),
            (
                r#"application/problem+json;charset="utf-8""#,
                "application/problem+json",
                true,
                true,
            ),
            (
                "application/json; charset=utf-16",
                "application/json",
                true,
                false,
            ),
            (
                r#"application/json; charset="UTF-7" ; q=1"#,
                "application/json",
                true,
                false,
            ),
            (
                r#"multipart/form-data; boundary="a;b=c""#,
                "multipart/form-data",
                false,
                true,
            ),
            ("text/json", "text/json", false, true),
        ] {
            let parsed = parse(text.as_bytes()).expect(text);
            assert_eq!(
                (&*parsed.essence, parsed.is_json(), parsed.is_utf8()),
                (essence, json, utf8),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_can_be_read_in_two_ways() {
        for text in [
            "",
            "json",
            "application/",
            "/json",
            "*/*",
            "application/*",
            "application/json,text/plain",
            "application/json text/plain",
            "application/json;",
            "application/json; charset",
            "application/json; charset=",
            "application/json; charset=utf-8; charset=utf-16",
            "application/json; charset=utf-8; CHARSET=utf-8",
            "application/json; charset=\"utf-8",
            "application/json; charset=\"utf\\-8\"",
            "application/json; charset=\"utf-8\"x",
            "application/json; charset = utf-8",
            "application/json\u{0}",
            "application/jsön",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"application/json\xff"), None);
        let field = |value: &[u8]| (b"content-type".to_vec(), value.to_vec());
        assert_eq!(sent(&Headers::default()), Sent::Missing);
        assert_eq!(
            sent(&Headers::new(vec![
                field(b"text/plain"),
                field(b"text/plain")
            ])),
            Sent::Unreadable
        );
    }

    #[test]
    fn prefers_the_closest_declaration() {
        let json = parse(b"application/json").expect("a type");
        assert_eq!(
            [
                "application/json",
                "application/*",
                "*/*",
                "text/*",
                "application",
                "text/plain"
            ]
            .map(|declared| fit(declared, &json)),
            [Some(2), Some(1), Some(0), None, None, None]
        );
    }
}
