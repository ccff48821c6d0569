//! The one reading of `Cookie` fields (RFC 6265 §4.2): pairs at semicolons, trimmed, split at the first `=`.
//!
//! Names are compared exactly, values are taken as they are: quotes belong to the value. A piece without `=` is no cookie.

use super::Headers;

/// The values of every cookie of a name, in order, from all `Cookie` fields (HTTP/2 may send several).
pub(crate) fn values<'a>(
    headers: &'a Headers,
    name: &'a str,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    headers
        .all("cookie")
        .flat_map(|field| field.split(|b| *b == b';'))
        .filter_map(pair)
        .filter_map(move |(n, value)| (n == name.as_bytes()).then_some(value))
}

/// A `Cookie` field without the cookies of a name; `None` when nothing is left.
pub(crate) fn without(field: &[u8], name: &str) -> Option<Vec<u8>> {
    let kept: Vec<&[u8]> = field
        .split(|b| *b == b';')
        .filter(|piece| pair(piece).is_none_or(|(n, _)| n != name.as_bytes()))
        .map(<[u8]>::trim_ascii)
        .filter(|piece| !piece.is_empty())
        .collect();
    (!kept.is_empty()).then(|| kept.join(&b"; "[..]))
}

fn pair(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut halves = piece.splitn(2, |b| *b == b'=');
    let name = halves.next()?.trim_ascii();
    let value = halves.next()?.trim_ascii();
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[&str]) -> Headers {
        Headers::new(
            fields
                .iter()
                .map(|v| (b"cookie".to_vec(), v.as_bytes().to_vec()))
                .collect(),
        )
    }

    fn read(fields: &[&str], name: &str) -> Vec<String> {
        values(&headers(fields), name)
            .map(|v| String::from_utf8(v.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn every_cookie_of_the_name_is_found() {
        assert_eq!(read(&["a=1; k=x=y;k=2", "k = 3 "], "k"), ["x=y", "2", "3"]);
        assert!(read(&["K=1; kk=2; k; =k"], "k").is_empty());
    }

    #[test]
    fn removal_keeps_the_others() {
        assert_eq!(
            without(b"a=1; k=2;b=3; k=4", "k").unwrap(),
            b"a=1; b=3".to_vec()
        );
        assert_eq!(without(b"k=2", "k"), None);
        assert_eq!(without(b"flag; k=2", "k").unwrap(), b"flag".to_vec());
    }
}
