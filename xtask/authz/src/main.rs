//! An authorization service for Envoy's `ext_authz` over gRPC that admits everything: the least that asking one can cost.
//!
//! It reads a question to its end, decodes nothing of it, and says yes. Whatever a real service does besides, it does at a price of its own.
//! The only argument is the port of 127.0.0.1 to listen on.
#![expect(clippy::print_stderr, reason = "a program says why it ends")]

mod service;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use tokio::net::TcpListener;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::args()
        .nth(1)
        .ok_or("no port: name it as the only argument")?
        .parse()?;
    // One Envoy asks over one connection: more threads would only add what they cost.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async move {
                // A connection that breaks is the business of the proxy that asked over it.
                service::serve(stream).await.ok();
            });
        }
    })
}
