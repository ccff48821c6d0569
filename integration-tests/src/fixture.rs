//! An Envoy with one policy, for tests that look at one thing.

use crate::{Client, Envoy, Upstream, bootstrap, paths};
use meshward_engine::config::Document;
use meshward_testkit::policy;
use std::collections::BTreeMap;

/// A proxy, the server behind it, and a client in front.
#[derive(Debug)]
pub struct Fixture {
    /// The proxy.
    pub envoy: Envoy,
    /// The server.
    pub upstream: Upstream,
    /// A client.
    pub client: Client,
}

impl Fixture {
    /// Starts everything with one policy and its description `api.yaml`.
    ///
    /// # Panics
    /// When the policy is wrong or Envoy does not take it.
    #[must_use]
    pub fn start(policy: &str, description: &str, workers: u32) -> Self {
        Self::with_servers(policy, description, workers, &[])
    }

    /// As [`Self::start`], with further clusters: names and ports.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn with_servers(
        policy: &str,
        description: &str,
        workers: u32,
        servers: &[(String, u16)],
    ) -> Self {
        let bundle = bundle(policy, description);
        let filter = bootstrap::meshward("test", &bundle, &paths::wasm());
        let upstream = Upstream::start();
        let listener = bootstrap::listener("test", vec![filter]);
        let envoy = Envoy::with_workers(
            &bootstrap::with_clusters(&[listener], upstream.port, servers),
            workers,
        );
        let client = envoy.client("test");
        Self {
            envoy,
            upstream,
            client,
        }
    }
}

/// The bundle of a policy and its description `api.yaml`.
///
/// # Panics
/// When they are wrong.
#[must_use]
pub fn bundle(policy: &str, description: &str) -> Document {
    let files = BTreeMap::from([("api.yaml".to_owned(), description.to_owned())]);
    policy::from_text(policy, &files).unwrap_or_else(|what| panic!("{what}"))
}
