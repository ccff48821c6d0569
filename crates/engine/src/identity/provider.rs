//! One identity provider, compiled.

use super::api_key::KeyRing;
use super::introspection::Introspector;
use super::jwt::{Issuer, Keys};
use super::mtls::Peers;
use super::remote::RemoteKeys;
use crate::config::{IdentityProvider, KeyLocation};
use crate::problem::{Problem, Severity, pointer};
use std::fmt;
use std::sync::Arc;

/// A source of identities, ready to judge. Immutable.
pub(crate) struct Provider {
    name: Arc<str>,
    source: Source,
}

/// What a provider accepts.
pub(super) enum Source {
    /// Tokens of an issuer.
    Jwt(Box<Issuer>),
    /// Keys in one place of the request.
    ApiKey(KeyRing),
    /// Certificates of connections.
    Mtls(Peers),
    /// Tokens that a server knows.
    Introspection(Arc<Introspector>),
}

impl Provider {
    /// Compiles the provider that stands at the JSON pointer `at`, and gives the warnings about it.
    ///
    /// # Errors
    /// Every problem with it, warnings among them, when at least one is an error.
    pub(crate) fn compile(
        name: &str,
        at: &str,
        config: &IdentityProvider,
    ) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let mut problems = Vec::new();
        let source = match config {
            IdentityProvider::Jwt(jwt) => {
                Issuer::compile(name, &pointer(at, "jwt"), jwt, &mut problems)
                    .map(|issuer| Source::Jwt(Box::new(issuer)))
            }
            IdentityProvider::ApiKey(keys) => {
                KeyRing::compile(&pointer(at, "apiKey"), keys, &mut problems).map(Source::ApiKey)
            }
            IdentityProvider::Mtls(peers) => {
                Peers::compile(&pointer(at, "mtls"), peers, &mut problems).map(Source::Mtls)
            }
            IdentityProvider::Introspection(server) => {
                Introspector::compile(&pointer(at, "introspection"), server, &mut problems)
                    .map(|server| Source::Introspection(Arc::new(server)))
            }
        };
        match source {
            Some(source) if problems.iter().all(|p| p.severity != Severity::Error) => Ok((
                Self {
                    name: name.into(),
                    source,
                },
                problems,
            )),
            _ => Err(problems),
        }
    }

    /// The name in the policy.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The query parameter that the provider reads, if it reads one.
    pub(crate) fn query_name(&self) -> Option<&str> {
        match &self.source {
            Source::ApiKey(ring) if ring.place().location == KeyLocation::Query => {
                Some(&ring.place().name)
            }
            Source::ApiKey(_) | Source::Jwt(_) | Source::Mtls(_) | Source::Introspection(_) => None,
        }
    }

    /// Where in a request the provider reads, if it reads there.
    pub(crate) fn place(&self) -> Option<(KeyLocation, &str)> {
        match &self.source {
            Source::Jwt(_) | Source::Introspection(_) => {
                Some((KeyLocation::Header, super::bearer::HEADER))
            }
            Source::ApiKey(ring) => Some((ring.place().location, &ring.place().name)),
            Source::Mtls(_) => None,
        }
    }

    /// The rules about certificates, where the provider reads them.
    pub(crate) fn peers(&self) -> Option<&Peers> {
        match &self.source {
            Source::Mtls(peers) => Some(peers),
            Source::Jwt(_) | Source::ApiKey(_) | Source::Introspection(_) => None,
        }
    }

    /// The keys that must be fetched for it.
    pub(crate) fn remote_keys(&self) -> Option<&Arc<RemoteKeys>> {
        match &self.source {
            Source::Jwt(issuer) => match issuer.keys() {
                Keys::Remote(keys) => Some(keys),
                Keys::Fixed(_) => None,
            },
            Source::ApiKey(_) | Source::Introspection(_) | Source::Mtls(_) => None,
        }
    }

    /// The proxy's clusters that it needs.
    pub(crate) fn clusters(&self) -> Vec<&str> {
        match &self.source {
            Source::Jwt(_) => self
                .remote_keys()
                .map(|keys| keys.clusters())
                .unwrap_or_default(),
            Source::Introspection(server) => vec![server.cluster()],
            Source::ApiKey(_) | Source::Mtls(_) => Vec::new(),
        }
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }
}

impl fmt::Debug for Provider {
    // Secrets and digests stay inside.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.source {
            Source::Jwt(_) => "jwt",
            Source::ApiKey(_) => "apiKey",
            Source::Mtls(_) => "mtls",
            Source::Introspection(_) => "introspection",
        };
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("kind", &kind)
            .finish_non_exhaustive()
    }
}
