//! The endpoints of the APIs that share a host and a base path.

use super::router::{Found, RouterApi, RouterEndpoint};
use super::template::Template;
use super::tree::Tree;
use crate::http::RequestHead;
use crate::problem::Problem;
use std::sync::Arc;

/// An API with its templates read.
#[derive(Debug)]
pub(super) struct ReadApi<'a> {
    pub(super) api: &'a RouterApi,
    pub(super) endpoints: Vec<(&'a RouterEndpoint, Template)>,
}

/// The endpoints under one base path.
#[derive(Debug)]
pub(super) struct Table {
    apis: Vec<usize>,
    tree: Tree<Vec<Operation>>,
}

/// One method of a path.
#[derive(Debug)]
struct Operation {
    method: String,
    api: usize,
    endpoint: usize,
    names: Vec<Arc<str>>,
    head_follows_get: bool,
    cors_preflight: bool,
}

impl Table {
    /// Puts the endpoints of some APIs together; says which of them cannot be told apart.
    pub(super) fn new(apis: &[&ReadApi<'_>], problems: &mut Vec<Problem>) -> Self {
        let mut tree = Tree::<Vec<Operation>>::default();
        for ReadApi { api, endpoints } in apis {
            for (endpoint, template) in endpoints.iter().filter(|(_, t)| t.reachable) {
                let operations = tree.entry(&template.segments);
                if let Some(other) = operations.iter().find(|o| o.method == endpoint.method) {
                    let problem = conflict(api, endpoint, other, apis);
                    // One API can stand in several tables.
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                    continue;
                }
                operations.push(Operation {
                    method: endpoint.method.clone(),
                    api: api.index,
                    endpoint: endpoint.index,
                    names: template.names.clone(),
                    head_follows_get: api.head_follows_get,
                    cors_preflight: api.cors_preflight,
                });
            }
        }
        // An API stands here more than once where its operations have different servers.
        let mut apis: Vec<usize> = apis.iter().map(|read| read.api.index).collect();
        apis.dedup();
        Self { apis, tree }
    }

    /// Finds the endpoint for what follows the base path.
    pub(super) fn find(&self, method: &str, path: &[String], head: &RequestHead) -> Found {
        let Some((operations, values)) = self.tree.find(path) else {
            return self.unknown();
        };
        if let Some(operation) = operation_for(operations, method) {
            return Found::Endpoint {
                api: operation.api,
                endpoint: operation.endpoint,
                params: operation
                    .names
                    .iter()
                    .cloned()
                    .zip(values.into_iter().map(str::to_owned))
                    .collect(),
            };
        }
        let preflight_for = (method == "OPTIONS")
            .then(|| requested_method(head))
            .flatten()
            .and_then(|requested| operation_for(operations, requested))
            .filter(|operation| operation.cors_preflight);
        if let Some(operation) = preflight_for {
            return Found::Preflight { api: operation.api };
        }
        let mut apis: Vec<usize> = operations.iter().map(|o| o.api).collect();
        apis.sort_unstable();
        apis.dedup();
        Found::MethodUnknown {
            apis,
            allow: allow(operations),
        }
    }

    /// The answer for a path that none of the APIs has.
    pub(super) fn unknown(&self) -> Found {
        Found::EndpointUnknown {
            apis: self.apis.clone(),
        }
    }
}

/// The operation that judges a method: its own, or GET's for HEAD where the API says so.
fn operation_for<'o>(operations: &'o [Operation], method: &str) -> Option<&'o Operation> {
    let declared = |name: &str| operations.iter().find(|o| o.method == name);
    declared(method).or_else(|| {
        (method == "HEAD")
            .then(|| declared("GET"))
            .flatten()
            .filter(|get| get.head_follows_get)
    })
}

/// The method that a CORS preflight asks for (Fetch, section 3.2.2); `None` where the request is no preflight.
fn requested_method(head: &RequestHead) -> Option<&str> {
    let once = |name| {
        let mut values = head.headers.all(name);
        values.next().filter(|_| values.next().is_none())
    };
    let is_preflight = head.end_of_stream && once("origin").is_some();
    let requested = once("access-control-request-method").filter(|_| is_preflight)?;
    std::str::from_utf8(requested).ok()
}

/// Every method that would pass, sorted.
fn allow(operations: &[Operation]) -> Vec<String> {
    let mut allow: Vec<String> = operations.iter().map(|o| o.method.clone()).collect();
    if operation_for(operations, "HEAD").is_some() {
        allow.push("HEAD".to_owned());
    }
    if operations.iter().any(|o| o.cors_preflight) {
        allow.push("OPTIONS".to_owned());
    }
    allow.sort_unstable();
    allow.dedup();
    allow
}

fn conflict(
    api: &RouterApi,
    endpoint: &RouterEndpoint,
    other: &Operation,
    apis: &[&ReadApi<'_>],
) -> Problem {
    let RouterEndpoint {
        method, path, at, ..
    } = endpoint;
    let place = apis
        .iter()
        .filter(|read| read.api.index == other.api)
        .flat_map(|read| &read.endpoints)
        .find(|(e, _)| e.index == other.endpoint)
        .map_or_else(String::new, |(e, _)| format!("`{}` at `{}`", e.path, e.at));
    let problem = if api.index == other.api {
        Problem::error(
            "path-conflict",
            at,
            format!("`{method} {path}` matches the same requests as {place}"),
        )
        .hint("keep one of the two: the names of parameters do not tell paths apart")
    } else {
        Problem::error(
            "endpoint-shared",
            at,
            format!("`{method} {path}` is also served by another API under the same host and base path: {place}"),
        )
        .hint("give the APIs different `hosts` or `basePaths`, or remove the endpoint from one of them")
    };
    endpoint.blame(problem)
}
