//! `HOST:PORT`, as it is written on the command line.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// An IP address without brackets, or a name.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
}

impl Address {
    /// A port of this machine, 127.0.0.1; 0 stands for a free one.
    pub(crate) fn local(port: u16) -> Self {
        Self {
            host: std::net::Ipv4Addr::LOCALHOST.to_string(),
            port,
        }
    }

    /// Whether the host is an IP address.
    pub(crate) fn is_ip(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected HOST:PORT such as `127.0.0.1:9000`, got `{text}`");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let named = |h: &str| {
            !h.is_empty()
                && h.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        };
        match bare {
            Some(v6) if v6.parse::<IpAddr>().is_ok() => Ok(v6),
            None if named(host) => Ok(host),
            _ => Err(wrong()),
        }
        .map(|host| Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_both_kinds_of_ip() {
        for text in ["127.0.0.1:80", "[::1]:8080", "orders.shop.svc:9000"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in [
            "8080",
            ":80",
            "a:b",
            "a:70000",
            "::1:80",
            "[x]:80",
            "http://a:80",
            "a b:1",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
