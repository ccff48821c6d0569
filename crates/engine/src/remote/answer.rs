//! What is believed of an answer: status 200, JSON by its content type, and no longer than it may be.

use super::CallAnswer;
use crate::http::Headers;
use std::fmt;

/// Why an answer is none. The words hold nothing of the answer itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There was none, or not in time.
    Silent,
    /// It was too long.
    TooLong,
    /// It had another status.
    Status(u16),
    /// It was of another content type.
    ContentType,
    /// It was not what it should be.
    Malformed(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("no answer in time"),
            Self::TooLong => f.write_str("the answer is longer than 64 KiB"),
            Self::Status(status) => write!(f, "the answer has the status {status}"),
            Self::ContentType => f.write_str("the answer is not JSON by its content type"),
            Self::Malformed(what) => f.write_str(what),
        }
    }
}

/// The body of an answer that says it is JSON.
pub(crate) fn json(answer: &CallAnswer) -> Result<(&Headers, &[u8]), Fault> {
    match answer {
        CallAnswer::Failed | CallAnswer::Status(_) => Err(Fault::Silent),
        CallAnswer::TooLong => Err(Fault::TooLong),
        CallAnswer::Message(_) => Err(Fault::ContentType),
        CallAnswer::Response {
            status,
            headers,
            body,
        } => {
            if *status != 200 {
                return Err(Fault::Status(*status));
            }
            if !is_json(headers) {
                return Err(Fault::ContentType);
            }
            Ok((headers, body))
        }
    }
}

/// `application/json`, or a type with the suffix `+json`, once.
fn is_json(headers: &Headers) -> bool {
    let mut types = headers.all("content-type");
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let essence = only.split(|b| *b == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    essence == b"application/json"
        || (essence.starts_with(b"application/") && essence.ends_with(b"+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, types: &[&str]) -> CallAnswer {
        let fields = types
            .iter()
            .map(|t| (b"content-type".to_vec(), t.as_bytes().to_vec()));
        CallAnswer::Response {
            status,
            headers: Headers::new(fields.collect()),
            body: b"{}".to_vec(),
        }
    }

    #[test]
    fn json_is_believed_by_its_status_and_type() {
        for types in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/jwk-set+json",
        ] {
            assert!(json(&answer(200, &[types])).is_ok(), "{types}");
        }
    }

    #[test]
    fn anything_else_is_no_answer() {
        assert_eq!(json(&CallAnswer::Failed), Err(Fault::Silent));
        assert_eq!(json(&CallAnswer::TooLong), Err(Fault::TooLong));
        let redirect = answer(302, &["application/json"]);
        assert_eq!(json(&redirect), Err(Fault::Status(302)));
        for types in [
            &[][..],
            &["text/html"],
            &["application/json", "application/json"],
            &["application/token-introspection+jwt"],
        ] {
            assert_eq!(json(&answer(200, types)), Err(Fault::ContentType));
        }
    }
}
