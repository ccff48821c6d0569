//! Quotas of their own for callers with a plan.
//!
//! The service knows a plan as a limit by the name `LIMIT.PLAN`: so each has its own number of requests, and a caller whose plan changes
//! begins with the whole quota of the new one.

use super::{Desk, Terms};
use crate::config;
use crate::problem::{Problem, pointer};
use std::sync::Arc;

/// The desk of each plan, in order. Those without `requests` are told of by [`check`].
pub(super) fn desks(terms: &Terms, lease: Option<u32>, limit: &config::Limit) -> Vec<Arc<Desk>> {
    let plans = limit.plans.iter().map(|(name, plan)| {
        let requests = plan.requests.unwrap_or(terms.requests);
        let terms = Terms {
            limit: format!("{}.{name}", terms.limit),
            requests,
            lease: lease.unwrap_or(requests / 10).min(requests).max(1),
            ..terms.clone()
        };
        Arc::new(Desk::new(terms))
    });
    plans.collect()
}

/// Adds what is wrong with the plans of a limit, as far as a shared quota goes.
pub(in crate::limit) fn check(at: &str, limit: &config::Limit, problems: &mut Vec<Problem>) {
    let local = limit.rate.is_some() || !limit.windows.is_empty();
    let base = pointer(at, "plans");
    for (name, plan) in &limit.plans {
        let at = pointer(&base, name);
        match (&limit.global, plan.requests) {
            (None, None) => continue,
            (None, Some(_)) => problems.push(
                Problem::error(
                    "limit-plan",
                    pointer(&at, "requests"),
                    "the limit itself has no quota that a fleet shares",
                )
                .hint("give the limit a `global`, or the plan a `rate`"),
            ),
            (Some(_), None) => problems.push(
                Problem::error(
                    "limit-plan",
                    at.as_str(),
                    "this plan has no quota of its own",
                )
                .hint("say how many `requests` its callers have in one window"),
            ),
            (Some(_), Some(requests)) if !(1..=super::MOST_REQUESTS).contains(&requests) => {
                problems.push(
                    Problem::error(
                        "out-of-bounds",
                        pointer(&at, "requests"),
                        format!("`{requests}` requests are out of bounds"),
                    )
                    .hint("from 1 to 1,000,000,000 are possible"),
                );
            }
            (Some(_), Some(_)) => {}
        }
        if limit.global.is_none() {
            continue;
        }
        if (plan.rate.is_some() || !plan.windows.is_empty()) && !local {
            problems.push(
                Problem::error(
                    "limit-plan",
                    at.as_str(),
                    "the plan's own `rate` or `windows` would never be used",
                )
                .hint("give the limit one as well, with `onFailure: local`, or remove them"),
            );
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.is_empty() || name.len() > 63 || !name.bytes().all(plain) {
            problems.push(
                Problem::error(
                    "limit-plan",
                    at.as_str(),
                    format!("`{}` cannot name a quota", name.escape_debug()),
                )
                .hint("use letters, digits, `-` and `_`, at most 63 characters: the service and its counters see the name"),
            );
        }
    }
}
