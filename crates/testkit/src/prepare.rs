//! From a case to what is sent: tokens minted, placeholders filled, framing as every HTTP/1.1 client adds it.

use crate::format::{self, Case};
use crate::keys::Keys;
use crate::load::{Mistake, Topic};
use crate::pki::Pki;
use crate::placeholder::{Scope, fill, hex};
use crate::{clock, token};
use meshward_engine::config::Timestamp;
use meshward_engine::exchange::{Exchange, ExchangeSource, Message, ResponseMessage, ServerAnswer};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

/// One run of the corpus: its time, its keys, and a word that no other run has.
#[derive(Debug)]
pub struct Run {
    /// When it started: what the times in policies are relative to.
    pub now: Timestamp,
    /// The certificates of its servers and clients.
    pub pki: Pki,
    keys: Keys,
    nonce: String,
}

/// A policy's text and the files it names, filled.
#[derive(Debug)]
pub struct PolicyText {
    /// The YAML.
    pub policy: String,
    /// The files, by name.
    pub files: BTreeMap<String, String>,
}

/// An exchange, ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    /// What is sent, and what the upstream answers.
    pub exchange: Exchange,
    /// Its `x-request-id`.
    pub request_id: String,
    /// What must not come out in any log or reply: the credentials of the request.
    pub secrets: Vec<String>,
}

impl Run {
    /// Starts a run now.
    ///
    /// # Errors
    /// A sentence, when the keys cannot be read.
    pub fn start(testdata: &Path) -> Result<Self, String> {
        let now = clock::now();
        Ok(Self {
            now,
            pki: Pki::new()?,
            keys: Keys::load(testdata)?,
            nonce: format!("{}-{}", now.0, std::process::id()),
        })
    }

    /// The policy of a file.
    ///
    /// # Errors
    /// A mistake in a placeholder.
    pub fn policy_text(&self, topic: &Topic) -> Result<PolicyText, Mistake> {
        let unique = self.word(&topic.name);
        let scope = self.scope(&unique);
        let filled = |text: &str| fill(text, scope).map_err(|what| topic.at_policy(what));
        let files = topic.file.files.iter();
        Ok(PolicyText {
            policy: filled(topic.file.policy.get_ref())?,
            files: files
                .map(|(name, text)| Ok((name.clone(), filled(text)?)))
                .collect::<Result<_, Mistake>>()?,
        })
    }

    /// What placeholders stand for outside of exchanges.
    fn scope<'a>(&'a self, unique: &'a str) -> Scope<'a> {
        Scope {
            now: self.now,
            unique,
            token: None,
            proof: None,
            keys: &self.keys,
            pki: &self.pki,
        }
    }

    /// What other servers answer.
    ///
    /// # Errors
    /// A mistake in a placeholder.
    pub fn servers(&self, topic: &Topic) -> Result<Vec<ServerAnswer>, Mistake> {
        let unique = self.word(&topic.name);
        let scope = self.scope(&unique);
        let servers = topic.file.server.iter();
        servers
            .map(|server| {
                let body = fill(&server.body, scope).map_err(|what| topic.at_policy(what))?;
                Ok(ServerAnswer {
                    body,
                    ..server.clone()
                })
            })
            .collect()
    }

    /// Every exchange of a case, now: a run through Envoy takes so long that tokens of its start would be old.
    ///
    /// # Errors
    /// A mistake in a token or placeholder.
    pub fn prepare(&self, topic: &Topic, case: &Case) -> Result<Vec<Prepared>, Mistake> {
        let name = format!("{}/{}", topic.name, case.name.get_ref());
        let now = clock::now();
        let exchanges = case.exchange.iter().enumerate();
        exchanges
            .map(|(index, exchange)| {
                self.one(topic, exchange, (&name, index), now)
                    .map_err(|what| topic.at(case, what))
            })
            .collect()
    }

    fn one(
        &self,
        topic: &Topic,
        exchange: &format::Exchange,
        (case, index): (&str, usize),
        now: Timestamp,
    ) -> Result<Prepared, String> {
        let unique = self.word(case);
        let bare = Scope {
            now,
            unique: &unique,
            token: None,
            proof: None,
            keys: &self.keys,
            pki: &self.pki,
        };
        let minted = exchange.token.as_ref();
        let minted = minted
            .map(|own| token::mint(&topic.file.token, own, bare))
            .transpose()?;
        let token = minted.as_deref();
        let proof = exchange.proof.as_ref();
        let proof = proof
            .map(|own| token::mint(&topic.file.proof, own, Scope { token, ..bare }))
            .transpose()?;
        let scope = Scope {
            token,
            proof: proof.as_deref(),
            ..bare
        };
        let request_id = self.request_id(case, index);
        let authority = exchange.request.authority.as_ref();
        let authority = authority.unwrap_or(&topic.file.authority);
        let request = message(&exchange.request, authority, &request_id, scope)?;
        let mut secrets = secrets(&request, minted.as_deref());
        secrets.extend(proof.clone());
        let certificate = exchange.peer.as_deref().map(|uri| self.pki.workload(uri));
        let certificate = certificate.transpose()?;
        let address = exchange.source.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Ok(Prepared {
            exchange: Exchange {
                id: format!("{case}#{index}"),
                source: ExchangeSource {
                    address: Some(address),
                    principal: exchange.peer.clone(),
                    verified: exchange.verified,
                    tls: Some(topic.file.tls),
                    certificate: certificate.map(|pair| hex(&pair.digest())),
                },
                now: Some(now),
                request,
                response: Some(response(exchange.response.as_ref(), scope)?),
            },
            request_id,
            secrets,
        })
    }

    /// A word that no other case of any run has.
    fn word(&self, case: &str) -> String {
        let mut word = self.digest(case);
        word.truncate(16);
        word
    }

    /// A request id in the form of a UUID, as Envoy makes them.
    fn request_id(&self, case: &str, index: usize) -> String {
        let digits = self.digest(&format!("{case}#{index}"));
        let mut digits = digits.chars();
        let mut take = |count: usize| digits.by_ref().take(count).collect::<String>();
        let (a, b, c, d, e) = (take(8), take(4), take(3), take(3), take(12));
        format!("{a}-{b}-4{c}-a{d}-{e}")
    }

    fn digest(&self, word: &str) -> String {
        hex(&Sha256::digest(format!("{}/{word}", self.nonce)))
    }
}

fn message(
    request: &format::Request,
    authority: &str,
    request_id: &str,
    scope: Scope<'_>,
) -> Result<Message, String> {
    let optional = |text: &Option<String>| text.as_ref().map(|t| fill(t, scope)).transpose();
    let mut headers = fields(&request.headers, scope)?;
    let chunked = has(&headers, "transfer-encoding");
    let (body, body_base64) = present(
        optional(&request.body)?,
        optional(&request.body_base64)?,
        chunked,
    );
    frame(
        &mut headers,
        body.as_deref(),
        body_base64.as_deref(),
        chunked,
    )?;
    if !has(&headers, "x-request-id") {
        headers.push(("x-request-id".to_owned(), request_id.to_owned()));
    }
    Ok(Message {
        method: fill(&request.method, scope)?,
        authority: fill(authority, scope)?,
        path: fill(&request.path, scope)?,
        path_base64: request.path_base64.clone(),
        headers,
        body,
        body_base64,
    })
}

fn response(
    response: Option<&format::Response>,
    scope: Scope<'_>,
) -> Result<ResponseMessage, String> {
    let Some(response) = response else {
        return Ok(ResponseMessage {
            status: 200,
            headers: vec![("content-length".to_owned(), "0".to_owned())],
            body: None,
            body_base64: None,
        });
    };
    let optional = |text: &Option<String>| text.as_ref().map(|t| fill(t, scope)).transpose();
    let mut headers = fields(&response.headers, scope)?;
    let (body, body_base64) = present(
        optional(&response.body)?,
        optional(&response.body_base64)?,
        false,
    );
    frame(&mut headers, body.as_deref(), body_base64.as_deref(), false)?;
    Ok(ResponseMessage {
        status: response.status,
        headers,
        body,
        body_base64,
    })
}

/// An empty body without chunks is no body: on the wire the two are the same.
fn present(
    body: Option<String>,
    encoded: Option<String>,
    chunked: bool,
) -> (Option<String>, Option<String>) {
    let full = |text: &String| chunked || !text.is_empty();
    (body.filter(full), encoded.filter(full))
}

/// Adds `content-length` where nothing else frames the body.
fn frame(
    headers: &mut Vec<(String, String)>,
    body: Option<&str>,
    encoded: Option<&str>,
    chunked: bool,
) -> Result<(), String> {
    let length = match (body, encoded) {
        (Some(_), Some(_)) => return Err("`body` and `bodyBase64` exclude each other".to_owned()),
        (Some(body), None) => body.len(),
        (None, Some(encoded)) => decoded(encoded)?.len(),
        (None, None) => return Ok(()),
    };
    if !chunked && !has(headers, "content-length") {
        headers.push(("content-length".to_owned(), length.to_string()));
    }
    Ok(())
}

/// The bytes of a `bodyBase64`.
///
/// # Errors
/// A sentence, when it is not base64.
pub fn decoded(encoded: &str) -> Result<Vec<u8>, String> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .map_err(|error| format!("not base64: {error}"))
}

fn fields(headers: &[(String, String)], scope: Scope<'_>) -> Result<Vec<(String, String)>, String> {
    let filled = headers
        .iter()
        .map(|(name, value)| Ok((fill(name, scope)?, fill(value, scope)?)));
    filled.collect()
}

fn has(headers: &[(String, String)], wanted: &str) -> bool {
    headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
}

/// Credentials of a request: long enough that they cannot stand in a log by chance.
fn secrets(request: &Message, token: Option<&str>) -> Vec<String> {
    const CARRIERS: [&str; 4] = ["authorization", "x-api-key", "x-token", "cookie"];
    let headers = request.headers.iter();
    let carried = headers
        .filter(|(name, _)| CARRIERS.contains(&name.to_ascii_lowercase().as_str()))
        .map(|(_, value)| value.clone());
    carried
        .chain(token.map(str::to_owned))
        .filter(|secret| secret.len() >= 8)
        .collect()
}
