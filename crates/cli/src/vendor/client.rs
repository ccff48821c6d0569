//! Fetches documents over HTTP.
//!
//! What is fetched is named by descriptions, which may come from elsewhere. So everything has a bound: the size of a document and of all,
//! the time for one and for all, and the number of redirects, each of which must be as good a URL as the first.

use crate::clock::Stopwatch;
use meshward_openapi::vendor::{RemoteUrl, WrongUrl, without_credentials};
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The largest document, in bytes.
const MAX_BYTES: u64 = 50_000_000;

/// The most that all documents have together.
const MAX_TOTAL: u64 = 4 * MAX_BYTES;

/// The most redirects from one document.
const MAX_REDIRECTS: usize = 5;

/// How long all documents may take together.
const WHOLE: Duration = Duration::from_secs(600);

/// A client that fetches documents.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Option<ureq::Agent>,
    allow_http: bool,
    patience: Duration,
    running: Stopwatch,
    total: u64,
}

impl Client {
    /// A client that gives each document so much time.
    pub(crate) fn new(allow_http: bool, patience: Duration) -> Self {
        Self {
            agent: None,
            allow_http,
            patience,
            running: Stopwatch::start(),
            total: 0,
        }
    }

    /// The document at a URL, and the URL where it was in the end. Otherwise why it cannot be had, continuing a sentence.
    pub(crate) fn get(&mut self, url: &RemoteUrl) -> Result<(String, RemoteUrl), String> {
        let running = Stopwatch::start();
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            if at.is_plain_http() && !self.allow_http {
                let whose = if at == *url { "it" } else { "where it leads" };
                return Err(format!(
                    "{whose} is `http:`, so that anybody on the way can change it; with `--allow-http` it is fetched all the same"
                ));
            }
            let left = WHOLE.saturating_sub(self.running.elapsed());
            let patience = self.patience.saturating_sub(running.elapsed()).min(left);
            if left.is_zero() {
                return Err(format!(
                    "all documents together have taken more than {} minutes",
                    WHOLE.as_secs() / 60
                ));
            }
            match self.ask(&at, patience)? {
                Answer::Document(text) => return Ok((text, at)),
                Answer::Elsewhere(location) => {
                    at = at
                        .join(&location)
                        .map_err(|wrong| led_astray(&location, wrong))?;
                }
            }
        }
        Err(format!("it leads on more than {MAX_REDIRECTS} times"))
    }

    fn ask(&mut self, url: &RemoteUrl, patience: Duration) -> Result<Answer, String> {
        let seconds = self.patience.as_secs();
        let cause = |error: ureq::Error| cause(&error, seconds);
        if patience.is_zero() {
            return Err(cause(ureq::Error::Timeout(ureq::Timeout::Global)));
        }
        let agent = self.agent.get_or_insert_with(agent);
        let mut answer = agent
            .get(url.as_str())
            .config()
            .timeout_global(Some(patience))
            .build()
            .call()
            .map_err(cause)?;
        let status = answer.status();
        if status.is_redirection() {
            let location = answer.headers().get("location").map(|l| l.to_str());
            return match location {
                Some(Ok(location)) => Ok(Answer::Elsewhere(location.to_owned())),
                _ => Err(format!("the answer is {} without a place", status.as_u16())),
            };
        }
        if status != 200 {
            return Err(format!("the answer is {status}"));
        }
        if let Some(encoding) = answer.headers().get("content-encoding")
            && encoding != "identity"
        {
            return Err("the answer is compressed, which was not asked for".to_owned());
        }
        // Of what ends with the connection nobody can tell whether it is whole, and half a schema asks for less than a whole one.
        let measures = ["content-length", "transfer-encoding"];
        if !measures
            .iter()
            .any(|name| answer.headers().contains_key(*name))
        {
            return Err("the answer does not say how long it is".to_owned());
        }
        let too_large = || {
            let most = MAX_BYTES / 1_000_000;
            format!("the answer is larger than {most} MB")
        };
        if answer
            .body()
            .content_length()
            .is_some_and(|n| n > MAX_BYTES)
        {
            return Err(too_large());
        }
        let body = answer.body_mut().with_config().limit(MAX_BYTES);
        let bytes = body.read_to_vec().map_err(|error| {
            if matches!(error, ureq::Error::BodyExceedsLimit(_)) {
                too_large()
            } else {
                cause(error)
            }
        })?;
        self.total = self.total.saturating_add(bytes.len() as u64);
        if self.total > MAX_TOTAL {
            let most = MAX_TOTAL / 1_000_000;
            return Err(format!("all documents together are larger than {most} MB"));
        }
        String::from_utf8(bytes)
            .map(Answer::Document)
            .map_err(|_| "the answer is not UTF-8".to_owned())
    }
}

/// What came of one request.
enum Answer {
    Document(String),
    Elsewhere(String),
}

/// A client that trusts whom this machine trusts, so that certificates of a company's own are as good here as in a browser.
fn agent() -> ureq::Agent {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let trusted: Vec<Certificate<'static>> = trusted
        .iter()
        .map(|der| Certificate::from_der(der).to_owned())
        .collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&trusted))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("meshward/", env!("CARGO_PKG_VERSION")))
        .accept("application/yaml, application/json, */*;q=0.5")
        .build()
        .into()
}

fn led_astray(location: &str, wrong: WrongUrl) -> String {
    let shown = without_credentials(location);
    format!("it leads to `{shown}`, which {wrong}")
}

/// An error in words, without what only a programmer would want to know.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not put better here says itself what it is"
)]
fn cause(error: &ureq::Error, seconds: u64) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("there was no whole answer within {seconds} s"),
        ureq::Error::HostNotFound => "the host is not known".to_owned(),
        ureq::Error::ConnectionFailed => "the host cannot be reached".to_owned(),
        ureq::Error::Rustls(cause) => untrusted(cause),
        ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the answer ended too early".to_owned()
        }
        ureq::Error::Io(cause) => {
            let tls = cause.get_ref().and_then(|inner| inner.downcast_ref());
            tls.map_or_else(|| cause.to_string(), untrusted)
        }
        error => error.to_string(),
    }
}

fn untrusted(cause: &rustls::Error) -> String {
    format!("{cause}; trusted is whom this machine trusts, or whom `SSL_CERT_FILE` names")
}
