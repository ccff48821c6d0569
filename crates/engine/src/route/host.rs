//! The hosts that an API is served under: exact names, `*.example.com` (one label or more before it), and `*`.

use crate::http::authority::Authority;
use crate::problem::Problem;
use std::collections::BTreeMap;

/// A host pattern in its normal form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    /// One name.
    Exact(String),
    /// Every name that ends in a dot and this.
    Below(String),
    /// Every name.
    Any,
}

impl Pattern {
    /// Reads a pattern. A port is left out, with a warning: ports are not compared.
    pub(super) fn parse(text: &str, at: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let Some(Authority { host, port }) =
            Authority::read(name.as_bytes()).filter(|a| !(below && a.host.starts_with('[')))
        else {
            problems.push(
                Problem::error("host-invalid", at, format!("`{text}` is not a host"))
                    .hint("write a name such as `api.example.com`, `*.example.com` or `*`, without scheme and path, other alphabets as `xn--…`"),
            );
            return None;
        };
        if let Some(port) = port {
            problems.push(
                Problem::warning(
                    "host-port",
                    at,
                    format!(
                        "the port of `{text}` is not compared: `{host}` is matched with every port"
                    ),
                )
                .hint(format!("leave out `:{port}`")),
            );
        }
        Some(if below {
            Self::Below(host)
        } else {
            Self::Exact(host)
        })
    }
}

/// What belongs to each host.
#[derive(Debug, Clone)]
pub(super) struct Hosts<T> {
    exact: BTreeMap<String, T>,
    below: BTreeMap<String, T>,
    any: Option<T>,
}

impl<T> Hosts<T> {
    /// Takes the patterns, each once.
    pub(super) fn new(patterns: impl IntoIterator<Item = (Pattern, T)>) -> Self {
        let mut hosts = Self {
            exact: BTreeMap::new(),
            below: BTreeMap::new(),
            any: None,
        };
        for (pattern, value) in patterns {
            match pattern {
                Pattern::Exact(host) => {
                    hosts.exact.insert(host, value);
                }
                Pattern::Below(host) => {
                    hosts.below.insert(host, value);
                }
                Pattern::Any => hosts.any = Some(value),
            }
        }
        hosts
    }

    /// What belongs to a host in normal form: by its name, else by the longest wildcard, else by `*`.
    pub(super) fn find(&self, host: &str) -> Option<&T> {
        self.exact
            .get(host)
            .or_else(|| self.find_below(host))
            .or(self.any.as_ref())
    }

    fn find_below(&self, host: &str) -> Option<&T> {
        let mut rest = host;
        while let Some((_, parent)) = rest.split_once('.') {
            if let Some(value) = self.below.get(parent) {
                return Some(value);
            }
            rest = parent;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(patterns: &[&str]) -> Hosts<String> {
        let mut problems = Vec::new();
        let hosts = Hosts::new(patterns.iter().map(|text| {
            let pattern = Pattern::parse(text, "/apis/0/hosts", &mut problems).unwrap();
            (pattern, (*text).to_owned())
        }));
        assert!(problems.is_empty());
        hosts
    }

    #[test]
    fn the_most_specific_pattern_wins() {
        let hosts = hosts(&[
            "A.example.com",
            "*.example.com",
            "*.b.example.com",
            "*",
            "[::1]",
        ]);
        for (host, pattern) in [
            ("a.example.com", "A.example.com"),
            ("c.example.com", "*.example.com"),
            ("x.a.example.com", "*.example.com"),
            ("b.example.com", "*.example.com"),
            ("x.b.example.com", "*.b.example.com"),
            ("x.y.b.example.com", "*.b.example.com"),
            ("example.com", "*"),
            ("myexample.com", "*"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(
                hosts.find(host).map(String::as_str),
                Some(pattern),
                "{host}"
            );
        }
    }

    #[test]
    fn a_host_can_be_unknown() {
        let hosts = hosts(&["a.example.com", "*.example.org"]);
        for host in ["b.example.com", "example.org", "org", ""] {
            assert_eq!(hosts.find(host), None, "{host}");
        }
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        for text in [
            "",
            "*.",
            "**",
            "a.*",
            "*a.com",
            "*.*.com",
            "https://a.com",
            "a.com/x",
            "café.com",
            "*.[::1]",
        ] {
            let mut problems = Vec::new();
            assert_eq!(Pattern::parse(text, "/x", &mut problems), None, "{text}");
            assert_eq!(problems.len(), 1, "{text}");
            assert_eq!(problems[0].code, "host-invalid", "{text}");
        }
    }

    #[test]
    fn warns_about_a_port() {
        let mut problems = Vec::new();
        let pattern = Pattern::parse("a.com:80", "/x", &mut problems);
        assert_eq!(pattern, Some(Pattern::Exact("a.com".to_owned())));
        assert_eq!(problems[0].code, "host-port");
    }
}
