//! The address of a client behind proxies: `x-forwarded-for`, read from the right.
//!
//! Each proxy appends the address of its own peer, so only the entries at the right end were written by proxies of ours; whatever stands to
//! their left came from the client and may say anything.

use super::Headers;
use crate::config::ClientAddress;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The entry at this place, counted from the right; the last is 1. `None` where there are fewer, or where it is no address.
pub(crate) fn forwarded_address(headers: &Headers, hops: u32) -> Option<IpAddr> {
    let mut left = usize::try_from(hops).ok()?.checked_sub(1)?;
    let fields: Vec<&[u8]> = headers.all("x-forwarded-for").collect();
    for field in fields.into_iter().rev() {
        for entry in field.rsplit(|byte| *byte == b',') {
            match left.checked_sub(1) {
                Some(fewer) => left = fewer,
                None => return address(entry),
            }
        }
    }
    None
}

/// An address, with or without a port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
}

impl ClientAddress {
    /// The part of an address that names a client: the rest is zero.
    pub(crate) fn network(&self, address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let host = 32_u32.saturating_sub(u32::from(self.ipv4_prefix));
                let mask = u32::MAX.checked_shl(host).unwrap_or(0);
                Ipv4Addr::from_bits(v4.to_bits() & mask).into()
            }
            IpAddr::V6(v6) => {
                let host = 128_u32.saturating_sub(u32::from(self.ipv6_prefix));
                let mask = u128::MAX.checked_shl(host).unwrap_or(0);
                Ipv6Addr::from_bits(v6.to_bits() & mask).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(fields: &[&str], hops: u32) -> Option<String> {
        let fields = fields.iter();
        let headers = fields.map(|v| (b"x-forwarded-for".to_vec(), v.as_bytes().to_vec()));
        forwarded_address(&Headers::new(headers.collect()), hops).map(|a| a.to_string())
    }

    #[test]
    fn the_client_is_read_from_the_right() {
        let one = ["6.6.6.6, 10.0.0.1,10.0.0.2"];
        assert_eq!(at(&one, 1).as_deref(), Some("10.0.0.2"));
        assert_eq!(at(&one, 2).as_deref(), Some("10.0.0.1"));
        assert_eq!(at(&one, 4), None);
        let two = [
            "6.6.6.6",
            "10.0.0.1:4711",
            "[2001:db8::1]:80, [2001:db8::2]",
        ];
        assert_eq!(at(&two, 1).as_deref(), Some("2001:db8::2"));
        assert_eq!(at(&two, 2).as_deref(), Some("2001:db8::1"));
        assert_eq!(at(&two, 3).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn what_is_no_address_never_lets_an_entry_further_left_count() {
        for last in ["", "unknown", "_hidden", "1.2.3", "1.2.3.4 5.6.7.8"] {
            assert_eq!(at(&[&format!("6.6.6.6, {last}")], 1), None, "{last}");
        }
        assert_eq!(at(&[], 1), None);
    }

    #[test]
    fn a_client_is_a_network() {
        let bits = ClientAddress::default();
        let network = |text: &str| bits.network(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        let wide = ClientAddress {
            ipv4_prefix: 24,
            ipv6_prefix: 128,
            ..bits
        };
        let network = |text: &str| wide.network(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.7"), "192.0.2.0");
        assert_eq!(network("2001:db8::1"), "2001:db8::1");
    }
}
