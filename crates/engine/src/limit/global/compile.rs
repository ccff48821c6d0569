//! Policy to shared quota.

use super::{Desk, Global, MOST_REQUESTS, Terms, plans};
use crate::config::{self, GlobalMode, OnServiceFailure, Span};
use crate::identity::remote::span;
use crate::problem::{Problem, pointer};
use std::sync::Arc;

const MILLISECOND: u64 = 1_000;
/// The name, what it is when absent, the least and the most.
const TIMEOUT: (&str, u64, u64, u64) = (
    "timeout",
    100 * MILLISECOND,
    5 * MILLISECOND,
    10_000 * MILLISECOND,
);
/// The longest name: the proxy takes a cluster's name in a message whose lengths must each fit one byte.
const LONGEST_CLUSTER: usize = 100;
const LONGEST_DOMAIN: usize = 128;

impl Global {
    /// Compiles the quota at the JSON pointer `at` of a policy's limit; adds what is wrong to `problems`.
    /// `beside` is what else the limit says.
    pub(in crate::limit) fn compile(
        (policy, limit): (&str, &str),
        at: &str,
        (config, beside): (&config::Global, &config::Limit),
        problems: &mut Vec<Problem>,
    ) -> Self {
        let config::Global {
            cluster,
            domain,
            requests,
            unit,
            mode,
            lease,
            timeout,
            on_failure,
        } = config;
        if cluster.is_empty()
            || cluster.len() > LONGEST_CLUSTER
            || !cluster.bytes().all(|b| b.is_ascii_graphic())
        {
            problems.push(
                Problem::error("cluster", pointer(at, "cluster"), "there is no cluster that leads to the service")
                    .hint("name a cluster of the proxy in at most 100 visible characters; `meshward render envoy --cluster ratelimit=HOST:PORT` makes one"),
            );
        }
        if let Some(domain) = domain
            && (domain.is_empty()
                || domain.len() > LONGEST_DOMAIN
                || !domain.bytes().all(|b| b.is_ascii_graphic()))
        {
            problems.push(
                Problem::error("limit-domain", pointer(at, "domain"), "this cannot name a domain of the service")
                    .hint("use at most 128 visible characters, or leave it out: then the policy's name is the domain"),
            );
        }
        if !(1..=MOST_REQUESTS).contains(requests) {
            problems.push(
                Problem::error(
                    "out-of-bounds",
                    pointer(at, "requests"),
                    format!("`{requests}` requests are out of bounds"),
                )
                .hint("from 1 to 1,000,000,000 are possible"),
            );
        }
        let local = beside.rate.is_some() || !beside.windows.is_empty();
        if beside.concurrent.is_some() {
            problems.push(
                Problem::error("limit-form", at, "a shared quota knows no `concurrent`").hint(
                    "requests in flight are counted on each proxy: write a second limit for them",
                ),
            );
        }
        let from = beside.cost.as_ref().and_then(|cost| cost.from.as_deref());
        if from.is_some_and(|from| from.ends_with(".size")) {
            problems.push(
                Problem::error("limit-form", at, "a shared quota cannot be charged afterwards")
                    .hint("let the `cost` be `fixed`, or come from a header or a query parameter; for sizes write a second limit"),
            );
        }
        let exact = *mode == GlobalMode::Exact;
        if let Some(lease) = lease {
            if exact {
                problems.push(
                    Problem::error(
                        "limit-form",
                        pointer(at, "lease"),
                        "`mode: exact` takes no leases",
                    )
                    .hint("remove `lease`, or use `mode: leased`"),
                );
            } else if !(1..=*requests).contains(lease) {
                problems.push(
                    Problem::error(
                        "out-of-bounds",
                        pointer(at, "lease"),
                        format!("a lease of `{lease}` is out of bounds"),
                    )
                    .hint("from 1 to `requests` are possible; every proxy may hold one that nobody spends"),
                );
            }
        }
        let timeout = span(*timeout, TIMEOUT, at, problems);
        match (on_failure, local) {
            (OnServiceFailure::Local, false) => problems.push(
                Problem::error(
                    "limit-form",
                    pointer(at, "onFailure"),
                    "there is no ceiling for the time without the service",
                )
                .hint("give the limit a `rate` (or `windows`): it holds on each proxy alone, so divide the quota by their number"),
            ),
            (OnServiceFailure::Deny | OnServiceFailure::Allow, true) => problems.push(
                Problem::error(
                    "limit-form",
                    pointer(at, "onFailure"),
                    "the limit's own `rate` or `windows` would never be used",
                )
                .hint("use `onFailure: local`, or remove them; for both at once write two limits"),
            ),
            (OnServiceFailure::Local, true)
            | (OnServiceFailure::Deny | OnServiceFailure::Allow, false) => {}
        }
        let terms = Terms {
            limit: limit.to_owned(),
            cluster: cluster.clone(),
            domain: domain.clone().unwrap_or_else(|| policy.to_owned()),
            requests: *requests,
            unit: *unit,
            exact,
            lease: lease.unwrap_or(*requests / 10).max(1),
            timeout: Span(timeout),
        };
        Self {
            on_failure: *on_failure,
            plans: plans::desks(&terms, *lease, beside),
            desk: Arc::new(Desk::new(terms)),
        }
    }
}
