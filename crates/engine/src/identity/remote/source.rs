//! Where an issuer's keys are: at a place that the policy names, or one that the issuer names in its own description
//! (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).

use crate::config::Span;
use crate::identity::jwt::strict_object;
use crate::remote::{Call, CallAnswer, Fault, Location, Protocol, json};
use serde_json::Value;
use std::collections::BTreeMap;

/// What stands after an issuer's name.
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// At this place.
    Place(Target),
    /// Where the issuer says.
    Issuer {
        /// The issuer's name, as tokens carry it.
        issuer: String,
        /// Its description.
        description: Target,
        /// The clusters of the hosts that it may name.
        hosts: BTreeMap<String, String>,
    },
}

/// A place and the cluster that leads there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) cluster: String,
    pub(super) location: Location,
}

impl Source {
    pub(super) fn clusters(&self) -> Vec<&str> {
        match self {
            Self::Place(target) => vec![&target.cluster],
            Self::Issuer { hosts, .. } => hosts.values().map(String::as_str).collect(),
        }
    }

    /// What tells this source from others: workers and policies with the same share their slots.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::Place(target) => format!("keys {} {}", target.cluster, target.origin()),
            Self::Issuer {
                description, hosts, ..
            } => {
                let hosts = serde_json::to_string(hosts).unwrap_or_default();
                format!("issuer {} {hosts}", description.origin())
            }
        }
    }

    /// The place of an issuer's description.
    pub(super) fn description(issuer: &str) -> String {
        format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/'))
    }

    /// Where the issuer's description says that the keys are.
    pub(super) fn find(&self, answer: &CallAnswer) -> Result<Target, Fault> {
        let Self::Issuer {
            issuer,
            hosts,
            description,
        } = self
        else {
            return Err(Fault::Malformed("no description was asked for"));
        };
        let (_, body) = json(answer)?;
        let members =
            strict_object(body).ok_or(Fault::Malformed("the description is no JSON object"))?;
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        // RFC 8414 §3.3: else one issuer could speak for another.
        if text("issuer") != Some(issuer) {
            return Err(Fault::Malformed("the description is of another issuer"));
        }
        let location = text("jwks_uri")
            .and_then(Location::parse)
            .ok_or(Fault::Malformed("the description has no usable `jwks_uri`"))?;
        if description.location.secure && !location.secure {
            return Err(Fault::Malformed("`jwks_uri` is not `https`"));
        }
        let cluster = hosts.get(&location.authority).ok_or(Fault::Malformed(
            "`jwks_uri` is at a host that `hosts` does not name",
        ))?;
        Ok(Target {
            cluster: cluster.clone(),
            location,
        })
    }
}

impl Target {
    /// Authority and path.
    pub(super) fn origin(&self) -> String {
        format!("{}{}", self.location.authority, self.location.path)
    }

    /// The call that fetches it.
    pub(super) fn call(&self, etag: Option<&str>, timeout: u64) -> Call {
        let mut headers = vec![("accept", "application/json".to_owned())];
        if let Some(etag) = etag {
            headers.push(("if-none-match", etag.to_owned()));
        }
        Call {
            protocol: Protocol::Http,
            cluster: self.cluster.clone(),
            method: "GET",
            authority: self.location.authority.clone(),
            path: self.location.path.clone(),
            headers,
            body: Vec::new(),
            timeout: Span(timeout),
        }
    }
}
