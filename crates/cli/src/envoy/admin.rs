//! Envoy's admin interface, asked over HTTP.

use std::time::Duration;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client of admin interfaces.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    agent: ureq::Agent,
}

impl Admin {
    /// A client.
    pub(crate) fn new() -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE));
        let agent = config.proxy(None).build().into();
        Self { agent }
    }

    /// What the interface at this address answers; `None` while it does not.
    pub(crate) fn ask(&self, address: &str, path: &str) -> Option<String> {
        let mut answer = self
            .agent
            .get(&format!("http://{address}{path}"))
            .call()
            .ok()?;
        answer.body_mut().read_to_string().ok()
    }

    /// Asks the interface at this address to do something. Whether it did shows in what it does.
    pub(crate) fn tell(&self, address: &str, path: &str) {
        let _ = self
            .agent
            .post(format!("http://{address}{path}"))
            .send_empty();
    }
}
