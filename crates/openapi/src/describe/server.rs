//! `servers` to hosts and base paths.

use crate::read::{At, Object, Report, check_fields};
use std::collections::BTreeSet;

/// The most addresses that the variables of one server may stand for.
const MAX_EXPANSION: usize = 16;

#[derive(Debug, Clone, Default)]
pub(super) struct Servers {
    pub(super) hosts: Vec<String>,
    pub(super) base_paths: Vec<String>,
}

/// Reads `servers` of the document, a path or an operation. Without any, the base path is `/` and no host is known.
pub(super) fn servers(root: &At<'_>, report: &mut Report) -> Servers {
    let mut pairs = BTreeSet::new();
    let mut servers = Servers::default();
    if let Some(list) = root.get("servers") {
        list.list(report);
        for server in list.items() {
            for (host, path) in addresses(&server, report) {
                if let Some(host) = &host
                    && !servers.hosts.contains(host)
                {
                    servers.hosts.push(host.clone());
                }
                if !servers.base_paths.contains(&path) {
                    servers.base_paths.push(path.clone());
                }
                pairs.insert((host, path));
            }
        }
        let named = pairs.iter().filter(|(host, _)| host.is_some()).count();
        if named < servers.hosts.len() * servers.base_paths.len()
            && servers.base_paths.len() > 1
            && servers.hosts.len() > 1
        {
            report.push(list.warning("server-pairs", "the servers have different base paths; every host is taken to serve all of them")
                .hint("describe hosts with different paths as separate APIs, or name `hosts` and `basePaths` in the policy"));
        }
    }
    if servers.base_paths.is_empty() {
        servers.base_paths.push("/".to_owned());
    }
    servers
}

fn addresses(server: &At<'_>, report: &mut Report) -> Vec<(Option<String>, String)> {
    check_fields(server, Object::Server, report);
    let Some(url) = server.required_text("url", report) else {
        return Vec::new();
    };
    let at = server.get("url").unwrap_or_else(|| server.clone());
    let mut found = Vec::new();
    for url in expand(server, &at, url, report) {
        match address(&url) {
            Ok(address) => found.push(address),
            Err(cause) => {
                report.push(at.error("bad-server", format!("the server `{url}` {cause}")))
            }
        }
    }
    found
}

/// The URLs that a server's variables stand for.
fn expand(server: &At<'_>, at: &At<'_>, url: &str, report: &mut Report) -> Vec<String> {
    let mut urls = vec![String::new()];
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            report.push(at.error(
                "bad-server",
                format!("the server `{url}` has a `{{` without `}}`"),
            ));
            return Vec::new();
        };
        let values = variable(server, at, name, report);
        if urls.len() * values.len() > MAX_EXPANSION {
            let problem = at.error("bad-server", format!("the variables of the server `{url}` stand for more than {MAX_EXPANSION} addresses"));
            report.push(
                problem.hint("name `hosts` and `basePaths` in the policy, and shorten `enum` here"),
            );
            return Vec::new();
        }
        urls = urls
            .iter()
            .flat_map(|start| {
                values
                    .iter()
                    .map(move |value| format!("{start}{before}{value}"))
            })
            .collect();
        rest = after;
    }
    urls.iter().map(|start| format!("{start}{rest}")).collect()
}

/// The values of a server variable: its `enum`, else its `default`.
fn variable(server: &At<'_>, at: &At<'_>, name: &str, report: &mut Report) -> Vec<String> {
    let Some(variable) = server.get("variables").and_then(|all| all.get(name)) else {
        report.push(at.error(
            "bad-server",
            format!("the variable `{name}` is not in `variables`"),
        ));
        return Vec::new();
    };
    check_fields(&variable, Object::ServerVariable, report);
    if let Some(values) = variable.get("enum") {
        let texts: Vec<String> = values
            .items()
            .filter_map(|value| value.text(report).map(str::to_owned))
            .collect();
        if texts.len() > 1 {
            let problem = values.warning(
                "server-variable",
                format!(
                    "`{name}` has {} values; all of them are served",
                    texts.len()
                ),
            );
            report.push(
                problem.hint(
                    "name `hosts` and `basePaths` in the policy if this proxy serves only some",
                ),
            );
        }
        return texts;
    }
    variable
        .required_text("default", report)
        .map(str::to_owned)
        .into_iter()
        .collect()
}

/// The host, in lower case and without port, and the path. The error continues a sentence about the server.
fn address(url: &str) -> Result<(Option<String>, String), &'static str> {
    if url.contains(['?', '#']) {
        return Err("has a query or a fragment");
    }
    let (host, path) = match url.split_once("://") {
        Some((scheme, rest)) => {
            if !["http", "https"]
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known))
            {
                return Err("is not served over HTTP");
            }
            let split = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(split).unwrap_or((rest, ""));
            (Some(host(authority)?), path)
        }
        None if url.starts_with("//") => return Err("has no scheme; write `https://` before it"),
        None if url.starts_with('/') => (None, url),
        None => {
            return Err(
                "is relative to where the description is served, which is not known; begin it with `/` or `https://`",
            );
        }
    };
    let path = path.trim_end_matches('/');
    if path.split('/').any(|part| part == "." || part == "..") || path.contains("//") {
        return Err("has a path that is not in its normal form");
    }
    let path = if path.is_empty() { "/" } else { path };
    Ok((host, path.to_owned()))
}

fn host(authority: &str) -> Result<String, &'static str> {
    if authority.contains('@') {
        return Err("has user information");
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    if host.is_empty() {
        return Err("has no host");
    }
    Ok(host.to_ascii_lowercase())
}
