//! Finds the endpoint that a request meets: by asking the engine, so that there is one reading of a URL.

use crate::endpoints::{self, Endpoint};
use crate::failure::Failure;
use crate::policy::Ready;
use meshward_engine::config::Api;
use meshward_engine::verdict::{Control, Reason};

/// The endpoint that a method and a URL meet. A URL without a host is tried with a host of every API.
pub(super) fn find(ready: &Ready, method: &str, url: &str) -> Result<Endpoint, Failure> {
    let (authority, target) = split(url)?;
    let candidates = match authority {
        Some(authority) => vec![authority],
        None => ready.bundle.apis.iter().map(host).collect(),
    };
    let mut closest = Reason::HostUnknown;
    for authority in candidates {
        match endpoints::find(ready, method, &authority, &target) {
            Ok(endpoint) => return Ok(endpoint),
            Err(reason) if nearness(reason) > nearness(closest) => closest = reason,
            Err(_) => {}
        }
    }
    Err(Failure::no(format!(
        "`{method} {url}` meets no endpoint: {} (`{}`). {}",
        closest.title(),
        closest.code(),
        closest.mend()
    )))
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
fn nearness(reason: Reason) -> u8 {
    if reason == Reason::EndpointUnknown {
        1
    } else if reason == Reason::MethodUnknown {
        2
    } else if reason.control() == Control::Reading {
        // The head itself is refused: that is so whatever the host.
        3
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_and_paths_kept_as_they_are() {
        let parts = |url| split(url).unwrap();
        assert_eq!(parts("/a//b?c"), (None, "/a//b?c".to_owned()));
        assert_eq!(
            parts("https://h:1/a?b"),
            (Some("h:1".to_owned()), "/a?b".to_owned())
        );
        assert_eq!(parts("http://h"), (Some("h".to_owned()), "/".to_owned()));
        assert!(split("orders").is_err());
    }
}
