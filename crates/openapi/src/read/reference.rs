//! The text of a reference: `FILE#/POINTER` (RFC 3986, RFC 6901).

/// The file, when one is named, and the JSON pointer. The error continues a sentence that begins with the reference.
pub(super) fn split(reference: &str) -> Result<(Option<String>, String), &'static str> {
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let decoded = "is not percent-encoded UTF-8";
    let pointer = decode(fragment).ok_or(decoded)?;
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(
            "names an anchor; refer by a JSON pointer such as `#/components/schemas/Order`",
        );
    }
    if path.is_empty() {
        return Ok((None, pointer));
    }
    Ok((Some(decode(path).ok_or(decoded)?), pointer))
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
    use super::{join, split};

    #[test]
    fn references() {
        let at = |file: &str, pointer: &str| Ok((Some(file.to_owned()), pointer.to_owned()));
        assert_eq!(split("#/a/b~1c"), Ok((None, "/a/b~1c".to_owned())));
        assert_eq!(split("#"), Ok((None, String::new())));
        assert_eq!(split("x.yaml"), at("x.yaml", ""));
        assert_eq!(split("a%20b.yaml#/%7Bx%7D"), at("a b.yaml", "/{x}"));
        assert!(split("#Order").is_err());
        assert!(split("#/%f").is_err());
        assert!(split("#/%ff").is_err());
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
