//! The harness: a real Envoy with the filter, a real upstream behind it, and a client that writes exact bytes.
//!
//! Everything listens on 127.0.0.1, on ports that the system chooses. Nothing waits by sleeping: what can be observed is
//! polled until a deadline ([`wait`]). A failure of the harness is the failure of the test, so it panics and says why.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a failure of the harness is the failure of the test"
)]

pub mod bootstrap;
pub mod client;
pub mod daemon;
pub mod decisions;
pub mod envoy;
pub mod fixture;
pub mod host_calls;
pub mod istiod;
pub mod keycloak;
pub mod load;
mod local;
pub mod mesh;
pub mod paths;
pub mod pushed;
pub mod ratelimit;
pub mod run;
pub mod servers;
pub mod slow;
pub mod through_envoy;
pub mod tls;
pub mod upstream;
pub mod wait;

pub use client::{Client, Response};
pub use envoy::Envoy;
pub use istiod::Istiod;
pub use ratelimit::{RateLimit, Redis};
pub use run::Run;
pub use servers::Server;
pub use slow::Slow;
pub use upstream::Upstream;
