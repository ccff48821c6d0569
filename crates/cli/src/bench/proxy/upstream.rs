//! The service behind: gives each request the response that its exchange has, and `{}` to all others.
//!
//! A thread for each connection of the proxy, which keeps as many as the load has. They end with this program.

use super::message;
use super::wire::Wire;
use crate::bench::traffic::Entry;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

/// The answer where no exchange has one.
const PLAIN: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
/// The same to HEAD.
const BARE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n";

/// Responses by method and target.
type Responses = BTreeMap<(Vec<u8>, Vec<u8>), Vec<u8>>;

/// Starts to serve on a free port of 127.0.0.1, which it gives back.
pub(super) fn start<'a>(entries: impl Iterator<Item = &'a Entry>) -> io::Result<u16> {
    let mut responses = Responses::new();
    for Entry { exchange, .. } in entries {
        let Some((head, body)) = exchange.response() else {
            continue;
        };
        if let Ok(bytes) = message::response(exchange.method(), head, body) {
            let key = (exchange.method().to_vec(), exchange.target().to_vec());
            responses.entry(key).or_insert(bytes);
        }
    }
    let responses = Arc::new(responses);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let responses = Arc::clone(&responses);
            // A connection that breaks is seen by the load.
            std::thread::spawn(move || serve(stream, &responses));
        }
    });
    Ok(port)
}

fn serve(stream: TcpStream, responses: &Responses) -> io::Result<()> {
    let mut wire = Wire::new(stream)?;
    while let Some(asked) = wire.request()? {
        let plain = if asked.method == b"HEAD" { BARE } else { PLAIN };
        let response = responses.get(&(asked.method, asked.target));
        wire.send(response.map_or(plain, Vec::as_slice))?;
    }
    Ok(())
}
