//! Where the servers of tests run: a port of 127.0.0.1 and a thread of their own.

use std::net::Ipv4Addr;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// A server's thread. What runs on it ends with it.
#[derive(Debug)]
pub(crate) struct Local(Option<Runtime>);

impl Local {
    /// Starts a thread, and listens at a free port.
    pub(crate) fn listen() -> (Self, TcpListener, u16) {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be started");
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .expect("a port can be had");
        let port = listener.local_addr().expect("it is bound").port();
        (Self(Some(runtime)), listener, port)
    }

    /// Runs a server.
    pub(crate) fn spawn(&self, server: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(server);
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
