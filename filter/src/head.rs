//! What the proxy knows of a message, as the engine takes it: few calls, bytes as they came.

use crate::host::{Fields, Host, Side};
use meshward_engine::SourceNeeds;
use meshward_engine::http::{Headers, RequestHead, ResponseHead, Source};
use meshward_engine::transaction::Fact;
use std::net::{IpAddr, SocketAddr};

/// Reads the request head. Each property costs a host call, so of the peer only what the verdict needs.
pub(crate) fn request(host: &impl Host, end_of_stream: bool, needs: SourceNeeds) -> RequestHead {
    let mut fields = host.fields(Side::Request);
    RequestHead {
        method: pseudo(&mut fields, b":method"),
        authority: pseudo(&mut fields, b":authority"),
        target: pseudo(&mut fields, b":path"),
        headers: Headers::new(fields),
        end_of_stream,
        source: Source {
            address: needs.address.then(|| peer_address(host)).flatten(),
            principal: needs.principal.then(|| peer_principal(host)).flatten(),
            verified: needs.verified && peer_verified(host),
        },
    }
}

/// The address of the peer.
pub(crate) fn peer_address(host: &impl Host) -> Option<IpAddr> {
    address(&host.property(&["source", "address"])?)
}

/// The SPIFFE ID of the peer.
///
/// Envoy shows the first URI name of the certificate that the peer presented, and no property tells whether it was
/// verified (`connection.mtls` says that there is one): the listener must verify (`trusted_ca`, and no `ACCEPT_UNTRUSTED`), or
/// [`peer_verified`] must be asked.
pub(crate) fn peer_principal(host: &impl Host) -> Option<String> {
    let uri = host.property(&["connection", "uri_san_peer_certificate"])?;
    String::from_utf8(uri).ok().filter(|uri| !uri.is_empty())
}

/// Something about the connection, in words.
pub(crate) fn fact(host: &impl Host, fact: Fact) -> Option<String> {
    let name = match fact {
        Fact::Tls => "tls_version",
        Fact::Address => return peer_address(host).map(|address| address.to_string()),
        Fact::Certificate => "sha256_peer_certificate_digest",
    };
    let value = host.property(&["connection", name])?;
    String::from_utf8(value).ok().filter(|v| !v.is_empty())
}

/// Whether the RBAC filter in front says that the peer's certificate was verified. It alone sees that; its shadow rule with the
/// prefix `meshward_mtls_` leaves the answer in the dynamic metadata, where no client can write.
fn peer_verified(host: &impl Host) -> bool {
    const PATH: [&str; 4] = [
        "metadata",
        "filter_metadata",
        "envoy.filters.http.rbac",
        "meshward_mtls_shadow_engine_result",
    ];
    host.property(&PATH)
        .is_some_and(|result| result == b"allowed")
}

/// Reads the response head. A status that is not a number is 0.
pub(crate) fn response(host: &impl Host, end_of_stream: bool) -> ResponseHead {
    let mut fields = host.fields(Side::Response);
    let status = pseudo(&mut fields, b":status");
    ResponseHead {
        status: std::str::from_utf8(&status)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_default(),
        headers: Headers::new(fields),
        end_of_stream,
    }
}

/// Whether the response was made by the proxy itself: no healthy upstream, a timeout, a redirect or refusal of its own.
///
/// Such a response is the operator's, not the API's, and is not judged. A cached response is the API's.
pub(crate) fn made_by_proxy(host: &impl Host) -> bool {
    host.property(&["response", "code_details"])
        .is_some_and(|details| {
            !details.is_empty()
                && details != b"via_upstream"
                && !details.windows(5).any(|part| part == b"cache")
        })
}

/// The status that the client got, once the exchange is over.
pub(crate) fn status_sent(host: &impl Host) -> Option<u16> {
    let status = number(host, &["response", "code"])?;
    u16::try_from(status).ok().filter(|status| *status > 0)
}

/// The length of the body of `request` or `response`, once the exchange is over.
pub(crate) fn size(host: &impl Host, of: &str) -> Option<u64> {
    number(host, &[of, "size"])
}

/// How much of the request the proxy has received until now, its head included.
pub(crate) fn received(host: &impl Host) -> Option<u64> {
    number(host, &["request", "total_size"])
}

/// Whether the upstream has sent all of its response.
pub(crate) fn has_answered(host: &impl Host) -> bool {
    let latency = host.property(&["response", "backend_latency"]);
    latency.is_some_and(|latency| !latency.is_empty())
}

/// A property that is a number. None is below zero.
fn number(host: &impl Host, path: &[&str]) -> Option<u64> {
    let bytes = host.property(path)?;
    let number = i64::from_le_bytes(bytes.try_into().ok()?);
    u64::try_from(number).ok()
}

/// Takes the value of the first of these fields: pseudo-headers are not among those that [`Headers`] keep.
fn pseudo(fields: &mut Fields, name: &[u8]) -> Vec<u8> {
    fields
        .iter_mut()
        .find(|(n, _)| n == name)
        .map(|(_, value)| std::mem::take(value))
        .unwrap_or_default()
}

/// `IP:port` as Envoy writes it. A Unix socket has no address.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.parse::<SocketAddr>()
        .map(|socket| socket.ip())
        .or_else(|_| text.parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::Fake;

    #[test]
    fn a_request_head_is_read_as_it_came() {
        let host = Fake::default();
        host.request(&[
            (":method", b"POST"),
            (":authority", b"shop"),
            (":path", b"/a?b"),
            ("X-Raw", b"\xff\x00"),
            ("x-raw", b"2"),
        ]);
        host.set_property("source.address", b"[2001:db8::1]:4711");
        host.set_property(
            "connection.uri_san_peer_certificate",
            b"spiffe://cluster.local/ns/a/sa/b",
        );
        let head = request(
            &host,
            true,
            SourceNeeds {
                address: true,
                principal: true,
                verified: true,
            },
        );
        assert_eq!(head.method, b"POST");
        assert_eq!(head.authority, b"shop");
        assert_eq!(head.target, b"/a?b");
        let raw: Vec<_> = head.headers.all("x-raw").collect();
        assert_eq!(raw, [b"\xff\x00".as_slice(), b"2"]);
        assert_eq!(head.source.address, "2001:db8::1".parse().ok());
        assert!(head.source.principal.unwrap().starts_with("spiffe://"));
        assert!(!head.source.verified, "nobody said so");
    }

    #[test]
    fn addresses_are_read_without_ports() {
        for (text, wanted) in [
            ("10.0.0.7:80", Some("10.0.0.7")),
            ("[::1]:1", Some("::1")),
            ("10.0.0.7", Some("10.0.0.7")),
            ("@/envoy.sock", None),
            ("", None),
        ] {
            assert_eq!(
                address(text.as_bytes()),
                wanted.map(|ip| ip.parse().unwrap()),
                "{text}"
            );
        }
    }

    #[test]
    fn responses_of_the_proxy_are_told_from_the_upstreams() {
        for (details, own) in [
            (Some("via_upstream"), false),
            (Some("cache.response_from_cache_filter"), false),
            (None, false),
            (Some("no_healthy_upstream"), true),
            (Some("direct_response"), true),
        ] {
            let host = Fake::default();
            if let Some(details) = details {
                host.set_property("response.code_details", details.as_bytes());
            }
            assert_eq!(made_by_proxy(&host), own, "{details:?}");
        }
    }
}
