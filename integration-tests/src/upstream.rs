//! A real HTTP/1.1 server behind Envoy: it answers as it was told, and keeps what it saw.

use crate::local::Local;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use meshward_testkit::judge::{Seen, SeenRequest};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::{TcpListener, TcpStream};

/// A running server.
#[derive(Debug)]
pub struct Upstream {
    /// Its port on 127.0.0.1.
    pub port: u16,
    state: Shared,
    _local: Local,
}

/// What the server answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<String, Answer>,
    heads: HashMap<String, SeenRequest>,
    count: usize,
}

#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<State>>);

impl Upstream {
    /// Starts a server.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start() -> Self {
        let (local, listener, port) = Local::listen();
        let state = Shared::default();
        local.spawn(accept(listener, state.clone()));
        Self {
            port,
            state,
            _local: local,
        }
    }

    /// Says how a request is answered. Others get an empty 200.
    pub fn answer(&self, request_id: &str, answer: Answer) {
        self.state
            .lock()
            .answers
            .insert(request_id.to_owned(), answer);
    }

    /// What came of a request: its head, and its body once that is complete.
    #[must_use]
    pub fn seen(&self, request_id: &str) -> Option<SeenRequest> {
        self.state.lock().heads.get(request_id).cloned()
    }

    /// How many request heads came.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state.lock().count
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("the server does not panic")
    }
}

async fn accept(listener: TcpListener, state: Shared) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, state.clone()));
    }
}

async fn serve(stream: TcpStream, state: Shared) {
    let service = service_fn(move |request| handle(request, state.clone()));
    // A connection that ends early is Envoy's business: what was seen is kept.
    let _ = hyper::server::conn::http1::Builder::new()
        .max_headers(4000)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handle(
    request: Request<Incoming>,
    state: Shared,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let id = headers.iter().find(|(name, _)| name == "x-request-id");
    let id = id.map(|(_, value)| value.clone()).unwrap_or_default();
    let path = request.uri().path_and_query().map(ToString::to_string);
    let head = SeenRequest {
        path: path.unwrap_or_default(),
        seen: Seen {
            headers,
            body: Vec::new(),
        },
    };
    {
        let mut state = state.lock();
        state.count += 1;
        state.heads.insert(id.clone(), head);
    }
    let body = request.into_body().collect().await;
    let mut state = state.lock();
    if let (Ok(body), Some(head)) = (body, state.heads.get_mut(&id)) {
        head.seen.body = body.to_bytes().to_vec();
    }
    let answer = state.answers.get(&id).cloned();
    Ok(answer.map_or_else(Response::default, response))
}

pub(crate) fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response
        .body(Full::from(answer.body))
        .expect("the answer is written correctly")
}
