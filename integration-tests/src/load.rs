//! A steady load: so many requests a second over connections that stay open, until it is told to end.

use crate::client;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// What came of the requests of one connection.
#[derive(Debug, Default)]
pub struct Answered {
    /// The id of each request, and the status that it got; 0 where the connection ended first.
    pub requests: Vec<(String, u16)>,
}

/// Sends requests over one connection at this interval until `done`. `write` makes the request with an id.
///
/// # Panics
/// When no connection can be opened.
#[must_use]
pub fn run(
    client: &client::Client,
    name: &str,
    interval: Duration,
    done: &AtomicBool,
    write: impl Fn(usize, &str) -> Vec<u8>,
) -> Answered {
    let mut answered = Answered::default();
    let mut stream = client.connect(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let start = crate::wait::Stopwatch::start();
    let mut due = Duration::ZERO;
    while !done.load(Ordering::Relaxed) {
        let id = format!("{name}-{}", answered.requests.len());
        let bytes = write(answered.requests.len(), &id);
        let sent = stream.write_all(&bytes).is_ok();
        let status = if sent {
            client::read(&mut stream, "GET").status
        } else {
            0
        };
        answered.requests.push((id, status));
        if status == 0 {
            stream = client.connect(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        // A clock, not a wait: who is late catches up.
        due = due.saturating_add(interval);
        let early = due.saturating_sub(Duration::from_secs_f64(start.seconds()));
        thread::sleep(early);
    }
    answered
}
