//! The load: a few connections that stay open, each sending its next request when it has the response to the last one.

use super::wire::Wire;
use crate::clock::Stopwatch;
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// One request.
#[derive(Debug)]
pub(super) struct Shot {
    /// Which exchange it is.
    pub(super) index: usize,
    pub(super) method: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    /// The status that it gets when it is sent alone. 0 while nobody has sent it.
    pub(super) status: u16,
}

/// What came of a load.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Requests that were answered.
    pub(super) answered: usize,
    /// Those of them that got another status than when they were sent alone.
    pub(super) other: usize,
    /// Requests that got no response.
    pub(super) broken: usize,
}

impl Tally {
    /// Both together.
    pub(super) fn and(self, more: Self) -> Self {
        Self {
            answered: self.answered + more.answered,
            other: self.other + more.other,
            broken: self.broken + more.broken,
        }
    }
}

/// A client of one port on 127.0.0.1.
#[derive(Debug)]
struct Client {
    port: u16,
    wire: Option<Wire>,
}

impl Client {
    fn send(&mut self, shot: &Shot) -> io::Result<u16> {
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => {
                let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
                Wire::new(stream)?.impatient()?
            }
        };
        wire.send(&shot.bytes)?;
        let answer = wire.answer(&shot.method)?;
        if !answer.closes {
            self.wire = Some(wire);
        }
        Ok(answer.status)
    }
}

/// Sends every request once, in order, and says which status each got; 0 where there was no response.
pub(super) fn once(port: u16, shots: &[Shot]) -> Vec<u16> {
    let mut client = Client { port, wire: None };
    shots
        .iter()
        .map(|shot| client.send(shot).unwrap_or(0))
        .collect()
}

/// Sends for some time.
pub(super) fn run(port: u16, shots: &[Shot], connections: usize, time: Duration) -> Tally {
    let watch = Stopwatch::start();
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|number| {
                // Not all begin with the same request.
                let begin = number * shots.len() / connections.max(1);
                scope.spawn(move || {
                    let mut client = Client { port, wire: None };
                    let mut tally = Tally::default();
                    for shot in shots.iter().cycle().skip(begin) {
                        if watch.elapsed() >= time {
                            break;
                        }
                        match client.send(shot) {
                            Ok(status) => {
                                tally.answered += 1;
                                tally.other += usize::from(status != shot.status);
                            }
                            Err(_) => tally.broken += 1,
                        }
                    }
                    tally
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_default())
            .collect()
    });
    tallies.into_iter().fold(Tally::default(), Tally::and)
}
