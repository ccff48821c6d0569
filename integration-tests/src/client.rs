//! A client that writes exact bytes: what no well-behaved library would send can be sent.

use crate::tls::Tls;
use crate::wait::DEADLINE;
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// A client of one port on 127.0.0.1.
#[derive(Debug, Clone)]
pub struct Client {
    port: u16,
    tls: Option<Tls>,
}

/// A response.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The status; 0 when the connection was closed without a response.
    pub status: u16,
    /// The fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
}

impl Client {
    /// A client of that port.
    #[must_use]
    pub fn new(port: u16) -> Self {
        Self { port, tls: None }
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The same client over TLS.
    #[must_use]
    pub fn over(&self, tls: Tls) -> Self {
        let tls = Some(tls);
        Self { tls, ..*self }
    }

    /// Opens a connection from an address of 127.0.0.0/8.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[must_use]
    pub fn connect(&self, from: IpAddr) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be made");
        socket
            .bind(&SocketAddr::new(from, 0).into())
            .unwrap_or_else(|error| panic!("cannot send from {from}: {error}"));
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        socket
            .connect(&to.into())
            .unwrap_or_else(|error| panic!("cannot connect to {to}: {error}"));
        let stream = TcpStream::from(socket);
        stream
            .set_read_timeout(Some(DEADLINE))
            .expect("a deadline can be set");
        stream
    }

    /// Sends bytes, reads one response. `method` tells whether it has a body.
    ///
    /// # Panics
    /// When no connection can be opened, or nothing comes.
    #[must_use]
    pub fn send(&self, from: IpAddr, method: &str, bytes: &[u8]) -> Response {
        let mut stream = self.connect(from);
        if let Some(tls) = &self.tls {
            let mut stream = tls.over(stream);
            // The server may end the handshake, or the connection, before it has read everything: then nothing is read.
            return match stream.write_all(bytes) {
                Ok(()) => read(&mut stream, method),
                Err(_) => Response::default(),
            };
        }
        let mut writer = stream.try_clone().expect("a socket can be cloned");
        // A server that refuses the head may stop reading before the body has ended: its answer still counts.
        thread::scope(|scope| {
            scope.spawn(move || writer.write_all(bytes));
            let response = read(&mut stream, method);
            let _ = stream.shutdown(Shutdown::Both);
            response
        })
    }

    /// Sends bytes from 127.0.0.1 and reads one response with a body.
    #[must_use]
    pub fn raw(&self, bytes: &[u8]) -> Response {
        self.send(IpAddr::V4(Ipv4Addr::LOCALHOST), "", bytes)
    }

    /// GET.
    #[must_use]
    pub fn get(&self, path: &str) -> Response {
        self.raw(format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").as_bytes())
    }
}

impl Response {
    /// The first value of a field. `name` is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A port that was free a moment ago: for programs that must be told where to listen.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port can be had");
    listener.local_addr().expect("it is bound").port()
}

/// A free port that the system hands out to nobody by itself: for programs that listen only after a while, or come back to their port.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn quiet_port() -> u16 {
    /// Below what Linux takes for outgoing connections.
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Processes begin at different places.
    let start = std::process::id().wrapping_mul(37);
    let mut ports = (0..COUNT).filter_map(|_| {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + start.wrapping_add(step) % COUNT).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        Some(port)
    });
    ports.next().expect("a port can be had")
}

/// Reads one response.
///
/// # Panics
/// When what comes is no HTTP.
#[must_use]
pub fn read(stream: &mut impl Read, method: &str) -> Response {
    let mut bytes = Vec::new();
    loop {
        if let Some((mut response, start)) = head(&bytes) {
            // Envoy may send `100 Continue` first.
            if response.status == 100 {
                bytes.drain(..start);
                continue;
            }
            let rest = bytes.split_off(start);
            response.body = body(stream, method, &response, rest);
            return response;
        }
        if !more(stream, &mut bytes) {
            return Response::default();
        }
    }
}

fn head(bytes: &[u8]) -> Option<(Response, usize)> {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut parsed = httparse::Response::new(&mut fields);
    let start = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) => return None,
        Err(error) => panic!("no HTTP: {error}: {}", String::from_utf8_lossy(bytes)),
    };
    let headers = parsed.headers.iter();
    let response = Response {
        status: parsed.code?,
        headers: headers
            .map(|field| {
                let value = String::from_utf8_lossy(field.value).into_owned();
                (field.name.to_ascii_lowercase(), value)
            })
            .collect(),
        body: Vec::new(),
    };
    Some((response, start))
}

fn body(stream: &mut impl Read, method: &str, response: &Response, rest: Vec<u8>) -> Vec<u8> {
    let bare = method == "HEAD" || matches!(response.status, 204 | 304);
    if bare {
        return Vec::new();
    }
    let length = response.header("content-length");
    if let Some(length) = length.and_then(|l| l.parse::<usize>().ok()) {
        let mut body = rest;
        while body.len() < length && more(stream, &mut body) {}
        return body;
    }
    let mut raw = rest;
    if response.header("transfer-encoding").is_none() {
        while more(stream, &mut raw) {}
        return raw;
    }
    loop {
        if let Some(body) = unchunked(&raw) {
            return body;
        }
        if !more(stream, &mut raw) {
            return raw;
        }
    }
}

/// The content of a chunked body, once it is complete.
fn unchunked(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(raw) else {
            return None;
        };
        if size == 0 {
            return Some(body);
        }
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        body.extend_from_slice(raw.get(start..end)?);
        raw = raw.get(end.checked_add(2)?..)?;
    }
}

/// Reads more. Gives false at the end, also where the peer has reset the connection.
fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(0) => false,
        Ok(count) => {
            bytes.extend(buffer.iter().take(count));
            true
        }
        Err(error) if is_end(&error) => false,
        Err(error) => panic!("no response within {DEADLINE:?}: {error}"),
    }
}

/// The peer has closed the connection in one of the ways in which peers do; with TLS also without a word, or with an alert.
fn is_end(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionReset, InvalidData, UnexpectedEof};
    matches!(error.kind(), ConnectionReset | InvalidData | UnexpectedEof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_put_together_once_they_are_complete() {
        assert_eq!(unchunked(b"2\r\nab\r\n1\r\nc\r\n"), None);
        assert_eq!(
            unchunked(b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").as_deref(),
            Some(&b"abc"[..])
        );
    }
}
