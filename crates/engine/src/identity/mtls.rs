//! Workloads, known by the certificate of their connection.
//!
//! Envoy has verified the certificate, or a filter in front says whether it did; here its name is read as a SPIFFE ID and held
//! against the policy. A proxy that the policy believes may pass on who called it, in `x-forwarded-client-cert`.
//!
//! INVARIANT (nobody vouches for himself): an element of that header counts only when it was written by this proxy or by one whose
//! own identity is proven and matches `forwarded.from`. The chain is walked from the connection backwards, and ends at the first
//! workload that is not such a proxy.

use super::jwt::Unproven;
use super::spiffe::{self, Glob, SpiffeId, SpiffePattern};
use super::{Identity, Provider, text, xfcc};
use crate::config::{ForwardedCertificates, MtlsProvider, UntrustedHeader, VerifiedBy};
use crate::http::{RequestHead, Source};
use crate::problem::{Problem, pointer};
use crate::verdict::{Reason, Refusal};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// The workloads that a provider knows.
#[derive(Debug)]
pub(crate) struct Peers {
    trust_domains: Vec<String>,
    /// Any when empty.
    namespaces: Vec<Glob>,
    /// Any when empty.
    accounts: Vec<Glob>,
    /// Whether a filter in front must say that the certificate was verified.
    must_be_verified: bool,
    /// The proxies that are believed about their own callers.
    hops: Vec<SpiffePattern>,
    refuses_untrusted: bool,
}

/// The service that calls, whoever else its request speaks for: as the accepted providers of certificates know it, where there are any, so that
/// what they ask of a certificate and whom they believe counts here too; else by the certificate of the connection.
pub(crate) fn workload<'a>(
    providers: &[Arc<Provider>],
    head: &'a RequestHead,
) -> Option<Cow<'a, str>> {
    let mut peers = providers.iter().filter_map(|p| p.peers()).peekable();
    if peers.peek().is_none() {
        return head.source.principal.as_deref().map(Cow::Borrowed);
    }
    peers.find_map(|peers| peers.workload(head)).map(Cow::Owned)
}

/// A workload that was accepted.
#[derive(Debug)]
pub(super) struct Peer(String);

impl Peers {
    /// Compiles the provider at the JSON pointer `at`; adds what is wrong to `problems`.
    pub(super) fn compile(
        at: &str,
        config: &MtlsProvider,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let MtlsProvider {
            trust_domains,
            namespaces,
            service_accounts,
            verified_by,
            forwarded,
        } = config;
        let before = problems.len();
        let place = pointer(at, "trustDomains");
        if trust_domains.is_empty() {
            problems.push(
                Problem::error(
                    "empty-value",
                    place.clone(),
                    "there is no trust domain, so nobody would pass",
                )
                .hint("name the trust domain of the mesh, such as `cluster.local`"),
            );
        }
        for (number, domain) in trust_domains.iter().enumerate() {
            if !spiffe::is_trust_domain(domain) {
                problems.push(
                    Problem::error("invalid-trust-domain", pointer(&place, number), format!("`{}` is not a trust domain", domain.escape_debug()))
                        .hint("write its name alone, in lower case and without `*`, such as `cluster.local`"),
                );
            }
        }
        let globs = |name: &str, list: &[String], problems: &mut Vec<Problem>| {
            let place = pointer(at, name);
            patterns(&place, list, Glob::compile, problems)
        };
        let namespaces = globs("namespaces", namespaces, problems);
        let accounts = globs("serviceAccounts", service_accounts, problems);
        let (hops, refuses_untrusted) = match forwarded {
            None => (Vec::new(), false),
            Some(ForwardedCertificates { from, untrusted }) => {
                let place = pointer(&pointer(at, "forwarded"), "from");
                if from.is_empty() {
                    problems.push(
                        Problem::error(
                            "empty-value",
                            place.clone(),
                            "there is no proxy whose header would be believed",
                        )
                        .hint("name the SPIFFE ID of the gateway, or leave out `forwarded`"),
                    );
                }
                let hops = patterns(&place, from, SpiffePattern::compile, problems);
                (hops, *untrusted == UntrustedHeader::Refuse)
            }
        };
        (problems.len() == before).then(|| Self {
            trust_domains: trust_domains.clone(),
            namespaces,
            accounts,
            must_be_verified: *verified_by == VerifiedBy::Rbac,
            hops,
            refuses_untrusted,
        })
    }

    /// Whether the adapter must find out if the certificate was verified.
    pub(crate) const fn must_be_verified(&self) -> bool {
        self.must_be_verified
    }

    /// Whether the peer of the connection is a proxy that is believed about its own callers.
    pub(crate) fn believes(&self, source: &Source) -> bool {
        let verified = source.verified || !self.must_be_verified;
        let principal = source.principal.as_deref();
        verified && principal.is_some_and(|principal| self.is_hop(principal))
    }

    /// Who calls; `None` when the connection shows no certificate with a name.
    pub(super) fn verify(&self, head: &RequestHead) -> Result<Option<Peer>, Refusal> {
        let Some(principal) = head.source.principal.as_deref() else {
            return Ok(None);
        };
        if self.must_be_verified && !head.source.verified {
            return Err(Reason::PeerUnverified.into());
        }
        if SpiffeId::parse(principal).is_none() {
            return Err(
                Refusal::at(Reason::PeerMalformed, "source.principal").expected("one SPIFFE ID")
            );
        }
        let caller = if self.is_hop(principal) {
            self.forwarded(principal, head)?
        } else {
            if self.refuses_untrusted && head.headers.first(xfcc::HEADER).is_some() {
                return Err(at_header(Reason::ForwardedCertificateUntrusted));
            }
            principal.to_owned()
        };
        if self.accepts(&caller) {
            Ok(Some(Peer(caller)))
        } else {
            Err(Refusal::at(Reason::PeerNotAccepted, "source.principal"))
        }
    }

    /// The workload that calls, if this provider believes that it does.
    fn workload(&self, head: &RequestHead) -> Option<String> {
        let Peer(name) = self.verify(head).ok()??;
        Some(name)
    }

    /// Walks the header backwards from a connection whose peer is believed.
    fn forwarded(&self, principal: &str, head: &RequestHead) -> Result<String, Refusal> {
        let malformed = || at_header(Reason::ForwardedCertificateMalformed);
        let elements = xfcc::read(&head.headers).ok_or_else(malformed)?;
        let mut writer = principal.to_owned();
        for element in elements.into_iter().rev() {
            let uri = element.uri.unwrap_or_default();
            // This proxy, or one that shares the name of the writer, on the writer itself.
            if uri == writer {
                continue;
            }
            let by_writer = element.by.is_empty() || element.by.contains(&writer);
            if !by_writer || SpiffeId::parse(&uri).is_none() {
                return Err(malformed());
            }
            if !self.is_hop(&uri) {
                return Ok(uri);
            }
            writer = uri;
        }
        Ok(writer)
    }

    fn is_hop(&self, principal: &str) -> bool {
        self.hops.iter().any(|pattern| pattern.matches(principal))
    }

    fn accepts(&self, caller: &str) -> bool {
        let Some(id) = SpiffeId::parse(caller) else {
            return false;
        };
        // A longer ID could not be a subject: subjects go into logs and headers.
        let named = text::is_subject(caller)
            && self
                .trust_domains
                .iter()
                .any(|domain| domain == id.trust_domain());
        let any = |globs: &[Glob], word: Option<&str>| {
            globs.is_empty() || word.is_some_and(|word| globs.iter().any(|glob| glob.matches(word)))
        };
        let workload = id.workload();
        named
            && any(&self.namespaces, workload.map(|(namespace, _)| namespace))
            && any(&self.accounts, workload.map(|(_, account)| account))
    }
}

impl Peer {
    /// The identity: its name is the subject, and its parts are what claims are of a token.
    pub(super) fn identity(self, provider: &Arc<str>) -> Identity {
        let Self(subject) = self;
        let mut claims = Map::new();
        if let Some(id) = SpiffeId::parse(&subject) {
            let mut put =
                |name: &str, value: &str| claims.insert(name.to_owned(), Value::from(value));
            put("trustDomain", id.trust_domain());
            if let Some((namespace, account)) = id.workload() {
                put("namespace", namespace);
                put("serviceAccount", account);
            }
        }
        Identity {
            provider: Arc::clone(provider),
            subject: subject.into(),
            scopes: [].into(),
            claims: Arc::new(claims),
            by_key: false,
            with: Vec::new(),
            unproven: Unproven::default(),
            credential: None,
        }
    }
}

fn at_header(reason: Reason) -> Refusal {
    Refusal::at(reason, format!("header.{}", xfcc::HEADER))
}

/// Compiles every pattern of a list.
fn patterns<T>(
    at: &str,
    list: &[String],
    compile: impl Fn(&str) -> Result<T, String>,
    problems: &mut Vec<Problem>,
) -> Vec<T> {
    let mut compiled = Vec::with_capacity(list.len());
    for (number, pattern) in list.iter().enumerate() {
        match compile(pattern) {
            Ok(pattern) => compiled.push(pattern),
            Err(why) => problems.push(
                Problem::error("invalid-pattern", pointer(at, number), why)
                    .hint("write it as in `spiffe://cluster.local/ns/shop/sa/web-*`; a namespace or account is one segment of that"),
            ),
        }
    }
    compiled
}

#[cfg(test)]
mod tests;
