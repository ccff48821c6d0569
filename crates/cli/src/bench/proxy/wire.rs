//! HTTP/1.1 over one connection: just what load and an upstream need. Messages are read to their end, and bodies thrown away.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A head that is longer is none.
const LONGEST_HEAD: usize = 1 << 20;
/// The most fields of a head.
const MOST_FIELDS: usize = 256;
/// How long one message may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection, with what was read and not yet used.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    held: Vec<u8>,
}

/// How a message's body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes.
    Length(usize),
    /// With the last chunk.
    Chunked,
    /// It says nothing.
    Unsaid,
}

/// A response whose body was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Whether the server closes the connection.
    pub(super) closes: bool,
}

/// A request whose body was read.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Vec<u8>,
    pub(super) target: Vec<u8>,
}

impl Wire {
    /// Takes a connection over.
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            held: Vec::new(),
        })
    }

    /// The same, where the other side answers at once or never.
    pub(super) fn impatient(self) -> io::Result<Self> {
        self.stream.set_read_timeout(Some(PATIENCE))?;
        Ok(self)
    }

    /// Writes a message.
    pub(super) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.stream.write_all(message)
    }

    /// Reads a request. `None` when the other side has closed the connection.
    pub(super) fn request(&mut self) -> io::Result<Option<Asked>> {
        let head = self.head(|bytes| {
            let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
            let mut request = httparse::Request::new(&mut fields);
            let httparse::Status::Complete(length) = request.parse(bytes)? else {
                return Ok(None);
            };
            let part = |text: Option<&str>| text.unwrap_or_default().as_bytes().to_vec();
            let asked = Asked {
                method: part(request.method),
                target: part(request.path),
            };
            Ok(Some((length, (asked, framing(request.headers)))))
        })?;
        let Some((asked, framing)) = head else {
            return Ok(None);
        };
        self.skip(match framing {
            Framing::Unsaid => Framing::Length(0),
            Framing::Length(_) | Framing::Chunked => framing,
        })?;
        Ok(Some(asked))
    }

    /// Reads the response to a request with this method.
    pub(super) fn answer(&mut self, method: &[u8]) -> io::Result<Answer> {
        let head = self.head(|bytes| {
            let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
            let mut response = httparse::Response::new(&mut fields);
            let httparse::Status::Complete(length) = response.parse(bytes)? else {
                return Ok(None);
            };
            let answer = Answer {
                status: response.code.unwrap_or(0),
                closes: closes(response.headers),
            };
            Ok(Some((length, (answer, framing(response.headers)))))
        })?;
        let Some((mut answer, framing)) = head else {
            return Err(ErrorKind::UnexpectedEof.into());
        };
        let bare = method == b"HEAD" || matches!(answer.status, 100..=199 | 204 | 304);
        match framing {
            _ if bare => {}
            // Such a body ends with the connection.
            Framing::Unsaid => {
                while self.fill()? {
                    self.held.clear();
                }
                answer.closes = true;
            }
            Framing::Length(_) | Framing::Chunked => self.skip(framing)?,
        }
        Ok(answer)
    }

    /// Reads until a head is complete.
    fn head<T>(
        &mut self,
        parse: impl Fn(&[u8]) -> Result<Option<(usize, T)>, httparse::Error>,
    ) -> io::Result<Option<T>> {
        loop {
            match parse(&self.held) {
                Ok(Some((length, head))) => {
                    self.held.drain(..length);
                    return Ok(Some(head));
                }
                Ok(None) if self.held.len() < LONGEST_HEAD => {}
                Ok(None) | Err(_) => return Err(ErrorKind::InvalidData.into()),
            }
            if !self.fill()? {
                return if self.held.is_empty() {
                    Ok(None)
                } else {
                    Err(ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    /// Reads a body and throws it away.
    fn skip(&mut self, framing: Framing) -> io::Result<()> {
        match framing {
            Framing::Unsaid => Ok(()),
            Framing::Length(length) => self.skip_bytes(length),
            Framing::Chunked => loop {
                match httparse::parse_chunk_size(&self.held) {
                    Ok(httparse::Status::Complete((line, size))) => {
                        let size = usize::try_from(size).map_err(|_| ErrorKind::InvalidData)?;
                        // Each chunk has a line end of its own; the last one stands for an empty trailer.
                        self.skip_bytes(line.saturating_add(size).saturating_add(2))?;
                        if size == 0 {
                            return Ok(());
                        }
                    }
                    Ok(httparse::Status::Partial) => {
                        if !self.fill()? {
                            return Err(ErrorKind::UnexpectedEof.into());
                        }
                    }
                    Err(_) => return Err(ErrorKind::InvalidData.into()),
                }
            },
        }
    }

    fn skip_bytes(&mut self, mut length: usize) -> io::Result<()> {
        loop {
            let here = length.min(self.held.len());
            self.held.drain(..here);
            length -= here;
            if length == 0 {
                return Ok(());
            }
            if !self.fill()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 << 10];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(read) => {
                    self.held.extend(buffer.iter().take(read));
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn values<'a>(
    fields: &'a [httparse::Header<'a>],
    name: &'static str,
) -> impl Iterator<Item = &'a str> {
    let named = fields
        .iter()
        .filter(move |f| f.name.eq_ignore_ascii_case(name));
    named.filter_map(|field| std::str::from_utf8(field.value).ok())
}

fn framing(fields: &[httparse::Header<'_>]) -> Framing {
    if values(fields, "transfer-encoding").any(|v| v.trim().eq_ignore_ascii_case("chunked")) {
        return Framing::Chunked;
    }
    let length = values(fields, "content-length").find_map(|v| v.trim().parse().ok());
    length.map_or(Framing::Unsaid, Framing::Length)
}

fn closes(fields: &[httparse::Header<'_>]) -> bool {
    values(fields, "connection").any(|v| v.trim().eq_ignore_ascii_case("close"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    /// What is read of bytes that somebody sent.
    fn reading(bytes: &[u8]) -> Wire {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(bytes).unwrap();
        Wire::new(listener.accept().unwrap().0).unwrap()
    }

    #[test]
    fn messages_follow_each_other_on_one_connection() {
        let mut wire = reading(
            b"POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}\
              POST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n\
              GET /c HTTP/1.1\r\nhost: h\r\n\r\n",
        );
        for target in ["/a", "/b", "/c"] {
            let asked = wire.request().unwrap().unwrap();
            assert_eq!(asked.target, target.as_bytes());
        }
        assert!(wire.request().unwrap().is_none());
    }

    #[test]
    fn responses_end_where_they_say() {
        let mut wire = reading(
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n\
              HTTP/1.1 204 No Content\r\n\r\n\
              HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\
              HTTP/1.1 200 OK\r\n\r\nuntil the end",
        );
        let mut status = |method: &[u8]| wire.answer(method).unwrap();
        assert_eq!(status(b"HEAD").status, 200);
        assert_eq!(status(b"GET").status, 204);
        assert!(!status(b"GET").closes);
        assert!(status(b"GET").closes);
        assert!(wire.answer(b"GET").is_err());
    }
}
