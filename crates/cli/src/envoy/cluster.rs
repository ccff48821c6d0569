//! `NAME=HOST:PORT`, as it is written on the command line: where a cluster leads that a policy names.

use super::Address;
use meshward_engine::Policy;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::str::FromStr;

/// The authorities that public servers are checked against: where Debian, and the images of Envoy, have them.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A cluster and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cluster {
    name: String,
    address: Address,
    /// Whether the server is spoken to over TLS.
    secure: bool,
    /// Whether over HTTP/2: what gRPC needs.
    http2: bool,
}

impl FromStr for Cluster {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, address) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| {
                format!("expected NAME=HOST:PORT or NAME=https://HOST:PORT, got `{text}`")
            })?;
        let (secure, address) = match address.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, address.strip_prefix("http://").unwrap_or(address)),
        };
        Ok(Self {
            name: name.to_owned(),
            address: address.parse()?,
            secure,
            http2: false,
        })
    }
}

impl Cluster {
    /// The cluster as Envoy takes it.
    pub(crate) fn config(&self) -> Value {
        let Address { host, port } = &self.address;
        let kind = if self.address.is_ip() {
            "STATIC"
        } else {
            "STRICT_DNS"
        };
        let mut cluster = json!({
            "name": self.name,
            "type": kind,
            "connect_timeout": "2s",
            "load_assignment": {
                "cluster_name": self.name,
                "endpoints": [{ "lb_endpoints": [{ "endpoint": {
                    "address": { "socket_address": { "address": host, "port_value": port } },
                } }] }],
            },
        });
        if let (true, Some(members)) = (self.secure, cluster.as_object_mut()) {
            members.insert(
                "transport_socket".to_owned(),
                tls(host, self.address.is_ip()),
            );
        }
        if let (true, Some(members)) = (self.http2, cluster.as_object_mut()) {
            members.insert("typed_extension_protocol_options".to_owned(), http2());
        }
        cluster
    }
}

/// The clusters as the policy speaks to them: rate limit services over HTTP/2.
pub(crate) fn speaking(mut clusters: Vec<Cluster>, policy: &Policy) -> Vec<Cluster> {
    for cluster in &mut clusters {
        let mut desks = policy.desks().iter();
        cluster.http2 = desks.any(|desk| desk.cluster() == cluster.name);
    }
    clusters
}

fn http2() -> Value {
    json!({ "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": { "http2_protocol_options": {} },
    } })
}

/// TLS that checks whose certificate it is.
fn tls(host: &str, is_ip: bool) -> Value {
    let kind = if is_ip { "IP_ADDRESS" } else { "DNS" };
    let mut context = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": { "validation_context": {
            "trusted_ca": { "filename": AUTHORITIES },
            "match_typed_subject_alt_names": [{ "san_type": kind, "matcher": { "exact": host } }],
        } },
    });
    if let (false, Some(members)) = (is_ip, context.as_object_mut()) {
        members.insert("sni".to_owned(), json!(host));
    }
    json!({ "name": "envoy.transport_sockets.tls", "typed_config": context })
}

/// What to say about the clusters that a policy needs and nobody has given; nothing when all are there.
pub(crate) fn missing<'a>(
    needed: impl Iterator<Item = &'a str>,
    given: &[Cluster],
) -> Option<String> {
    let given: BTreeSet<&str> = given.iter().map(|c| c.name.as_str()).collect();
    let missing: Vec<String> = needed
        .filter(|name| !given.contains(name))
        .map(|name| format!("`--cluster {name}=HOST:PORT`"))
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "the policy asks other servers, and the proxy will not find them: add {}",
            missing.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_has_a_name_and_an_address() {
        let plain: Cluster = "idp=127.0.0.1:8081".parse().unwrap();
        assert_eq!(plain.config()["type"], "STATIC");
        assert!(plain.config().get("transport_socket").is_none());
        let secure: Cluster = "idp=https://idp.example:443".parse().unwrap();
        let config = secure.config();
        assert_eq!(config["type"], "STRICT_DNS");
        assert_eq!(
            config["transport_socket"]["typed_config"]["sni"],
            "idp.example"
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["idp", "=a:1", "idp=", "idp=a", "idp=ftp://a:1"] {
            assert!(text.parse::<Cluster>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let given = ["a=h:1".parse().unwrap()];
        assert_eq!(missing(["a"].into_iter(), &given), None);
        let said = missing(["a", "b"].into_iter(), &given).unwrap();
        assert!(said.contains("--cluster b=HOST:PORT"), "{said}");
        assert!(!said.contains("--cluster a="), "{said}");
    }
}
