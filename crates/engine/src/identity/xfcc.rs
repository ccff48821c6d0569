//! `x-forwarded-client-cert`, as Envoy writes it: elements separated by commas, one for each proxy; pairs separated by
//! semicolons; values in quotes where they hold `,`, `;` or `=`.
//!
//! It is read strictly, and only what a policy uses is kept. Whoever sends the header writes all of it, so this module believes
//! nothing: [`super::mtls`] decides whose elements count.

use crate::http::Headers;

/// The header.
pub(crate) const HEADER: &str = "x-forwarded-client-cert";

/// The most elements: one for each proxy on the way.
const MAX_ELEMENTS: usize = 16;

/// What one proxy says about its caller.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// The URI names of the proxy's own certificate.
    pub(super) by: Vec<String>,
    /// The URI name of the caller's certificate; Envoy writes an empty one where there is none.
    pub(super) uri: Option<String>,
}

/// Reads every field of the header, the oldest element first; `None` when it is not what Envoy writes.
pub(super) fn read(headers: &Headers) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    for field in headers.all(HEADER) {
        let mut rest = std::str::from_utf8(field).ok()?.trim_ascii();
        loop {
            let (element, after) = element(rest)?;
            elements.push(element);
            if elements.len() > MAX_ELEMENTS {
                return None;
            }
            match after {
                Some(after) => rest = after.trim_ascii_start(),
                None => break,
            }
        }
    }
    Some(elements)
}

/// One element, and what follows its comma.
fn element(mut rest: &str) -> Option<(Element, Option<&str>)> {
    let mut element = Element::default();
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, end, after) = value(after)?;
        match name {
            "By" => element.by.push(value),
            "URI" if element.uri.is_none() => element.uri = Some(value),
            "Hash" | "Cert" | "Chain" | "Subject" | "DNS" | "IP" => {}
            // Two names of one certificate are no SPIFFE ID; what Envoy does not write is not read.
            _ => return None,
        }
        match end {
            End::Pair => rest = after,
            End::Element => return Some((element, Some(after))),
            End::Field => return Some((element, None)),
        }
    }
}

/// What a value ends with.
enum End {
    Pair,
    Element,
    Field,
}

/// A value, what ends it, and what comes after that.
fn value(text: &str) -> Option<(String, End, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    let quoted = text.starts_with('"');
    if quoted {
        chars.next();
        loop {
            match chars.next()?.1 {
                '"' => break,
                '\\' => value.push(chars.next()?.1),
                other => value.push(other),
            }
        }
    }
    let end = loop {
        match chars.next() {
            None => break End::Field,
            Some((_, ';')) => break End::Pair,
            Some((_, ',')) => break End::Element,
            Some((_, '"')) => return None,
            Some(_) if quoted => return None,
            Some((_, other)) => value.push(other),
        }
    };
    Some((value, end, chars.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(fields: &[&str]) -> Option<Vec<Element>> {
        let fields = fields.iter();
        read(&Headers::new(
            fields
                .map(|f| (HEADER.as_bytes().to_vec(), f.as_bytes().to_vec()))
                .collect(),
        ))
    }

    fn element(by: &[&str], uri: Option<&str>) -> Element {
        Element {
            by: by.iter().map(|b| (*b).to_owned()).collect(),
            uri: uri.map(str::to_owned),
        }
    }

    #[test]
    fn what_envoy_writes_is_read() {
        for (fields, expected) in [
            (&[][..], vec![]),
            (
                &["By=spiffe://c/gw;Hash=0a1b;Subject=\"CN=a, O=\\\"b;c\\\"\";URI=spiffe://c/web"],
                vec![element(&["spiffe://c/gw"], Some("spiffe://c/web"))],
            ),
            (
                &[
                    "By=a;By=b;Hash=1;Cert=\"-----BEGIN%20\";Subject=\"\";URI=;DNS=x;DNS=y,Hash=2;URI=u",
                ],
                vec![element(&["a", "b"], Some("")), element(&[], Some("u"))],
            ),
            (
                &["URI=a, URI=b", "URI=c"],
                vec![
                    element(&[], Some("a")),
                    element(&[], Some("b")),
                    element(&[], Some("c")),
                ],
            ),
            (&["Hash=1"], vec![element(&[], None)]),
        ] {
            assert_eq!(elements(fields), Some(expected), "{fields:?}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for field in [
            "",
            "URI",
            "URI=a;",
            "URI=a,",
            ",URI=a",
            "uri=a",
            "Uri=a",
            "URI=a;URI=b",
            "URI=\"a",
            "URI=\"a\"b",
            "URI=a\"b\"",
            "URI=\"a\\",
            "Other=a;URI=b",
            "URI=a;;Hash=b",
            " =a",
        ] {
            assert_eq!(elements(&[field]), None, "{field}");
        }
        let many = vec!["URI=a"; MAX_ELEMENTS + 1].join(",");
        assert_eq!(elements(&[&many]), None);
    }
}
