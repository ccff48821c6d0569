//! One reading of a target: decoded once, for everybody.

use super::authority::Authority;
use super::path::{self, NormalPath};
use super::{RequestHead, fields, query};
use crate::config::{self, Paths};
use crate::verdict::{Reason, Refusal};

/// A target in its normal form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The host: lower case, without port and final dot. An IPv6 address is in brackets.
    pub host: String,
    /// The path's segments, percent-decoded. `/` has none; a final slash gives an empty last segment.
    pub segments: Vec<String>,
    /// The query's parameters in order, percent-decoded (`+` is a space).
    pub query: Vec<(String, String)>,
    /// The target to send upstream: set when the raw one was not in its normal form and the policy says `paths: rewrite`.
    pub rewritten: Option<String>,
    /// The segments where a plain `;` belongs to them instead of ending them: set when the path holds one and is in its normal form otherwise.
    pub with_semicolons: Option<Vec<String>>,
}

/// What came of reading a request head.
///
/// A policy can run this control in `monitor`: then the refusals are findings, and the request is judged further by its
/// target. Where there is no target there is nothing to judge it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The target, where host, path and query can each be read in exactly one way. A head that only breaks a bound, repeats a
    /// header field or is not in its normal form has one.
    pub target: Option<Target>,
    /// Everything that is wrong, in the order of [`Reason`]. Empty when the head is fine.
    pub refusals: Vec<Refusal>,
}

/// Reads a request head. Never panics; time and memory are linear in its size.
#[must_use]
pub fn read(head: &RequestHead, bounds: &config::Reading) -> Reading {
    let mut refusals = Vec::new();
    if !fields::is_token(&head.method) {
        refusals.push(malformed("a method that is a token"));
    }
    fields::check(&head.headers, bounds, &mut refusals);
    let host = read_host(head, &mut refusals);
    let target = read_target(&head.target, bounds, &mut refusals);
    // Stable: within one reason, in the order in which the head is read.
    refusals.sort_by_key(|refusal| refusal.reason);
    let target = host
        .zip(target)
        .map(|(host, target)| Target { host, ..target });
    Reading { target, refusals }
}

fn read_host(head: &RequestHead, refusals: &mut Vec<Refusal>) -> Option<String> {
    let Some(authority) = Authority::read(&head.authority) else {
        refusals.push(malformed("an authority: a host, and a port or none"));
        return None;
    };
    let differs = |value: &[u8]| Authority::read(value).as_ref() != Some(&authority);
    if head.headers.all("host").any(differs) {
        refusals.push(malformed("a `host` field that is equal to the authority"));
        return None;
    }
    Some(authority.host)
}

/// Everything of the target but its host.
fn read_target(
    raw: &[u8],
    bounds: &config::Reading,
    refusals: &mut Vec<Refusal>,
) -> Option<Target> {
    if u64::try_from(raw.len()).map_or(true, |length| length > bounds.max_target.0) {
        let most = format!("at most {} of path and query", bounds.max_target);
        refusals.push(Refusal::new(Reason::TargetTooLong).expected(most));
    }
    if !is_origin_form(raw, refusals) {
        return None;
    }
    let mut halves = raw.splitn(2, |byte| *byte == b'?');
    let raw_path = halves.next().unwrap_or_default();
    let raw_query = halves.next();
    // Both are read before either gives up, so that a report names all that is wrong.
    let path = kept(path::normalise(raw_path), refusals);
    let query = kept(query::read(raw_query.unwrap_or_default()), refusals);
    let (NormalPath { segments, text }, query) = path.zip(query)?;
    if u32::try_from(query.len()).map_or(true, |count| count > bounds.max_query_parameters) {
        let most = format!("at most {} query parameters", bounds.max_query_parameters);
        refusals.push(Refusal::new(Reason::TooManyQueryParameters).expected(most));
    }
    let mut rewritten = None;
    let mut with_semicolons = None;
    if let Some(text) = text {
        with_semicolons = path::with_semicolons(raw_path);
        match bounds.paths {
            Paths::Reject => refusals.push(Refusal::new(Reason::TargetNotNormal).expected(
                "a path without dot segments, empty segments, parameters and needless or missing percent-encoding",
            )),
            Paths::Rewrite => rewritten = Some(with_query(text, raw_query)),
        }
    }
    Some(Target {
        host: String::new(),
        segments,
        query,
        rewritten,
        with_semicolons,
    })
}

/// Whether a target is a path with or without a query, in characters that a target may have.
fn is_origin_form(raw: &[u8], refusals: &mut Vec<Refusal>) -> bool {
    let before = refusals.len();
    if !raw.starts_with(b"/") {
        refusals.push(malformed("a target that begins with `/`"));
    }
    if raw.contains(&b'#') {
        refusals.push(malformed("a target without a fragment"));
    }
    if !raw.iter().all(u8::is_ascii_graphic) {
        refusals.push(
            Refusal::new(Reason::TargetEncoding).expected("visible ASCII characters in the target"),
        );
    }
    refusals.len() == before
}

fn kept<T>(read: Result<T, Refusal>, refusals: &mut Vec<Refusal>) -> Option<T> {
    read.map_err(|refusal| refusals.push(refusal)).ok()
}

/// The normal path with the query as it came. The query is ASCII by now.
fn with_query(mut path: String, raw_query: Option<&[u8]>) -> String {
    if let Some(query) = raw_query {
        path.push('?');
        path.extend(query.iter().copied().map(char::from));
    }
    path
}

fn malformed(expected: &str) -> Refusal {
    Refusal::new(Reason::HeadMalformed).expected(expected)
}

#[cfg(test)]
mod tests;
