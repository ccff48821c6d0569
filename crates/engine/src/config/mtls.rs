//! Workloads as callers: mutual TLS.

use serde::{Deserialize, Serialize};

/// Workloads, known by the certificate of their connection.
///
/// The listener must verify certificates: `trusted_ca`, and no `ACCEPT_UNTRUSTED`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MtlsProvider {
    /// The SPIFFE trust domains that are accepted, spelled out.
    pub trust_domains: Vec<String>,
    /// Patterns for the namespace in `spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT`; `*` stands for any characters. When absent: any ID of the
    /// trust domains, also of another form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Patterns for the service account, as for `namespaces`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_accounts: Vec<String>,
    /// Who says that the certificate was verified. When absent: `listener`.
    #[serde(default, skip_serializing_if = "VerifiedBy::is_listener")]
    pub verified_by: VerifiedBy,
    /// Which proxies in front of this one are believed about the certificates of their own callers. When absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<ForwardedCertificates>,
}

/// Who says that a client certificate was verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum VerifiedBy {
    /// The listener refuses connections whose certificate it cannot verify. Meshward cannot see whether it does.
    #[default]
    Listener,
    /// An RBAC filter in front of this one, with the shadow rule that the manual shows, says for every request whether the certificate was
    /// verified: for listeners that also admit unverified certificates.
    Rbac,
}

impl VerifiedBy {
    /// Whether it is the default.
    #[must_use]
    pub const fn is_listener(&self) -> bool {
        matches!(self, Self::Listener)
    }
}

/// The `x-forwarded-client-cert` header of trusted proxies.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForwardedCertificates {
    /// Patterns for the SPIFFE IDs of the proxies that are believed, such as `spiffe://cluster.local/ns/istio-system/sa/gateway`. They must set
    /// the header themselves (`SANITIZE_SET` or `APPEND_FORWARD`).
    pub from: Vec<String>,
    /// What happens to the header of anybody else. It never goes upstream. When absent: `ignore`.
    #[serde(default, skip_serializing_if = "UntrustedHeader::is_ignore")]
    pub untrusted: UntrustedHeader,
}

/// What happens to a header that nobody vouches for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum UntrustedHeader {
    /// It is taken from the request, and the caller is who the connection says.
    #[default]
    Ignore,
    /// The request is refused.
    Refuse,
}

impl UntrustedHeader {
    /// Whether it is the default.
    #[must_use]
    pub const fn is_ignore(&self) -> bool {
        matches!(self, Self::Ignore)
    }
}
