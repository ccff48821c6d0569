//! Other servers that the filter asks: an issuer's keys, introspection. They answer as written, and keep what they saw.

use crate::local::Local;
use crate::upstream::{Answer, response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use meshward_engine::exchange::ServerAnswer;
use meshward_testkit::judge::{Seen, SeenRequest};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A server behind one cluster.
#[derive(Debug)]
pub struct Server {
    /// Its port on 127.0.0.1.
    pub port: u16,
    state: Shared,
    held: watch::Sender<bool>,
    _local: Local,
}

#[derive(Debug, Default)]
struct State {
    answers: Vec<ServerAnswer>,
    seen: Vec<SeenRequest>,
}

#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<State>>);

impl Server {
    /// Starts a server.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(answers: Vec<ServerAnswer>) -> Self {
        let (local, listener, port) = Local::listen();
        let state = Shared::default();
        state.lock().answers = answers;
        let (held, gate) = watch::channel(false);
        local.spawn(accept(listener, state.clone(), gate));
        Self {
            port,
            state,
            held,
            _local: local,
        }
    }

    /// Answers differently from now on.
    pub fn answers(&self, answers: Vec<ServerAnswer>) {
        self.state.lock().answers = answers;
    }

    /// Keeps every answer back until [`Self::release`].
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Answers again.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Every request so far.
    #[must_use]
    pub fn seen(&self) -> Vec<SeenRequest> {
        self.state.lock().seen.clone()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("the server does not panic")
    }
}

async fn accept(listener: TcpListener, state: Shared, gate: watch::Receiver<bool>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, state.clone(), gate.clone()));
    }
}

async fn serve(stream: TcpStream, state: Shared, gate: watch::Receiver<bool>) {
    let service = service_fn(move |request| handle(request, state.clone(), gate.clone()));
    // A connection that ends early is Envoy's business: what was seen is kept.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handle(
    request: Request<Incoming>,
    state: Shared,
    mut gate: watch::Receiver<bool>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let headers = headers.collect();
    let path = request.uri().path_and_query().map(ToString::to_string);
    let path = path.unwrap_or_default();
    let body = request.into_body().collect().await;
    let body = body.map(|b| b.to_bytes().to_vec()).unwrap_or_default();
    state.lock().seen.push(SeenRequest {
        path: path.clone(),
        seen: Seen {
            headers,
            body: body.clone(),
        },
    });
    // The sender lives as long as the server.
    let _ = gate.wait_for(|held| !held).await;
    let answer = {
        let state = state.lock();
        let mut fitting = state.answers.iter().filter(|a| a.fits(&path, &body));
        fitting.next().cloned()
    };
    let Some(answer) = answer else {
        return Ok(response(Answer {
            status: 404,
            headers: Vec::new(),
            body: Vec::new(),
        }));
    };
    if answer.silent {
        std::future::pending::<()>().await;
    }
    Ok(response(Answer {
        status: answer.status,
        headers: answer.headers,
        body: answer.body.into_bytes(),
    }))
}
