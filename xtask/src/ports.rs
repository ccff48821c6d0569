//! Free ports on the loopback interface.

use anyhow::{Context as _, Result};
use std::net::{Ipv4Addr, TcpListener};

/// A port of 127.0.0.1 that nothing listens on.
pub(crate) fn free() -> Result<u16> {
    let [port] = several()?;
    Ok(port)
}

/// Several free ports, all different.
pub(crate) fn several<const N: usize>() -> Result<[u16; N]> {
    // All are held until all are known, else the system may hand out the same one twice.
    let mut held = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        *port = listener.local_addr().context("no free port")?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    #[test]
    fn ports_differ() {
        let [a, b, c] = super::several().unwrap();
        assert!(a != b && b != c && a != c);
    }
}
