//! An upstream that answers some requests only when it is told to.

use crate::local::Local;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A running server.
#[derive(Debug)]
pub struct Slow {
    /// Its port on 127.0.0.1.
    pub port: u16,
    state: Arc<State>,
    gate: watch::Sender<bool>,
    _local: Local,
}

#[derive(Debug)]
struct State {
    waiting: AtomicUsize,
    delay: AtomicU64,
    open: watch::Receiver<bool>,
}

impl Slow {
    /// Starts a server. Requests for `/held` wait for [`Slow::open`]; all others are answered after the delay, at first at once.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start() -> Self {
        let (local, listener, port) = Local::listen();
        let (gate, open) = watch::channel(false);
        let state = Arc::new(State {
            waiting: AtomicUsize::new(0),
            delay: AtomicU64::new(0),
            open,
        });
        local.spawn(accept(listener, Arc::clone(&state)));
        Self {
            port,
            state,
            gate,
            _local: local,
        }
    }

    /// How many requests wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state.waiting.load(Ordering::SeqCst)
    }

    /// Answers those that wait, and those to come.
    pub fn open(&self) {
        self.gate.send_replace(true);
    }

    /// Takes so long for each answer from now on.
    pub fn delay(&self, delay: Duration) {
        let delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.state.delay.store(delay, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&state)));
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let service = service_fn(move |request| handle(request, Arc::clone(&state)));
    // A connection that ends early is Envoy's business.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handle(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/held" {
        state.waiting.fetch_add(1, Ordering::SeqCst);
        let _ = state.open.clone().wait_for(|open| *open).await;
        state.waiting.fetch_sub(1, Ordering::SeqCst);
    } else {
        let delay = state.delay.load(Ordering::SeqCst);
        // Not a wait for anything: to be so slow is what this server is for.
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    Ok(Response::default())
}
