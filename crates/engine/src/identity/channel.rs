//! The connection on which a credential comes: keys and tokens that anybody on the way can read are refused.
//!
//! Two facts are asked for, and only where they decide: each costs the proxy a call.

use super::spiffe::SpiffePattern;
use crate::config::{PlainText, Transport};
use crate::http::RequestHead;
use crate::problem::{Problem, pointer};
use crate::transaction::Fact;
use std::net::IpAddr;

/// Where credentials may come in the clear, and who is believed about that.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    plain_text: PlainText,
    principals: Vec<SpiffePattern>,
    networks: Vec<Network>,
}

/// What is known of a connection so far; the outer level says whether it was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Whether it is encrypted.
    pub(crate) tls: Option<bool>,
    /// The peer's address.
    pub(crate) address: Option<Option<IpAddr>>,
}

/// What is to be said about a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// Ask this first.
    Ask(Fact),
    /// A credential may come here.
    Private,
    /// It may not.
    Readable,
}

/// Addresses with a common prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Channel {
    /// Compiles the settings; adds what is wrong to `problems`.
    pub(crate) fn compile(at: &str, config: &Transport, problems: &mut Vec<Problem>) -> Self {
        let Transport {
            plain_text,
            forwarded_proto_from,
        } = config;
        let mut channel = Self {
            plain_text: *plain_text,
            ..Self::default()
        };
        let at = pointer(at, "forwardedProtoFrom");
        for (number, hop) in forwarded_proto_from.iter().enumerate() {
            if hop.starts_with("spiffe:") {
                match SpiffePattern::compile(hop) {
                    Ok(pattern) => channel.principals.push(pattern),
                    Err(why) => problems.push(
                        Problem::error("invalid-pattern", pointer(&at, number), why).hint(
                            "write it as in `spiffe://cluster.local/ns/istio-system/sa/gateway`",
                        ),
                    ),
                }
            } else if let Some(network) = Network::parse(hop) {
                channel.networks.push(network);
            } else {
                problems.push(
                    Problem::error("invalid-network", pointer(&at, number), format!("`{}` is no address, network or SPIFFE pattern", hop.escape_debug()))
                        .hint("write it as in `10.0.0.7`, `10.0.0.0/8`, `fd00::/8` or `spiffe://cluster.local/ns/edge/sa/gateway`"),
                );
            }
        }
        if *plain_text == PlainText::Allow && !forwarded_proto_from.is_empty() {
            problems.push(
                Problem::error(
                    "unused",
                    at,
                    "with `plainText: allow` nobody is asked about TLS",
                )
                .hint("take this out, or use `plainText: deny`"),
            );
        }
        channel
    }

    /// Whether the adapter must know the peer's principal.
    pub(crate) fn names_principals(&self) -> bool {
        !self.principals.is_empty()
    }

    /// Judges a connection by what is known of it.
    pub(crate) fn judge(&self, head: &RequestHead, known: Known) -> Judged {
        if self.plain_text == PlainText::Allow {
            return Judged::Private;
        }
        let mut protos = head.headers.all("x-forwarded-proto");
        let claimed = protos.next().filter(|_| protos.next().is_none());
        if let Some(claimed) = claimed {
            if !self.networks.is_empty() && known.address.is_none() {
                return Judged::Ask(Fact::Address);
            }
            if self.believes(head, known) {
                // What the client used counts, whatever this connection is.
                return if claimed.eq_ignore_ascii_case(b"https") {
                    Judged::Private
                } else {
                    Judged::Readable
                };
            }
        }
        match (known.tls, self.plain_text, known.address) {
            (None, ..) => Judged::Ask(Fact::Tls),
            (Some(true), ..) => Judged::Private,
            (Some(false), PlainText::Loopback, None) => Judged::Ask(Fact::Address),
            (Some(false), PlainText::Loopback, Some(Some(address)))
                if address.to_canonical().is_loopback() =>
            {
                Judged::Private
            }
            // No address at all: a Unix socket, which is on no network.
            (Some(false), PlainText::Loopback, Some(None)) => Judged::Private,
            (Some(false), ..) => Judged::Readable,
        }
    }

    fn believes(&self, head: &RequestHead, known: Known) -> bool {
        let principal = head.source.principal.as_deref();
        principal.is_some_and(|p| self.principals.iter().any(|pattern| pattern.matches(p)))
            || known
                .address
                .flatten()
                .is_some_and(|a| self.networks.iter().any(|network| network.holds(a)))
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Self { address, prefix })
    }

    fn holds(&self, address: IpAddr) -> bool {
        let differing = match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        differing >= self.prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Headers, Source};

    fn channel(plain_text: PlainText, from: &[&str]) -> Channel {
        let mut problems = Vec::new();
        let config = Transport {
            plain_text,
            forwarded_proto_from: from.iter().map(|f| (*f).to_owned()).collect(),
        };
        let channel = Channel::compile("", &config, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        channel
    }

    fn head(protos: &[&str], principal: Option<&str>) -> RequestHead {
        let field = |p: &&str| (b"x-forwarded-proto".to_vec(), p.as_bytes().to_vec());
        RequestHead {
            headers: Headers::new(protos.iter().map(field).collect()),
            source: Source {
                principal: principal.map(str::to_owned),
                ..Source::default()
            },
            ..RequestHead::default()
        }
    }

    /// Answers every question; gives the end, and what was asked.
    fn judge(channel: &Channel, head: &RequestHead, tls: bool, from: &str) -> (bool, Vec<Fact>) {
        let mut known = Known::default();
        let mut asked = Vec::new();
        loop {
            match channel.judge(head, known) {
                Judged::Ask(fact) => {
                    assert!(!asked.contains(&fact), "asked twice");
                    asked.push(fact);
                    match fact {
                        Fact::Tls => known.tls = Some(tls),
                        Fact::Address => known.address = Some(from.parse().ok()),
                        Fact::Certificate => panic!("not about the certificate"),
                    }
                }
                Judged::Private => return (true, asked),
                Judged::Readable => return (false, asked),
            }
        }
    }

    #[test]
    fn nothing_is_asked_that_does_not_decide() {
        let plain = head(&[], None);
        let allow = channel(PlainText::Allow, &[]);
        assert_eq!(judge(&allow, &plain, false, "10.0.0.7"), (true, vec![]));
        let loopback = channel(PlainText::Loopback, &[]);
        assert_eq!(
            judge(&loopback, &plain, true, "10.0.0.7"),
            (true, vec![Fact::Tls])
        );
        for (from, private) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("@/socket", true),
            ("10.0.0.7", false),
        ] {
            let outcome = judge(&loopback, &plain, false, from);
            assert_eq!(outcome, (private, vec![Fact::Tls, Fact::Address]), "{from}");
        }
        let deny = channel(PlainText::Deny, &[]);
        assert_eq!(
            judge(&deny, &plain, false, "127.0.0.1"),
            (false, vec![Fact::Tls])
        );
    }

    #[test]
    fn only_a_named_proxy_says_what_the_client_used() {
        let by_network = channel(PlainText::Deny, &["10.1.0.0/16", "fd00::/8"]);
        for (protos, tls, from, private) in [
            (&["https"][..], false, "10.1.9.9", true),
            (&["HTTPS"], false, "fd12::1", true),
            (&["https"], false, "10.2.0.1", false),
            (&["http"], true, "10.1.9.9", false),
            (&["http"], true, "10.2.0.1", true),
            (&["https", "https"], false, "10.1.9.9", false),
            (&[], false, "10.1.9.9", false),
        ] {
            let (outcome, _) = judge(&by_network, &head(protos, None), tls, from);
            assert_eq!(outcome, private, "{protos:?} {tls} {from}");
        }
        let by_name = channel(PlainText::Deny, &["spiffe://c/ns/edge/sa/*"]);
        assert!(by_name.names_principals());
        let gateway = Some("spiffe://c/ns/edge/sa/gw");
        let (outcome, asked) = judge(&by_name, &head(&["http"], gateway), true, "10.0.0.1");
        assert_eq!((outcome, asked), (false, vec![]));
        let other = Some("spiffe://c/ns/shop/sa/web");
        assert!(judge(&by_name, &head(&["http"], other), true, "10.0.0.1").0);
    }

    #[test]
    fn mistakes_are_found() {
        for (plain_text, hop) in [
            (PlainText::Deny, "10.0.0.0/33"),
            (PlainText::Deny, "fd00::/129"),
            (PlainText::Deny, "gateway"),
            (PlainText::Deny, "10.0.0.0/x"),
            (PlainText::Deny, "spiffe://*"),
            (PlainText::Allow, "10.0.0.1"),
        ] {
            let mut problems = Vec::new();
            let config = Transport {
                plain_text,
                forwarded_proto_from: vec![hop.to_owned()],
            };
            Channel::compile("", &config, &mut problems);
            assert_eq!(problems.len(), 1, "{hop}");
        }
    }
}
