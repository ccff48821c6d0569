//! From the APIs of a policy to a router, and from a request to its endpoint.

use super::host::{Hosts, Pattern};
use super::table::{ReadApi, Table};
use super::template::Template;
use crate::http::RequestHead;
use crate::http::path;
use crate::problem::{Problem, pointer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An API, as far as routing needs it.
#[derive(Debug, Clone)]
pub(crate) struct RouterApi {
    /// What [`Found`] calls it: the same for the parts of one API whose operations have different servers.
    pub(crate) index: usize,
    /// Where the API stands in the policy: a JSON pointer.
    pub(crate) at: String,
    /// Its hosts: exact names, `*.example.com`, or `*`.
    pub(crate) hosts: Vec<String>,
    /// What its paths begin with. None is `/`.
    pub(crate) base_paths: Vec<String>,
    /// Whether HEAD is judged as GET where it is not declared.
    pub(crate) head_follows_get: bool,
    /// Whether CORS preflight requests for its endpoints are told apart.
    pub(crate) cors_preflight: bool,
    /// Its endpoints.
    pub(crate) endpoints: Vec<RouterEndpoint>,
}

/// An endpoint, as far as routing needs it.
#[derive(Debug, Clone)]
pub(crate) struct RouterEndpoint {
    /// What [`Found`] calls it. Each endpoint of an API has its own.
    pub(crate) index: usize,
    /// The method. Methods are case-sensitive.
    pub(crate) method: String,
    /// The path template, without the base path.
    pub(crate) path: String,
    /// Where the endpoint stands: a JSON pointer.
    pub(crate) at: String,
    /// The description that it stands in; `None` for the policy itself.
    pub(crate) file: Option<String>,
}

impl RouterEndpoint {
    /// Says in which file a problem with the endpoint is.
    pub(super) fn blame(&self, problem: Problem) -> Problem {
        match &self.file {
            Some(file) => problem.file(file),
            None => problem,
        }
    }
}

/// Where a request belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// To an endpoint.
    Endpoint {
        /// The API.
        api: usize,
        /// The endpoint within the API.
        endpoint: usize,
        /// The path's parameters, from left to right, percent-decoded and never empty.
        params: Vec<(Arc<str>, String)>,
    },
    /// To no endpoint: it is a CORS preflight for one, in an API that lets these pass.
    Preflight {
        /// The API.
        api: usize,
    },
    /// The path exists, without this method.
    MethodUnknown {
        /// The APIs that have the path: one, unless several share it with different methods. The strictest should judge.
        apis: Vec<usize>,
        /// The methods that would pass, sorted.
        allow: Vec<String>,
    },
    /// The host is served, without this path.
    EndpointUnknown {
        /// The APIs that the path could belong to: those that share the base path, or, where it begins with no base path, all
        /// under this host. Never empty; the strictest should judge.
        apis: Vec<usize>,
    },
    /// No API is served under this host.
    HostUnknown,
}

/// Finds endpoints. Immutable.
#[derive(Debug)]
pub(crate) struct Router {
    hosts: Hosts<Site>,
}

/// What is served under one host pattern.
#[derive(Debug)]
struct Site {
    /// Base paths, the longest first.
    bases: Vec<(Vec<String>, Arc<Table>)>,
    /// Every API under the pattern, in order.
    apis: Vec<usize>,
}

/// Positions of APIs, by base path.
type Bases = BTreeMap<Vec<String>, Vec<usize>>;

impl Router {
    /// Puts the APIs of a policy together. Where a problem is an error, the router must not be used.
    pub(crate) fn compile(apis: &[RouterApi]) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let read: Vec<ReadApi<'_>> = apis
            .iter()
            .map(|api| read_api(api, &mut problems))
            .collect();
        let mut sites: BTreeMap<Pattern, Bases> = BTreeMap::new();
        for (position, api) in apis.iter().enumerate() {
            let bases = read_bases(api, &mut problems);
            for pattern in read_hosts(api, &mut problems) {
                let site = sites.entry(pattern).or_default();
                for base in &bases {
                    site.entry(base.clone()).or_default().push(position);
                }
            }
        }
        // Hosts and base paths with the same APIs share one table.
        let mut tables: BTreeMap<Vec<usize>, Arc<Table>> = BTreeMap::new();
        let mut table_for = |positions: Vec<usize>| {
            let together: Vec<_> = positions.iter().filter_map(|p| read.get(*p)).collect();
            let table = tables
                .entry(positions)
                .or_insert_with(|| Arc::new(Table::new(&together, &mut problems)));
            Arc::clone(table)
        };
        let hosts = Hosts::new(sites.into_iter().map(|(pattern, bases)| {
            let mut positions: Vec<usize> = bases.values().flatten().copied().collect();
            positions.sort_unstable();
            positions.dedup();
            let mut bases: Vec<_> = bases
                .into_iter()
                .map(|(base, positions)| (base, table_for(positions)))
                .collect();
            bases.sort_by_key(|(base, _)| std::cmp::Reverse(base.len()));
            let mut apis: Vec<usize> = positions
                .into_iter()
                .filter_map(|position| apis.get(position).map(|api| api.index))
                .collect();
            apis.dedup();
            (pattern, Site { bases, apis })
        }));
        (Self { hosts }, problems)
    }

    /// Finds where a request belongs. `host` and `segments` are those of its [`crate::http::Target`].
    pub(crate) fn find(
        &self,
        host: &str,
        method: &str,
        segments: &[String],
        head: &RequestHead,
    ) -> Found {
        let Some(site) = self.hosts.find(host) else {
            return Found::HostUnknown;
        };
        for (base, table) in &site.bases {
            match segments.strip_prefix(base.as_slice()) {
                None => {}
                // Base path and template are appended to each other: `/v1` and `/` give `/v1/`, and nothing gives `/v1`.
                Some([]) if !base.is_empty() => return table.unknown(),
                Some([last]) if !base.is_empty() && last.is_empty() => {
                    return table.find(method, &[], head);
                }
                Some(rest) => return table.find(method, rest, head),
            }
        }
        Found::EndpointUnknown {
            apis: site.apis.clone(),
        }
    }
}

fn read_api<'a>(api: &'a RouterApi, problems: &mut Vec<Problem>) -> ReadApi<'a> {
    let mut endpoints = Vec::with_capacity(api.endpoints.len());
    for endpoint in &api.endpoints {
        let RouterEndpoint {
            index: _,
            method,
            path,
            at,
            file: _,
        } = endpoint;
        let mut note = |problem: Problem| problems.push(endpoint.blame(problem));
        if !crate::http::is_token(method.as_bytes()) {
            let message = format!("`{method}` is not a method");
            note(
                Problem::error("method-invalid", at, message)
                    .hint("write a method such as `GET` or `POST`"),
            );
        } else if method.bytes().any(|byte| byte.is_ascii_lowercase()) {
            let message = format!(
                "methods are case-sensitive: `{method}` is not `{}`",
                method.to_ascii_uppercase()
            );
            note(Problem::warning("method-case", at, message).hint("write methods in upper case"));
        }
        match Template::parse(path) {
            Ok(template) => {
                if !template.reachable {
                    note(
                        Problem::warning("path-unreachable", at, format!("no request can have the path `{path}`"))
                            .hint("write a path without query, fragment, `;`, backslash, encoded slash, empty segments and dot segments"),
                    );
                }
                endpoints.push((endpoint, template));
            }
            Err(fault) => note(Problem::error(fault.code, at, fault.message).hint(fault.hint)),
        }
    }
    ReadApi { api, endpoints }
}

fn read_hosts(api: &RouterApi, problems: &mut Vec<Problem>) -> Vec<Pattern> {
    if api.hosts.is_empty() {
        problems.push(
            Problem::error("host-missing", &api.at, "the API has no host")
                .hint("name its `hosts`, or `\"*\"` for every host that no other API names"),
        );
    }
    let at = pointer(&api.at, "hosts");
    let mut patterns: Vec<Pattern> = api
        .hosts
        .iter()
        .enumerate()
        .filter_map(|(i, host)| Pattern::parse(host, &pointer(&at, i), problems))
        .collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}

/// Base paths as segments. A final slash makes no difference.
fn read_bases(api: &RouterApi, problems: &mut Vec<Problem>) -> Vec<Vec<String>> {
    let at = pointer(&api.at, "basePaths");
    let mut bases = Vec::new();
    for (i, text) in api.base_paths.iter().enumerate() {
        match read_base(text) {
            Some(base) => bases.push(base),
            None => problems.push(
                Problem::error("base-path-invalid", pointer(&at, i), format!("`{text}` is not a base path"))
                    .hint("write a path such as `/v1`, without parameters, query, dot segments and empty segments"),
            ),
        }
    }
    if api.base_paths.is_empty() {
        bases.push(Vec::new());
    }
    bases.sort_unstable();
    bases.dedup();
    bases
}

fn read_base(text: &str) -> Option<Vec<String>> {
    if !text.starts_with('/') || text.contains(['{', '}', '?', '#']) {
        return None;
    }
    let mut normal = path::normalise(text.as_bytes())
        .ok()
        .filter(|normal| normal.text.is_none())?;
    if normal.segments.last().is_some_and(String::is_empty) {
        normal.segments.pop();
    }
    Some(normal.segments)
}

#[cfg(test)]
mod tests;
