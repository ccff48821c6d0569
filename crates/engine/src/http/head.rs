//! Heads as they came: bytes, in order, with duplicates.

use std::net::IpAddr;

/// Header fields. Names are in lower case, pseudo-headers (`:path`) are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Vec<u8>, Vec<u8>)>);

impl Headers {
    /// Takes fields as they came; names are put into lower case, pseudo-headers left out.
    #[must_use]
    pub fn new(fields: Vec<(Vec<u8>, Vec<u8>)>) -> Self {
        Self(
            fields
                .into_iter()
                .filter(|(name, _)| name.first() != Some(&b':'))
                .map(|(mut name, value)| {
                    name.make_ascii_lowercase();
                    (name, value)
                })
                .collect(),
        )
    }

    /// The first value of a field. `name` is in lower case.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.0
            .iter()
            .find(|(n, _)| n == name.as_bytes())
            .map(|(_, v)| v.as_slice())
    }

    /// Every value of a field, in order. `name` is in lower case.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name.as_bytes())
            .map(|(_, v)| v.as_slice())
    }

    /// Every field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(n, v)| (n.as_slice(), v.as_slice()))
    }

    /// The number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Who sent a request, as the connection says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The address of the peer.
    pub address: Option<IpAddr>,
    /// The URI name of the peer's certificate (a SPIFFE ID), if the connection is mutual TLS.
    pub principal: Option<String>,
    /// Whether a filter in front says that the certificate was verified. Looked at only where the policy asks for it.
    pub verified: bool,
}

/// A request head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestHead {
    /// `:method`.
    pub method: Vec<u8>,
    /// `:authority`, or `Host`.
    pub authority: Vec<u8>,
    /// `:path`: path and query as they came.
    pub target: Vec<u8>,
    /// The fields.
    pub headers: Headers,
    /// Whether no body follows.
    pub end_of_stream: bool,
    /// The peer.
    pub source: Source,
}

/// A response head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseHead {
    /// `:status`.
    pub status: u16,
    /// The fields.
    pub headers: Headers,
    /// Whether no body follows.
    pub end_of_stream: bool,
}
