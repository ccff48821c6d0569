//! Policy to introspector.

use super::cache::Cache;
use super::{Introspector, State};
use crate::config::{ClientSecret, IntrospectionCache, IntrospectionProvider, Span};
use crate::identity::remote::{TIMEOUT, check_cluster, span};
use crate::problem::{Problem, pointer};
use crate::remote::{Breaker, Location};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Mutex;

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const DEFAULT_ENTRIES: u32 = 1_000;
const MOST_ENTRIES: u32 = 100_000;

impl Introspector {
    /// Compiles the provider at the JSON pointer `at`; adds what is wrong to `problems`.
    pub(in crate::identity) fn compile(
        at: &str,
        config: &IntrospectionProvider,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let IntrospectionProvider {
            uri,
            cluster,
            client_id,
            client_secret,
            issuer,
            audiences,
            subject_claim,
            timeout,
            cache,
            on_failure,
        } = config;
        let location = Location::compile(uri, &pointer(at, "uri"), problems);
        let cluster = check_cluster(Some(cluster), &pointer(at, "cluster"), problems);
        let secret = secret(client_secret, &pointer(at, "clientSecret"), problems);
        let texts = [
            ("clientId", Some(client_id)),
            ("issuer", issuer.as_ref()),
            ("subjectClaim", subject_claim.as_ref()),
        ];
        let named = texts
            .into_iter()
            .filter_map(|(name, text)| text.map(|text| (pointer(at, name), text)));
        let listed = audiences
            .iter()
            .enumerate()
            .map(|(index, text)| (pointer(&pointer(at, "audiences"), index), text));
        for (place, _) in named.chain(listed).filter(|(_, text)| text.is_empty()) {
            problems.push(Problem::error("empty-value", place, "the value is empty"));
        }
        let place = pointer(at, "cache");
        let IntrospectionCache {
            entries,
            max_age,
            negative_max_age,
        } = cache.clone().unwrap_or_default();
        let entries = entries.unwrap_or(DEFAULT_ENTRIES);
        if entries > MOST_ENTRIES {
            problems.push(
                Problem::error(
                    "out-of-bounds",
                    pointer(&place, "entries"),
                    format!("{entries} entries are too many"),
                )
                .hint("every worker keeps its own: at most 100,000 are possible"),
            );
        }
        let mut age = |value: Option<Span>, name, default| {
            span(value, (name, default, 0, 60 * MINUTE), &place, problems)
        };
        let max_age = age(max_age, "maxAge", 30 * SECOND);
        let negative_max_age = age(negative_max_age, "negativeMaxAge", 5 * SECOND);
        let timeout = span(*timeout, TIMEOUT, at, problems);
        let most = usize::try_from(entries).ok()?;
        Some(Self {
            cluster: cluster?,
            location: location?,
            authorization: basic(client_id, secret?),
            issuer: issuer.clone(),
            audiences: audiences.clone(),
            subject_claim: subject_claim.clone(),
            timeout,
            max_age,
            negative_max_age,
            on_failure: on_failure.unwrap_or_default(),
            state: Mutex::new(State {
                active: Cache::new(most),
                inactive: Cache::new(most),
                breaker: Breaker::default(),
            }),
        })
    }
}

fn secret<'a>(config: &'a ClientSecret, at: &str, problems: &mut Vec<Problem>) -> Option<&'a str> {
    let ClientSecret { value, file, env } = config;
    match (value, file, env) {
        (Some(value), None, None) if !value.is_empty() => return Some(value),
        (Some(_), None, None) => {
            problems.push(Problem::error("empty-value", at, "the secret is empty"));
        }
        (None, Some(_), None) | (None, None, Some(_)) => problems.push(
            Problem::error("secret-not-resolved", at, "the secret is still elsewhere")
                .hint("run `meshward build`: it reads the secret into the bundle"),
        ),
        _ => problems.push(
            Problem::error("one-of", at, "there must be exactly one secret").hint(
                "set `env` to a variable's name, `file` to a file's, or `value` to the secret",
            ),
        ),
    }
    None
}

/// `client_secret_basic` (RFC 6749 §2.3.1): both are form-encoded first.
fn basic(client: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client), encoded(secret));
    format!("Basic {}", STANDARD.encode(pair))
}
