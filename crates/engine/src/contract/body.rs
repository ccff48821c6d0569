//! Request bodies: what the head must say about them, their size, and their content.

use super::content::{Contents, Known};
use super::encoded::{self, Encoded};
use super::fields::Limits;
use super::json::{self, Bounds, Fault};
use super::media::Kind;
use super::readable::Held;
use crate::config::{BodyRules, Decode};
use crate::http::{Headers, RequestHead};
use crate::verdict::{Reason, Refusal};
use std::borrow::Cow;

/// The largest body where the policy names none: also Envoy's default.
const MAX_SIZE: u64 = 1 << 20;

/// What is asked of a request's body.
#[derive(Debug)]
pub(super) struct Body {
    max_size: u64,
    bounds: Bounds,
    limits: Limits,
    decode: Decode,
    accepts: Accepts,
}

/// What bodies are taken.
#[derive(Debug)]
enum Accepts {
    /// Any: the endpoint has no description.
    Any,
    /// None.
    Nothing,
    /// Declared ones.
    Declared { required: bool, contents: Contents },
}

/// What a head says of its body.
#[derive(Debug)]
pub(super) struct Announced<'a> {
    length: Length,
    /// What it holds and how it is encoded, where contents are declared and a body may follow.
    content: Option<(Known<'a>, Encoded)>,
}

impl Announced<'_> {
    /// Whether the body must be held back until it is judged.
    pub(super) fn is_needed(&self) -> bool {
        match (self.length, &self.content) {
            (Length::Known(0), _) => false,
            (Length::Unknown, _) => true,
            (Length::Known(_), Some((Known::Declared(content), encoded))) => {
                content.kind != Kind::Opaque || *encoded == Encoded::Gzip
            }
            (Length::Known(_), _) => false,
        }
    }
}

/// How much body follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Known(u64),
    Unknown,
}

impl Length {
    /// What a head says. Several or unreadable lengths are unknown: they are counted when they arrive.
    pub(super) fn of(headers: &Headers, end_of_stream: bool) -> Self {
        if end_of_stream {
            return Self::Known(0);
        }
        let mut fields = headers.all("content-length");
        match (fields.next().and_then(digits), fields.next()) {
            (Some(length), None) => Self::Known(length),
            _ => Self::Unknown,
        }
    }
}

fn digits(value: &[u8]) -> Option<u64> {
    let all = value.iter().all(u8::is_ascii_digit);
    str::from_utf8(value).ok().filter(|_| all)?.parse().ok()
}

impl Body {
    /// For an endpoint without a description: only bounds.
    pub(super) fn any(rules: BodyRules) -> Self {
        Self::new(rules, Accepts::Any)
    }

    /// For an endpoint that takes no body.
    pub(super) fn nothing(rules: BodyRules) -> Self {
        Self::new(rules, Accepts::Nothing)
    }

    /// For an endpoint that declares its bodies.
    pub(super) fn declared(rules: BodyRules, required: bool, contents: Contents) -> Self {
        Self::new(rules, Accepts::Declared { required, contents })
    }

    fn new(rules: BodyRules, accepts: Accepts) -> Self {
        let BodyRules {
            max_size,
            max_depth,
            max_values,
            max_parts,
            max_part_size,
            decode,
        } = rules;
        let default = Bounds::default();
        let limits = Limits::default();
        Self {
            max_size: max_size.map_or(MAX_SIZE, |size| size.0),
            bounds: Bounds {
                depth: max_depth.unwrap_or(default.depth),
                values: max_values.unwrap_or(default.values),
            },
            limits: Limits {
                parts: max_parts.unwrap_or(limits.parts),
                size: max_part_size.map_or(limits.size, |size| size.0),
            },
            decode: decode.unwrap_or_default(),
            accepts,
        }
    }

    /// What a head says of its body.
    pub(super) fn announced<'a>(&'a self, head: &'a RequestHead) -> Announced<'a> {
        let length = Length::of(&head.headers, head.end_of_stream);
        let content = match &self.accepts {
            Accepts::Declared { contents, .. } if length != Length::Known(0) => {
                Some((contents.of(&head.headers), self.encoded(head)))
            }
            Accepts::Any | Accepts::Nothing | Accepts::Declared { .. } => None,
        };
        Announced { length, content }
    }

    /// What the head alone shows. A body of unknown length is taken to follow, so that its content type must be there.
    pub(super) fn check_head(&self, announced: &Announced<'_>) -> Vec<Refusal> {
        let Announced { length, content } = announced;
        match (&self.accepts, *length) {
            (Accepts::Declared { required: true, .. }, Length::Known(0)) => {
                vec![Reason::BodyMissing.into()]
            }
            (_, Length::Known(0)) | (Accepts::Nothing, Length::Unknown) => Vec::new(),
            (Accepts::Nothing, Length::Known(_)) => vec![Reason::BodyUnexpected.into()],
            (Accepts::Any, length) => self.check_length(length).into_iter().collect(),
            (Accepts::Declared { contents, .. }, length) => {
                let mut refusals: Vec<Refusal> = self.check_length(length).into_iter().collect();
                let Some((known, encoded)) = content else {
                    return refusals;
                };
                if let Encoded::Otherwise(expected) = encoded {
                    let at = "header.content-encoding";
                    refusals.push(
                        Refusal::at(Reason::ContentEncodingUnsupported, at).expected(*expected),
                    );
                }
                match known {
                    Known::Missing => refusals.push(Reason::ContentTypeMissing.into()),
                    Known::Undeclared => refusals.push(
                        Refusal::at(Reason::ContentTypeUnsupported, "header.content-type")
                            .expected(contents.expected()),
                    ),
                    Known::Declared(content) if content.lacks_boundary() => refusals.push(
                        Refusal::at(Reason::ContentTypeUnsupported, "header.content-type")
                            .expected("expected a `boundary`"),
                    ),
                    Known::Declared(_) => {}
                }
                refusals
            }
        }
    }

    /// How a body is encoded, in the light of what is decoded.
    fn encoded(&self, head: &RequestHead) -> Encoded {
        match (Encoded::of(&head.headers), self.decode) {
            (Encoded::Gzip, Decode::None) => Encoded::Otherwise("expected no `Content-Encoding`"),
            (encoded, _) => encoded,
        }
    }

    /// What a body says, decoded where it is encoded; `None` where it cannot be.
    pub(super) fn open<'b>(
        &self,
        head: &RequestHead,
        body: &'b [u8],
    ) -> Result<Option<Cow<'b, [u8]>>, Refusal> {
        match self.encoded(head) {
            Encoded::Not => Ok(Some(Cow::Borrowed(body))),
            Encoded::Gzip => {
                encoded::gunzip(body, self.max_size).map(|decoded| Some(Cow::Owned(decoded)))
            }
            Encoded::Otherwise(_) => Ok(None),
        }
    }

    /// Whether a request with a length that its head tells may have to be held back.
    pub(super) fn may_be_needed(&self) -> bool {
        match &self.accepts {
            Accepts::Any | Accepts::Nothing => false,
            Accepts::Declared { contents, .. } => {
                self.decode == Decode::Gzip || contents.may_be_read()
            }
        }
    }

    /// How much JSON a body may hold.
    pub(super) const fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The length of the body so far.
    pub(super) fn check_size(&self, length: usize) -> Option<Refusal> {
        if length > 0 && matches!(self.accepts, Accepts::Nothing) {
            return Some(Reason::BodyUnexpected.into());
        }
        self.check_length(Length::Known(length as u64))
    }

    fn check_length(&self, length: Length) -> Option<Refusal> {
        match length {
            Length::Known(length) if length > self.max_size => Some(
                Refusal::new(Reason::BodyTooLarge)
                    .expected(format!("expected at most {} bytes", self.max_size)),
            ),
            Length::Known(_) | Length::Unknown => None,
        }
    }

    /// The whole body.
    pub(super) fn check(
        &self,
        head: &RequestHead,
        held: &mut Held<'_>,
        most: usize,
    ) -> Vec<Refusal> {
        let body = held.bytes;
        if let Some(refusal) = self.check_size(body.len()) {
            return vec![refusal];
        }
        let Accepts::Declared { required, contents } = &self.accepts else {
            return Vec::new();
        };
        if body.is_empty() {
            let missing = required.then(|| Refusal::new(Reason::BodyMissing));
            return missing.into_iter().collect();
        }
        // In `monitor` mode a body arrives here although its head was refused: that has been found already.
        let Known::Declared(content) = contents.of(&head.headers) else {
            return Vec::new();
        };
        let body = match self.open(head, body) {
            Ok(Some(body)) => body,
            Ok(None) => return Vec::new(),
            Err(refusal) => return vec![refusal],
        };
        let judged = match (content.kind, body) {
            (Kind::Json, Cow::Borrowed(body)) => json::parse(body, self.bounds).map(|value| {
                let value = held.value.insert(value);
                content.violations(value, most)
            }),
            (_, body) => content.judge(&body, self.bounds, self.limits, most),
        };
        match judged {
            Ok(violations) => violations
                .into_iter()
                .map(|violation| {
                    Refusal::at(Reason::BodySchema, violation.at).expected(violation.expected)
                })
                .collect(),
            Err(fault) => vec![refusal(fault)],
        }
    }
}

/// What a fault says of a request.
pub(super) fn refusal(fault: Fault) -> Refusal {
    let reason = fault.kind.in_request();
    let refusal = match fault.at {
        Some(at) => Refusal::at(reason, at),
        None => Refusal::new(reason),
    };
    refusal.expected(fault.expected)
}
