//! `https://HOST[:PORT]/PATH`, as a policy or an issuer writes it, read strictly.

use crate::problem::Problem;

/// The longest URI.
const MAX_LENGTH: usize = 2048;

/// Where a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// Whether the scheme is `https`.
    pub(crate) secure: bool,
    /// Host and port, in lower case, as they are written.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
}

impl Location {
    /// Reads a URI. `None` for other schemes, user information, fragments, and anything but visible ASCII.
    pub(crate) fn parse(uri: &str) -> Option<Self> {
        if uri.len() > MAX_LENGTH || !uri.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = uri.split_once("://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        if authority.is_empty() || !authority.bytes().all(plain) || path.contains('#') {
            return None;
        }
        let path = match path.as_bytes().first() {
            None => "/".to_owned(),
            Some(b'/') => path.to_owned(),
            Some(_) => format!("/{path}"),
        };
        Some(Self {
            secure,
            authority: authority.to_ascii_lowercase(),
            path,
        })
    }

    /// As [`Self::parse`], with a problem at the JSON pointer `at` where it is none, and a warning for plain text.
    pub(crate) fn compile(uri: &str, at: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        let Some(location) = Self::parse(uri) else {
            problems.push(
                Problem::error("malformed-uri", at, "this is no URI of a server")
                    .hint("write it as `https://HOST/PATH`, without user information and fragment"),
            );
            return None;
        };
        if !location.secure && !location.is_local() {
            problems.push(
                Problem::warning(
                    "plain-text",
                    at,
                    "whoever stands between could answer in the server's place",
                )
                .hint("use `https://`, and give the cluster a TLS transport socket"),
            );
        }
        Some(location)
    }

    /// Whether the server is on this machine.
    fn is_local(&self) -> bool {
        let host = self.authority.strip_prefix('[').map_or_else(
            || self.authority.split(':').next().unwrap_or_default(),
            |v6| v6.split(']').next().unwrap_or_default(),
        );
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_has_an_authority_and_a_path() {
        for (uri, secure, authority, path) in [
            ("https://idp.test/certs", true, "idp.test", "/certs"),
            ("https://IDP.test", true, "idp.test", "/"),
            ("http://[::1]:80/a?b=c", false, "[::1]:80", "/a?b=c"),
            ("https://idp.test?x", true, "idp.test", "/?x"),
        ] {
            let location = Location::parse(uri).unwrap();
            assert_eq!(
                (
                    location.secure,
                    location.authority.as_str(),
                    location.path.as_str()
                ),
                (secure, authority, path)
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for uri in [
            "",
            "idp.test/certs",
            "ftp://idp.test/",
            "file:///etc/passwd",
            "https:///certs",
            "https://user@idp.test/",
            "https://idp.test/#x",
            "https://idp.test/a b",
            "https://idp.test/\r\nx: y",
            "https://idp.tést/",
        ] {
            assert_eq!(Location::parse(uri), None, "{uri}");
        }
    }

    #[test]
    fn plain_text_is_fine_on_this_machine_alone() {
        let warnings = |uri: &str| {
            let mut problems = Vec::new();
            assert!(Location::compile(uri, "/x", &mut problems).is_some());
            problems.len()
        };
        for uri in [
            "http://127.0.0.1:80/",
            "http://localhost/",
            "http://[::1]/",
            "https://a/",
        ] {
            assert_eq!(warnings(uri), 0, "{uri}");
        }
        assert_eq!(warnings("http://idp.test/"), 1);
    }
}
