//! Claims that the upstream is told in headers.

use super::api::Scope;
use super::layers::Layers;
use crate::problem::{Problem, pointer};
use std::collections::BTreeSet;

/// A header, and the claim that it carries.
#[derive(Debug, Clone)]
pub(crate) struct ClaimHeader {
    /// The name, in lower case.
    pub(crate) name: String,
    /// The claim: member by member.
    pub(crate) path: Vec<String>,
}

/// Headers that say something else: how a message is framed and routed, who may be believed, what a credential is.
const OTHERS: [&str; 16] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "dpop",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-request-id",
];

impl Scope<'_> {
    pub(super) fn claim_headers(&mut self, layers: &Layers<'_>) -> Vec<ClaimHeader> {
        let Some((claims, at)) = layers.claims() else {
            return Vec::new();
        };
        let base = format!("{at}/upstream/claims");
        let mut headers = Vec::with_capacity(claims.len());
        for (name, path) in claims {
            let lower = name.to_ascii_lowercase();
            let at = pointer(&base, name);
            let problem = if !is_name(&lower) {
                Some((
                    "invalid-name",
                    format!("`{}` is not the name of a header", name.escape_debug()),
                    "use letters, digits and `-`",
                ))
            } else if OTHERS.contains(&lower.as_str())
                || ["x-meshward-", "x-forwarded-", "x-envoy-"]
                    .iter()
                    .any(|p| lower.starts_with(p))
            {
                Some((
                    "reserved-name",
                    format!("`{name}` has a meaning of its own"),
                    "choose another name, such as `x-user-tenant`",
                ))
            } else if path.split('.').any(str::is_empty) {
                Some((
                    "invalid-claim",
                    format!("`{}` is not the path of a claim", path.escape_debug()),
                    "write it as in `tenant_id`, or `realm.tenant` for a member of a claim",
                ))
            } else {
                None
            };
            if let Some((code, message, hint)) = problem {
                let problem = Problem::error(code, at, message).hint(hint);
                // A default is one mistake, not one per endpoint.
                if !self.problems.contains(&problem) {
                    self.problem(problem);
                }
                continue;
            }
            headers.push(ClaimHeader {
                name: lower,
                path: path.split('.').map(str::to_owned).collect(),
            });
        }
        headers
    }
}

/// Servers that pass headers on as environment variables do not tell `-` from `_`: a name with `_` could not be kept free.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The names of all headers that some endpoint carries claims in.
pub(super) fn names<'a>(headers: impl Iterator<Item = &'a ClaimHeader>) -> Vec<String> {
    let names: BTreeSet<&str> = headers.map(|header| header.name.as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}
