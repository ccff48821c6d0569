//! A server of documents that answers as it is told, also wrongly.

use std::collections::BTreeMap;
use std::io::{Read, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a path answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A document.
    Document(String),
    /// A status without anything.
    Status(u16),
    /// A redirect.
    Redirect(String),
    /// Less than was announced.
    CutOff(String),
    /// Chunks without an end.
    CutOffChunks(String),
    /// As long as the connection is.
    Unmeasured(String),
    /// More than 50 MB, announced.
    Huge,
    /// Chunks until the client hangs up.
    Endless,
    /// Nothing, until the client hangs up.
    Silent,
    /// Bytes with a field of the head.
    Raw(&'static str, Vec<u8>),
}

/// A server on the loopback interface.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    port: u16,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts. It ends with the test.
    pub(crate) fn start() -> Self {
        Self::listen(|server, stream| server.serve(stream))
    }

    fn listen(serve: impl Fn(&Self, TcpStream) + Send + Sync + Clone + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            answers: Arc::default(),
            asked: Arc::default(),
        };
        let running = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (server, serve) = (running.clone(), serve.clone());
                std::thread::spawn(move || serve(&server, stream.unwrap()));
            }
        });
        server
    }

    /// Starts, with this certificate and its key.
    pub(crate) fn start_tls(certificate: &rcgen::CertifiedKey<rcgen::KeyPair>) -> Self {
        let key =
            rustls::pki_types::PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.cert.der().clone()], key.into())
            .unwrap();
        let config = Arc::new(config);
        Self::listen(move |server, stream| {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            server.serve(rustls::StreamOwned::new(connection, stream));
        })
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Says what a path answers from now on.
    pub(crate) fn set(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// A path that answers with a document.
    pub(crate) fn document(&self, path: &str, text: &str) {
        self.set(path, Answer::Document(text.to_owned()));
    }

    /// The paths that were asked for since this was called last.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// Answers one request on a connection. Whoever hangs up early is let go.
    fn serve(&self, mut stream: impl Read + Write) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if !matches!(stream.read(&mut byte), Ok(1)) {
                return;
            }
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let answer = self.answers.lock().unwrap().get(&path).cloned();
        self.asked.lock().unwrap().push(path);
        let _ = write(&mut stream, answer.unwrap_or(Answer::Status(404)));
        let _ = stream.flush();
    }
}

fn write(stream: &mut (impl Read + Write), answer: Answer) -> Result<()> {
    let mut say = |status: u16, head: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status} -\r\nconnection: close\r\n{head}\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)
    };
    let length = |length: usize| format!("content-length: {length}\r\n");
    match answer {
        Answer::Document(text) => say(200, &length(text.len()), text.as_bytes()),
        Answer::Status(status) => say(status, &length(0), b""),
        Answer::Redirect(location) => say(
            302,
            &format!("location: {location}\r\ncontent-length: 0\r\n"),
            b"",
        ),
        Answer::CutOff(text) => say(200, &length(text.len() + 10), text.as_bytes()),
        Answer::CutOffChunks(text) => {
            say(200, "transfer-encoding: chunked\r\n", b"")?;
            stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())
        }
        Answer::Unmeasured(text) => say(200, "", text.as_bytes()),
        Answer::Huge => say(200, &length(50_000_001), b"a: 1\n"),
        Answer::Endless => {
            say(200, "transfer-encoding: chunked\r\n", b"")?;
            let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk)?;
            }
        }
        Answer::Silent => stream.read_exact(&mut [0]),
        Answer::Raw(field, body) => say(200, &(length(body.len()) + field), &body),
    }
}
