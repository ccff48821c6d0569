//! Policy to issuer: every mistake is found, each with its place.

use super::cache::Cache;
use super::confirmation::Binding;
use super::{Issuer, Keys, header, jwks};
use crate::config::{Bytes, JwtProvider, Span, TokenCache};
use crate::identity::remote::RemoteKeys;
use crate::problem::{Problem, pointer};
use std::sync::Arc;

/// In microseconds.
const DEFAULT_SKEW: u64 = 30_000_000;
/// In microseconds: beyond five minutes, a clock must be set, not forgiven.
const MAX_SKEW: u64 = 300_000_000;
const MAX_ENTRIES: u32 = 100_000;
const MIN_MEMORY: Bytes = Bytes(64 << 10);
/// A VM may have a gigabyte, for all of its providers.
const MAX_MEMORY: Bytes = Bytes(256 << 20);

impl Issuer {
    /// Compiles the provider at the JSON pointer `at`; adds what is wrong to `problems`.
    pub(in crate::identity) fn compile(
        name: &str,
        at: &str,
        config: &JwtProvider,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let JwtProvider {
            issuer,
            audiences,
            algorithms,
            jwks: _,
            discovery: _,
            types,
            clock_skew,
            max_lifetime,
            subject_claim,
            scope_claim,
            cache,
            sender_constrained: _,
            dpop: _,
        } = config;
        require(
            issuer,
            pointer(at, "issuer"),
            "set it to the `iss` of the issuer's tokens",
            problems,
        );
        require_list(
            audiences,
            &pointer(at, "audiences"),
            "name the `aud` of tokens for this API: without it, tokens for any other API would pass",
            problems,
        );
        if algorithms.is_empty() {
            problems.push(
                Problem::error(
                    "empty-value",
                    pointer(at, "algorithms"),
                    "there is no algorithm, so no token would pass",
                )
                .hint("name what the issuer signs with, such as `RS256` or `ES256`"),
            );
        }
        if let Some(types) = types {
            require_list(
                types,
                &pointer(at, "types"),
                "name the accepted `typ` values, such as `at+jwt`, or leave `types` out",
                problems,
            );
        }
        let skew = clock_skew.map_or(DEFAULT_SKEW, |Span(micros)| micros);
        if skew > MAX_SKEW {
            problems.push(
                Problem::error(
                    "clock-skew",
                    pointer(at, "clockSkew"),
                    format!("a clock skew of `{}` is too long", Span(skew)),
                )
                .hint("allow at most 5m, and set the clocks"),
            );
        }
        if *max_lifetime == Some(Span(0)) {
            problems.push(
                Problem::error(
                    "empty-value",
                    pointer(at, "maxLifetime"),
                    "no token lives for `0s`",
                )
                .hint("set the longest lifetime of the issuer's tokens, such as `1h`"),
            );
        }
        for (name, claim) in [("subjectClaim", subject_claim), ("scopeClaim", scope_claim)] {
            if let Some(claim) = claim {
                require(
                    claim,
                    pointer(at, name),
                    "name a claim, or leave it out",
                    problems,
                );
            }
        }
        let cache = cache_of(&pointer(at, "cache"), cache, problems);
        let binding = Binding::compile(at, config, problems);
        let keys = keys(name, at, config, problems)?;
        Some(Self {
            issuer: issuer.clone(),
            audiences: audiences.clone(),
            algorithms: algorithms.clone(),
            keys,
            cache,
            types: types
                .as_ref()
                .map(|types| types.iter().map(|t| header::normal_type(t)).collect()),
            skew,
            max_lifetime: max_lifetime.map(|Span(micros)| micros),
            subject_claim: subject_claim.clone().unwrap_or_else(|| "sub".to_owned()),
            scope_claims: scope_claim.as_ref().map_or_else(
                || vec!["scope".to_owned(), "scp".to_owned()],
                |claim| vec![claim.clone()],
            ),
            binding,
        })
    }
}

fn cache_of(at: &str, config: &TokenCache, problems: &mut Vec<Problem>) -> Option<Cache> {
    let TokenCache { entries, memory } = *config;
    if entries > MAX_ENTRIES {
        problems.push(
            Problem::error(
                "cache-too-large",
                pointer(at, "entries"),
                format!("{entries} tokens are too many for one worker"),
            )
            .hint(format!("keep at most {MAX_ENTRIES}")),
        );
    }
    if !(MIN_MEMORY..=MAX_MEMORY).contains(&memory) {
        problems.push(
            Problem::error(
                "cache-memory",
                pointer(at, "memory"),
                format!("a cache of `{memory}` does not fit a worker"),
            )
            .hint(format!(
                "allow from {MIN_MEMORY} to {MAX_MEMORY}; `entries: 0` switches the cache off"
            )),
        );
    }
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Cache::new(size(entries.into()), size(memory.0))
}

/// The keys, from exactly one source.
fn keys(name: &str, at: &str, config: &JwtProvider, problems: &mut Vec<Problem>) -> Option<Keys> {
    let JwtProvider {
        issuer,
        algorithms,
        jwks,
        discovery,
        ..
    } = config;
    let place = pointer(at, "jwks");
    let mut two = |a: &str, b: &str| {
        problems.push(
            Problem::error(
                "one-of",
                at,
                format!("there are two sources of keys, `{a}` and `{b}`"),
            )
            .hint("keep one of them"),
        );
        None
    };
    match (discovery, &jwks.uri) {
        (Some(_), _) if !jwks.is_empty() => two("jwks", "discovery"),
        (_, Some(_)) if jwks.inline.is_some() => two("jwks.inline", "jwks.uri"),
        (_, Some(_)) if jwks.file.is_some() => two("jwks.file", "jwks.uri"),
        (Some(discovery), _) => {
            let place = pointer(at, "discovery");
            RemoteKeys::by_discovery(name, &place, issuer, discovery, algorithms, problems)
                .map(|keys| Keys::Remote(Arc::new(keys)))
        }
        (None, Some(_)) => RemoteKeys::at_place(name, &place, jwks, algorithms, problems)
            .map(|keys| Keys::Remote(Arc::new(keys))),
        (None, None) => jwks::compile(&place, jwks, algorithms, problems)
            .map(|keys| Keys::Fixed(Arc::new(keys))),
    }
}

fn require(text: &str, at: String, hint: &str, problems: &mut Vec<Problem>) {
    if text.is_empty() {
        problems.push(Problem::error("empty-value", at, "the value is empty").hint(hint));
    }
}

fn require_list(list: &[String], at: &str, hint: &str, problems: &mut Vec<Problem>) {
    if list.is_empty() {
        problems.push(Problem::error("empty-value", at, "the list is empty").hint(hint));
    }
    for (number, text) in list.iter().enumerate() {
        require(text, pointer(at, number), hint, problems);
    }
}
