//! The authority of a request: host and port, in one form.
//!
//! Hosts are names of letters, digits, `-`, `_` and `.`, or IPv6 literals in brackets. That is less than RFC 3986 allows:
//! user information, percent-encoding and the delimiters that a name could carry serve only to make two readers disagree.

use std::net::Ipv6Addr;

/// The longest name that DNS can carry.
const MAX_HOST: usize = 253;

/// A host, and the port if one was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    /// Lower case, without final dot; an IPv6 address in brackets, in its canonical form (RFC 5952).
    pub(crate) host: String,
    /// The port.
    pub(crate) port: Option<u16>,
}

impl Authority {
    /// Reads an authority; `None` where it is malformed.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, after) = rest.split_once(']')?;
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':')?),
            };
            let address: Ipv6Addr = address.parse().ok()?;
            (format!("[{address}]"), port)
        } else {
            let (name, port) = match text.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (text, None),
            };
            (read_name(name)?, port)
        };
        let port = match port {
            Some(digits) => Some(read_port(digits)?),
            None => None,
        };
        Some(Self { host, port })
    }
}

/// Brings a host name into its normal form.
fn read_name(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let valid = name.len() <= MAX_HOST
        && name.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        });
    valid.then(|| name.to_ascii_lowercase())
}

fn read_port(digits: &str) -> Option<u16> {
    // `u16` alone would also read `+80`.
    let valid = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if valid { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_one_form() {
        for (raw, host, port) in [
            ("a", "a", None),
            ("Shop.Example", "shop.example", None),
            ("shop.example.", "shop.example", None),
            ("shop.example:8080", "shop.example", Some(8080)),
            ("shop.example.:1", "shop.example", Some(1)),
            ("my_service-1", "my_service-1", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]", "[::1]", None),
            ("[0:0::0:1]:443", "[::1]", Some(443)),
            ("[2001:DB8::A]", "[2001:db8::a]", None),
        ] {
            let read = Authority::read(raw.as_bytes()).unwrap();
            assert_eq!((read.host.as_str(), read.port), (host, port), "{raw}");
        }
    }

    #[test]
    fn refuses_what_is_no_host() {
        for raw in [
            "",
            ".",
            "a..b",
            ".a",
            "a..",
            "user@a",
            "a:",
            "a:+80",
            "a:80x",
            "a:65536",
            "a:80:90",
            "a,b",
            "a b",
            "a/b",
            "a%2eb",
            "a\0b",
            "[::1",
            "[::1]x",
            "[::1%25eth0]",
            "[::g]",
            "::1",
            "caf\u{e9}",
            "*",
        ] {
            assert_eq!(Authority::read(raw.as_bytes()), None, "{raw:?}");
        }
        assert_eq!(Authority::read(b"a\xff"), None);
        assert_eq!(Authority::read("a".repeat(254).as_bytes()), None);
    }
}
