//! Which workloads a manifest is for, and where in their filter chain.

use clap::ValueEnum;
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

/// The name of an object, a namespace or a secret, as Kubernetes takes it (RFC 1123).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-');
        let outer = |b: Option<&u8>| b.is_some_and(|b| *b != b'-');
        let bytes = text.as_bytes();
        let fits = bytes.len() <= 63
            && bytes.iter().copied().all(inner)
            && outer(bytes.first())
            && outer(bytes.last());
        fits.then(|| Self(text.to_owned())).ok_or_else(|| {
            format!("`{text}` is no name for Kubernetes: use lower-case letters, digits and `-` inside, at most 63")
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A label that workloads must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    key: String,
    value: String,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |part: &str, also: &[u8]| {
            part.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b) || also.contains(&b))
        };
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() && plain(key, b"/") && plain(value, b"") => {
                Ok(Self {
                    key: key.to_owned(),
                    value: value.to_owned(),
                })
            }
            _ => Err(format!(
                "expected LABEL=VALUE such as `app=orders`, got `{text}`"
            )),
        }
    }
}

/// What kind of proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    /// The proxy beside a service, on its way in.
    Sidecar,
    /// A gateway.
    Gateway,
}

/// Where the filter stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Phase {
    /// Before Istio's authentication: first.
    Authn,
    /// After it, before Istio's authorization.
    Authz,
    /// After both, before Istio's statistics.
    Stats,
    /// Right before the router.
    Last,
}

/// Which workloads.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The namespace; the mesh's root namespace means all.
    pub(crate) namespace: Name,
    /// The labels that they must have; empty for all of the namespace.
    pub(crate) labels: Vec<Label>,
    /// What kind of proxy.
    pub(crate) place: Place,
}

impl Target {
    /// The labels as an object; `None` where all workloads are meant.
    pub(super) fn selector(&self) -> Option<Value> {
        let labels = self.labels.iter();
        let labels: serde_json::Map<_, _> = labels
            .map(|label| (label.key.clone(), json!(label.value)))
            .collect();
        (!labels.is_empty()).then_some(Value::Object(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_kubernetes() {
        for good in ["orders", "a", "istio-system", "0-a"] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        for bad in ["", "Orders", "-a", "a-", "a.b", "a b", &"a".repeat(64)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_label_has_a_name_and_a_value() {
        for good in ["app=orders", "app.kubernetes.io/name=orders", "app="] {
            assert!(good.parse::<Label>().is_ok(), "{good}");
        }
        for bad in ["app", "=x", "app=a b", "app=a,tier=b", "app=a=b"] {
            assert!(bad.parse::<Label>().is_err(), "{bad}");
        }
    }
}
