//! Which address is the client's.

use serde::{Deserialize, Serialize};

/// Which address stands behind `client.address` in keys, and how much of an address names a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClientAddress {
    /// How many entries at the right end of `x-forwarded-for` were written by proxies of yours: the leftmost of these is the client. This
    /// proxy writes one where Envoy's `use_remote_address` is set. 0: `client.address` is `source.address`. A request with fewer entries, or with
    /// something else in that place, has no `client.address`: the key's `onMissing` says what becomes of it.
    pub trusted_hops: u32,
    /// The leading bits of an IPv4 address that name a client, in `client.address` and `source.address`: 8 to 32.
    pub ipv4_prefix: u8,
    /// The same of an IPv6 address: 16 to 128. One customer usually has 64.
    pub ipv6_prefix: u8,
}

impl Default for ClientAddress {
    fn default() -> Self {
        Self {
            trusted_hops: 0,
            ipv4_prefix: 32,
            ipv6_prefix: 64,
        }
    }
}

impl ClientAddress {
    /// Whether the policy says nothing of it.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
