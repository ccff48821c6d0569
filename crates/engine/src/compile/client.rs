//! Which address is the client's.

use crate::config::ClientAddress;
use crate::problem::Problem;

/// The most proxies of one's own in a row.
const MOST_HOPS: u32 = 16;

pub(super) fn check(config: &ClientAddress, problems: &mut Vec<Problem>) {
    let ClientAddress {
        trusted_hops,
        ipv4_prefix,
        ipv6_prefix,
    } = *config;
    let mut outside = |at: &str, from: u32, to: u32| {
        problems.push(
            Problem::error(
                "client-address",
                format!("/clientAddress/{at}"),
                "this number is not possible here",
            )
            .hint(format!("use a number from {from} to {to}")),
        );
    };
    if trusted_hops > MOST_HOPS {
        outside("trustedHops", 0, MOST_HOPS);
    }
    if !(8..=32).contains(&ipv4_prefix) {
        outside("ipv4Prefix", 8, 32);
    }
    if !(16..=128).contains(&ipv6_prefix) {
        outside("ipv6Prefix", 16, 128);
    }
}
