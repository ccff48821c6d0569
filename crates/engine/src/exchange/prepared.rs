//! An exchange as the engine takes it: read once, and then decided as often as anybody likes.
//!
//! What is written wrongly (base64, both forms of a body) is found here, before anything is decided.

use super::{Evaluation, Exchange, ExchangeSource, Message, ResponseMessage};
use crate::config::Timestamp;
use crate::http::{Headers, RequestHead, ResponseHead, Source};
use crate::transaction::Ended;
use base64::Engine as _;
use std::sync::Arc;

/// An exchange that was read.
#[derive(Clone)]
pub struct Prepared {
    pub(super) source: Arc<ExchangeSource>,
    pub(super) now: Option<Timestamp>,
    pub(super) head: RequestHead,
    pub(super) body: Vec<u8>,
    pub(super) response: Option<(ResponseHead, Vec<u8>)>,
}

// INVARIANT (secrets never leave): credentials stand in fields, and anything may stand in bodies.
impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

/// What the end of an exchange depends on, besides its verdict.
pub(super) struct Told {
    request_size: u64,
    response_size: u64,
    status: u16,
}

impl Prepared {
    /// The method, as it is sent.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        &self.head.method
    }

    /// The authority, as it is sent.
    #[must_use]
    pub fn authority(&self) -> &[u8] {
        &self.head.authority
    }

    /// Path and query, as they are sent.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        &self.head.target
    }

    /// The request's fields, names in lower case.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.head.headers
    }

    /// The request's body; `None` where there is none.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        (!self.head.end_of_stream).then_some(self.body.as_slice())
    }

    /// The upstream's answer, where one is written down.
    #[must_use]
    pub fn response(&self) -> Option<(&ResponseHead, &[u8])> {
        let written = self.response.as_ref();
        written.map(|(head, body)| (head, body.as_slice()))
    }

    /// The same exchange at whatever time it is.
    #[must_use]
    pub fn at_any_time(mut self) -> Self {
        self.now = None;
        self
    }

    pub(super) fn told(&self) -> Told {
        let response = self.response.as_ref();
        Told {
            request_size: length(&self.body),
            response_size: response.map_or(0, |(_, body)| length(body)),
            // Where no response is written down, all went well.
            status: response.map_or(200, |(head, _)| head.status),
        }
    }
}

impl Told {
    /// How the exchange ended that came to this.
    pub(super) fn ended(&self, evaluation: &Evaluation) -> Ended {
        let answered = evaluation.reply.as_ref();
        let response_size = match (answered, &evaluation.replacement) {
            (Some(reply), _) => length(reply.body.as_bytes()),
            (None, Some(replacement)) => length(&replacement.body),
            (None, None) => self.response_size,
        };
        Ended {
            reason: evaluation.record.reason,
            status: Some(answered.map_or(self.status, |reply| reply.status)),
            request_size: self.request_size,
            response_size,
        }
    }
}

impl Exchange {
    /// Reads what is written down.
    ///
    /// # Errors
    /// A sentence, when it is written wrongly.
    pub fn prepare(&self) -> Result<Prepared, String> {
        let (head, body) = self.request_parts()?;
        Ok(Prepared {
            source: Arc::new(self.source.clone()),
            now: self.now,
            head,
            body,
            response: self.response_parts()?,
        })
    }

    fn request_parts(&self) -> Result<(RequestHead, Vec<u8>), String> {
        let Message {
            method,
            authority,
            path,
            path_base64,
            headers,
            body,
            body_base64,
        } = &self.request;
        let target = match path_base64 {
            Some(encoded) if path.is_empty() => decode(encoded, "request.pathBase64")?,
            Some(_) => return Err("request: `path` and `pathBase64` exclude each other".to_owned()),
            None => path.clone().into_bytes(),
        };
        let has_body = body.is_some() || body_base64.is_some();
        let bytes = body_bytes(body.as_deref(), body_base64.as_deref(), "request")?;
        let head = RequestHead {
            method: method.clone().into_bytes(),
            authority: authority.clone().into_bytes(),
            target,
            headers: fields(headers),
            end_of_stream: !has_body,
            source: Source {
                address: self.source.address,
                principal: self.source.principal.clone(),
                verified: self.source.verified.unwrap_or(true),
            },
        };
        Ok((head, bytes))
    }

    fn response_parts(&self) -> Result<Option<(ResponseHead, Vec<u8>)>, String> {
        let Some(ResponseMessage {
            status,
            headers,
            body,
            body_base64,
        }) = &self.response
        else {
            return Ok(None);
        };
        let has_body = body.is_some() || body_base64.is_some();
        let bytes = body_bytes(body.as_deref(), body_base64.as_deref(), "response")?;
        let head = ResponseHead {
            status: *status,
            headers: fields(headers),
            end_of_stream: !has_body,
        };
        Ok(Some((head, bytes)))
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn fields(headers: &[(String, String)]) -> Headers {
    Headers::new(
        headers
            .iter()
            .map(|(n, v)| (n.clone().into_bytes(), v.clone().into_bytes()))
            .collect(),
    )
}

fn body_bytes(text: Option<&str>, encoded: Option<&str>, part: &str) -> Result<Vec<u8>, String> {
    match (text, encoded) {
        (Some(_), Some(_)) => Err(format!(
            "{part}: `body` and `bodyBase64` exclude each other"
        )),
        (Some(text), None) => Ok(text.as_bytes().to_vec()),
        (None, Some(encoded)) => decode(encoded, &format!("{part}.bodyBase64")),
        (None, None) => Ok(Vec::new()),
    }
}

fn decode(encoded: &str, place: &str) -> Result<Vec<u8>, String> {
    base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .map_err(|error| format!("{place}: not base64: {error}"))
}
