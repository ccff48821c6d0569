//! Finds the endpoint that a request meets: by asking the engine, so that there is one reading of a URL.

use crate::clock;
use crate::endpoints::Endpoint;
use crate::failure::Failure;
use crate::policy::{Ready, list};
use meshward_engine::config::Api;
use meshward_engine::exchange::{Evaluator, Exchange, ExchangeSource, Message, Outcome};
use meshward_engine::verdict::{Control, Reason};
use std::sync::Arc;

/// The endpoint that a method and a URL meet.
pub(super) fn find<'a>(
    ready: &Ready,
    all: &'a [Endpoint],
    method: &str,
    url: &str,
) -> Result<&'a Endpoint, Failure> {
    let (authority, path) = split(url)?;
    let candidates = match authority {
        Some(authority) => vec![authority],
        None => ready.bundle.apis.iter().map(host).collect(),
    };
    let mut closest: Option<Outcome> = None;
    for authority in candidates {
        let outcome = ask(ready, method, &authority, &path)?;
        let label = (outcome.api.as_deref(), outcome.endpoint.as_deref());
        let met = all.iter().find(|endpoint| {
            label.0 == Some(endpoint.api.as_str())
                && label
                    .1
                    .is_some_and(|l| same(l, endpoint, &ready.bundle.apis))
        });
        match met {
            Some(endpoint) => return Ok(endpoint),
            None if closest
                .as_ref()
                .is_none_or(|best| nearness(&outcome) > nearness(best)) =>
            {
                closest = Some(outcome);
            }
            None => {}
        }
    }
    Err(Failure::no(nothing(method, &path, closest.as_ref())))
}

/// A label of the engine holds the path template with or without the base path.
fn same(label: &str, endpoint: &Endpoint, apis: &[Api]) -> bool {
    if label == endpoint.label() {
        return true;
    }
    let described = |api: &Api| {
        let own = api.base_paths.clone();
        own.or_else(|| api.description.as_ref().map(|d| d.base_paths.clone()))
            .unwrap_or_default()
    };
    apis.iter()
        .filter(|api| api.name == endpoint.api)
        .any(|api| {
            described(api).iter().any(|base| {
                label
                    == format!(
                        "{} {}{}",
                        endpoint.method,
                        base.trim_end_matches('/'),
                        endpoint.path
                    )
            })
        })
}

fn ask(ready: &Ready, method: &str, authority: &str, path: &str) -> Result<Outcome, Failure> {
    let exchange = Exchange {
        id: String::new(),
        source: ExchangeSource::default(),
        now: None,
        request: Message {
            method: method.to_owned(),
            authority: authority.to_owned(),
            path: path.to_owned(),
            path_base64: None,
            headers: Vec::new(),
            body: None,
            body_base64: None,
        },
        response: None,
    };
    Evaluator::new(Arc::clone(&ready.policy))
        .evaluate(&exchange, clock::now())
        .map_err(Failure::no)
}

/// The authority, if the URL has one, and the target.
fn split(url: &str) -> Result<(Option<String>, String), Failure> {
    if url.starts_with('/') {
        return Ok((None, url.to_owned()));
    }
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .ok_or_else(|| {
            let message =
                format!("expected a path that begins with `/`, or an http(s) URL, got `{url}`");
            Failure::usage(message)
        })?;
    Ok(match rest.split_once('/') {
        Some((authority, path)) => (Some(authority.to_owned()), format!("/{path}")),
        None => (Some(rest.to_owned()), "/".to_owned()),
    })
}

/// Some host that belongs to the API.
fn host(api: &Api) -> String {
    let described = || api.description.as_ref().and_then(|d| d.hosts.first());
    match api.hosts.first().or_else(described).map(String::as_str) {
        None | Some("*") => "any.invalid".to_owned(),
        Some(pattern) => pattern.replace('*', "any"),
    }
}

/// How far the request came.
fn nearness(outcome: &Outcome) -> u8 {
    match outcome.reason {
        Some(reason) if reason.control() == Control::Reading => 0,
        Some(Reason::HostUnknown) => 1,
        Some(Reason::EndpointUnknown) => 2,
        _ => 3,
    }
}

fn nothing(method: &str, path: &str, closest: Option<&Outcome>) -> String {
    let met = closest.and_then(|outcome| {
        let seen = outcome.findings.first().map(|finding| finding.reason);
        outcome.reason.or(seen)
    });
    match met {
        Some(reason) => format!(
            "`{method} {path}` meets no endpoint: {} (`{}`). {}",
            reason.title().to_lowercase(),
            reason.code(),
            reason.mend()
        ),
        None => {
            let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
            let upper = method.to_uppercase();
            if methods.contains(&upper.as_str()) && upper != method {
                return format!(
                    "methods are written in upper case: expected {}, got `{method}`",
                    list(&methods)
                );
            }
            format!("`{method} {path}` meets no endpoint of this policy")
        }
    }
}
