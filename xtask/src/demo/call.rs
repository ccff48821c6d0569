//! One request of the demo, and its answer.

use super::shop::Service;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Request;

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) service: Service,
    pub(super) method: &'static str,
    /// Path and query, sent as they stand.
    pub(super) target: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

/// What the client got.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The body, if it is JSON.
    pub(super) body: Value,
}

impl Call {
    /// A request without credential and body.
    pub(super) fn new(service: Service, method: &'static str, target: impl Into<String>) -> Self {
        Self {
            service,
            method,
            target: target.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// Adds a header field.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a token.
    pub(super) fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Adds a JSON body.
    pub(super) fn json(self, body: impl Into<String>) -> Self {
        self.text("application/json", body)
    }

    /// Adds a body of any type.
    pub(super) fn text(self, content_type: &str, body: impl Into<String>) -> Self {
        Self {
            body: Some(body.into()),
            ..self.header("content-type", content_type)
        }
    }
}

/// A client that reports every status as an answer.
pub(super) fn client() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .proxy(None)
        .max_redirects(0)
        .build()
        .into()
}

/// Sends a request to the Envoy that listens on `port`.
pub(super) fn send(client: &Agent, port: u16, id: &str, call: &Call) -> Result<Answer> {
    let mut request = Request::builder()
        .method(call.method)
        .uri(format!("http://127.0.0.1:{port}{}", call.target))
        .header("x-request-id", id);
    let hosted = call.headers.iter().any(|(name, _)| *name == "host");
    if !hosted {
        request = request.header(
            "host",
            format!("{}.shop.svc.cluster.local", call.service.name()),
        );
    }
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    let answer = match &call.body {
        Some(body) => client.run(request.body(body.clone())?),
        None => client.run(request.body(())?),
    };
    let mut answer =
        answer.with_context(|| format!("{} {} got no answer", call.method, call.target))?;
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    Ok(Answer {
        status: answer.status().as_u16(),
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
    })
}
