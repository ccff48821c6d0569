//! What endpoints lack: somebody who is asked for, something that callers must be allowed, objects that must be their own.
//!
//! A gap is no mistake: an endpoint may be meant for everybody. So gaps are notes, and never change the exit code.

use crate::endpoints::Endpoint;
use crate::style::{FAINT, TITLE};
use meshward_engine::verdict::Control;
use meshward_engine::{AccessSummary, Problem, pointer};
use serde::Serialize;
use std::fmt::Write as _;

/// The most endpoints of one kind that are listed for people.
const MOST_LISTED: usize = 20;

/// What one endpoint lacks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gaps {
    api: String,
    endpoint: String,
    missing: Vec<Gap>,
}

/// Something that is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Gap {
    Authentication,
    Authorization,
    ObjectBinding,
}

impl Gap {
    const ALL: [Self; 3] = [
        Self::Authentication,
        Self::Authorization,
        Self::ObjectBinding,
    ];

    /// The code of a note, for tools.
    const fn code(self) -> &'static str {
        match self {
            Self::Authentication => "no-authentication",
            Self::Authorization => "no-authorization",
            Self::ObjectBinding => "no-object-binding",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Authentication => "anybody may call (API2)",
            Self::Authorization => "whoever is known may call (API5)",
            Self::ObjectBinding => "the object in the path is nobody's in particular (API1)",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::Authentication => "name identity providers under `authenticate`",
            Self::Authorization => {
                "ask for scopes, roles, groups, callers, claims or an expression under `authorize`"
            }
            Self::ObjectBinding => {
                "bind the object to its caller with `authorize.bind`, or its owner in the response with `response.bind`"
            }
        }
    }
}

/// The endpoints that lack something, in order.
pub(crate) fn gaps(endpoints: &[Endpoint]) -> Vec<Gaps> {
    let of = |endpoint: &Endpoint| {
        let missing = Gap::ALL.into_iter().filter(|gap| lacks(endpoint, *gap));
        Gaps {
            api: endpoint.rules.api.clone(),
            endpoint: endpoint.rules.endpoint.clone(),
            missing: missing.collect(),
        }
    };
    let all = endpoints.iter().map(of);
    all.filter(|gaps| !gaps.missing.is_empty()).collect()
}

/// A closed endpoint lacks nothing, and a public one no more than that it asks nobody.
fn lacks(endpoint: &Endpoint, gap: Gap) -> bool {
    let is_known = matches!(endpoint.rules.access, AccessSummary::Known { .. })
        && endpoint.enforces(Control::Authenticate);
    let is_closed = matches!(endpoint.rules.access, AccessSummary::Closed);
    match gap {
        Gap::Authentication => {
            let asks = is_closed || endpoint.asks_which_service();
            !(asks || is_known && endpoint.asks_who())
        }
        Gap::Authorization => is_known && !endpoint.is_authorized(),
        Gap::ObjectBinding => is_known && endpoint.names_object() && !endpoint.binds_object(),
    }
}

/// The lists that `check` prints.
pub(crate) fn table(gaps: &[Gaps]) -> String {
    let mut text = String::new();
    for gap in Gap::ALL {
        let lacking: Vec<&Gaps> = gaps.iter().filter(|g| g.missing.contains(&gap)).collect();
        if lacking.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{TITLE}Endpoints where {}{TITLE:#}", gap.words());
        for Gaps { api, endpoint, .. } in lacking.iter().take(MOST_LISTED) {
            let _ = writeln!(text, "  {endpoint} {FAINT}({api}){FAINT:#}");
        }
        if let Some(more) = lacking.len().checked_sub(MOST_LISTED).filter(|n| *n > 0) {
            let _ = writeln!(text, "  and {more} more (all of them with `--format json`)");
        }
        let _ = writeln!(text, "  {FAINT}hint: {}{FAINT:#}\n", gap.hint());
    }
    text
}

/// Notes for code scanning, at the API in the policy.
pub(crate) fn notes(gaps: &[Gaps], apis: &[String]) -> Vec<Problem> {
    let of = |gaps: &Gaps| {
        let Gaps {
            api,
            endpoint,
            missing,
        } = gaps;
        let index = apis.iter().position(|name| name == api).unwrap_or_default();
        let at = pointer(&pointer("/apis", index), "name");
        let notes = missing.iter().map(|gap| {
            let message = format!("`{endpoint}`: {}", gap.words());
            Problem::warning(gap.code(), at.clone(), message).hint(gap.hint())
        });
        notes.collect::<Vec<_>>()
    };
    gaps.iter().flat_map(of).collect()
}
