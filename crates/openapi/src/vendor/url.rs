//! The URLs that can be vendored: `https` and `http`, in one normal form, without credentials.

use fluent_uri::component::Host;
use fluent_uri::{Uri, UriRef};
use std::fmt;

/// The longest URL.
const MAX_LENGTH: usize = 2_000;

/// The URL of a document: `https` or `http`, normalised (RFC 3986, section 6), without fragment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteUrl(Uri<String>);

/// Why a URL cannot be vendored. It continues a sentence that begins with the URL, and holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongUrl {
    /// This is no URL.
    Malformed,
    /// There is no scheme, and no document whose scheme could be meant.
    Relative,
    /// The scheme is another one.
    Scheme,
    /// There is no host, or one that is read in several ways.
    Host,
    /// A name or password stands in it.
    Credentials,
    /// It is too long.
    Long,
}

impl fmt::Display for WrongUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is no URL as RFC 3986 writes them",
            Self::Relative => "has no scheme",
            Self::Scheme => "is neither `https:` nor `http:`",
            Self::Host => {
                "has no host, or one that is not written in letters, digits, `-`, `.` and `_`, or as an address"
            }
            Self::Credentials => "holds credentials, which would be seen by all who see the file",
            Self::Long => "is longer than 2000 characters",
        })
    }
}

impl RemoteUrl {
    /// Reads a URL. A fragment is left out.
    ///
    /// # Errors
    /// Why it cannot be vendored.
    pub fn parse(text: &str) -> Result<Self, WrongUrl> {
        if text.len() > MAX_LENGTH {
            return Err(WrongUrl::Long);
        }
        let reference = UriRef::parse(text).map_err(|_| WrongUrl::Malformed)?;
        let uri = Uri::try_from(reference).map_err(|_| WrongUrl::Relative)?;
        Self::new(&uri.strip_fragment().normalize())
    }

    /// What a reference in the document at this URL leads to.
    ///
    /// # Errors
    /// Why that cannot be vendored.
    pub fn join(&self, reference: &str) -> Result<Self, WrongUrl> {
        if reference.len() > MAX_LENGTH {
            return Err(WrongUrl::Long);
        }
        let reference = UriRef::parse(reference).map_err(|_| WrongUrl::Malformed)?;
        let reference = reference.strip_fragment();
        let joined = reference
            .resolve_against(&self.0)
            .map_err(|_| WrongUrl::Malformed)?;
        Self::new(&joined.normalize())
    }

    fn new(uri: &Uri<String>) -> Result<Self, WrongUrl> {
        let scheme = uri.scheme().as_str();
        if !matches!(scheme, "https" | "http") {
            return Err(WrongUrl::Scheme);
        }
        let authority = uri.authority().ok_or(WrongUrl::Host)?;
        if authority.has_userinfo() {
            return Err(WrongUrl::Credentials);
        }
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-._".contains(&c);
        let host = authority.host();
        // What one reader of URLs takes for a name and another for an address is refused, so that there is one reading.
        let is_plain = match authority.host_parsed() {
            Host::RegName(_) => !host.is_empty() && host.len() <= 253 && host.bytes().all(plain),
            Host::Ipv4 { .. } | Host::Ipv6 { .. } => true,
            _ => false,
        };
        if !is_plain || authority.port_to_u16().is_err() {
            return Err(WrongUrl::Host);
        }
        if uri.as_str().len() > MAX_LENGTH {
            return Err(WrongUrl::Long);
        }
        let root = if uri.path().as_str().is_empty() {
            // `https://a` and `https://a/` are one document (RFC 9110, section 4.2.3).
            let query = uri.query().map(|query| format!("?{query}"));
            let text = format!("{scheme}://{authority}/{}", query.unwrap_or_default());
            Uri::parse(text).map_err(|_| WrongUrl::Malformed)?
        } else {
            uri.clone()
        };
        Ok(Self(root))
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether anybody on the way can read and change what is fetched.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.0.scheme().as_str() == "http"
    }

    /// The host, and the port where it is not the scheme's.
    pub(super) fn host(&self) -> (&str, Option<&str>) {
        let authority = self.0.authority();
        let host = authority.map_or("", |authority| authority.host());
        let port = authority.and_then(|authority| authority.port());
        (host, port.map(|port| port.as_str()))
    }

    pub(super) fn path(&self) -> &str {
        self.0.path().as_str()
    }

    pub(super) fn has_query(&self) -> bool {
        self.0.has_query()
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reference as it may be shown: without what stands before an `@` where a host is.
#[must_use]
pub fn without_credentials(reference: &str) -> String {
    let Some((scheme, rest)) = reference.split_once("//") else {
        return reference.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    // A password may hold what ends a host where it is written rightly: then it is unknown where the host begins.
    let unknown = after.contains('@');
    match authority.rsplit_once('@') {
        Some((_, host)) if !unknown => format!("{scheme}//…@{host}{after}"),
        None if !unknown || !authority.contains(':') => reference.to_owned(),
        _ => format!("{scheme}//…"),
    }
}
