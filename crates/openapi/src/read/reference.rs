//! The text of a reference: `FILE#/POINTER` or `URL#/POINTER` (RFC 3986, RFC 6901).

use crate::loader::is_url;
use crate::vendor::{RemoteUrl, WrongUrl};
use std::fmt;

/// The document that a reference leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The one that it stands in.
    Here,
    /// A file, by its path from where the description is named.
    File(String),
    /// A remote document.
    Url(RemoteUrl),
}

/// Why a reference leads nowhere. It continues a sentence that begins with the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Text(&'static str),
    Url(WrongUrl),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(cause) => f.write_str(cause),
            Self::Url(cause) => cause.fmt(f),
        }
    }
}

const NOT_DECODED: Wrong = Wrong::Text("is not percent-encoded UTF-8");

/// Where a reference leads that stands in the file `from`, which is at `location` if it is remote.
///
/// INVARIANT (remote stays remote): nothing that a remote document says leads to a file of this machine.
pub(super) fn target(
    from: &str,
    location: Option<&RemoteUrl>,
    reference: &str,
) -> Result<(Target, String), Wrong> {
    let (path, pointer) = match location {
        None if is_url(reference) => {
            let url = RemoteUrl::parse(reference).map_err(Wrong::Url)?;
            return Ok((Target::Url(url), split(reference)?.1));
        }
        _ => split(reference)?,
    };
    let target = match (path, location) {
        (None, _) => Target::Here,
        (Some(path), Some(location)) => Target::Url(location.join(path).map_err(Wrong::Url)?),
        (Some(path), None) => Target::File(join(from, &decode(path).ok_or(NOT_DECODED)?)),
    };
    Ok((target, pointer))
}

/// The document as it is written, when one is named, and the JSON pointer.
fn split(reference: &str) -> Result<(Option<&str>, String), Wrong> {
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let pointer = decode(fragment).ok_or(NOT_DECODED)?;
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(Wrong::Text(
            "names an anchor; refer by a JSON pointer such as `#/components/schemas/Order`",
        ));
    }
    Ok(((!path.is_empty()).then_some(path), pointer))
}

/// A path as written in a file, relative to where that file is. Dot segments are resolved by name alone.
pub(super) fn join(from: &str, path: &str) -> String {
    let absolute = path.starts_with('/') || from.starts_with('/');
    let directory = match from.rsplit_once('/') {
        Some((directory, _)) if !path.starts_with('/') => directory,
        _ => "",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute {
        format!("/{joined}")
    } else {
        joined
    }
}

/// Percent-decoding (RFC 3986, section 2.1). `None` when an escape is broken or the result is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let value = digit()? * 16 + digit()?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::{Target, Wrong, join, target};
    use crate::vendor::{RemoteUrl, WrongUrl};

    #[test]
    fn references() {
        let local = |reference| target("api.yaml", None, reference);
        let at =
            |file: &str, pointer: &str| Ok((Target::File(file.to_owned()), pointer.to_owned()));
        assert_eq!(local("#/a/b~1c"), Ok((Target::Here, "/a/b~1c".to_owned())));
        assert_eq!(local("#"), Ok((Target::Here, String::new())));
        assert_eq!(local("x.yaml"), at("x.yaml", ""));
        assert_eq!(local("a%20b.yaml#/%7Bx%7D"), at("a b.yaml", "/{x}"));
        for wrong in ["#Order", "#/%f", "#/%ff", "%ff.yaml"] {
            assert!(matches!(local(wrong), Err(Wrong::Text(_))), "{wrong}");
        }
    }

    #[test]
    fn what_is_remote_leads_to_what_is_remote() {
        let url = |text| RemoteUrl::parse(text).unwrap();
        let here = url("https://a.example/v1/api.yaml");
        let remote = |reference| target("vendor/a.example/v1/api.yaml", Some(&here), reference);
        let at = |text, pointer: &str| Ok((Target::Url(url(text)), pointer.to_owned()));
        assert_eq!(remote("#/a"), Ok((Target::Here, "/a".to_owned())));
        assert_eq!(remote("b.yaml#/x"), at("https://a.example/v1/b.yaml", "/x"));
        assert_eq!(
            remote("/etc/passwd"),
            at("https://a.example/etc/passwd", "")
        );
        assert_eq!(remote("../../../../b"), at("https://a.example/b", ""));
        assert_eq!(remote("//b.example/c"), at("https://b.example/c", ""));
        assert_eq!(
            remote("file:///etc/passwd"),
            Err(Wrong::Url(WrongUrl::Scheme))
        );
        let local = |reference| target("api.yaml", None, reference);
        assert_eq!(
            local("https://b.example/c#/d"),
            at("https://b.example/c", "/d")
        );
        assert_eq!(local("//b.example/c"), Err(Wrong::Url(WrongUrl::Relative)));
        assert_eq!(
            local("file:///etc/passwd"),
            Err(Wrong::Url(WrongUrl::Scheme))
        );
    }

    #[test]
    fn paths() {
        assert_eq!(join("api/orders.yaml", "common.yaml"), "api/common.yaml");
        assert_eq!(join("api/orders.yaml", "./x/../../c.yaml"), "c.yaml");
        assert_eq!(join("orders.yaml", "../c.yaml"), "../c.yaml");
        assert_eq!(join("../a/b.yaml", "../../c.yaml"), "../../c.yaml");
        assert_eq!(join("/a/b.yaml", "../../c.yaml"), "/c.yaml");
        assert_eq!(join("a/b.yaml", "/c.yaml"), "/c.yaml");
    }
}
