//! Responses: status, content type and body against what the operation declares.
//!
//! An operation that declares no responses constrains none.

use super::MOST_REFUSALS;
use super::body::{Length, is_encoded};
use super::content::{Contents, Known};
use super::json::{self, Bounds};
use super::schema::Schemas;
use crate::config::{self, Operation};
use crate::http::ResponseHead;
use crate::problem::pointer;
use crate::verdict::{Reason, Refusal};
use std::collections::BTreeMap;

/// The largest response that is judged.
const MAX_SIZE: u64 = 1 << 20;
/// Responses come from the service itself: only what the stack and the memory of the proxy need is bounded.
pub(super) const BOUNDS: Bounds = Bounds {
    depth: 100,
    values: 500_000,
};

/// What an operation may answer.
#[derive(Debug, Default)]
pub(crate) struct ResponseContract {
    by_status: BTreeMap<String, Contents>,
}

impl ResponseContract {
    pub(super) fn compile<'a>(operation: &'a Operation, schemas: &mut Schemas<'a>) -> Self {
        let responses = pointer(&operation.at, "responses");
        let by_status = operation
            .responses
            .iter()
            .map(|(status, config::Response { content })| {
                let at = pointer(&pointer(&responses, status), "content");
                (
                    status.to_ascii_uppercase(),
                    Contents::compile(content, &at, schemas),
                )
            })
            .collect();
        Self { by_status }
    }

    /// What the head of the answer to a request with this method shows.
    pub(crate) fn check_head(&self, head: &ResponseHead, method: &[u8]) -> Vec<Refusal> {
        if self.by_status.is_empty() {
            return Vec::new();
        }
        let Some(contents) = self.contents(head.status) else {
            return vec![Reason::ResponseStatusUndeclared.into()];
        };
        let mut refusals = Vec::new();
        if !has_body(head, method) {
            return refusals;
        }
        let known = contents.of(&head.headers);
        if contents.is_empty() || !matches!(known, Known::Declared(_)) {
            refusals.push(
                Refusal::at(Reason::ResponseContentType, "header.content-type")
                    .expected(contents.expected()),
            );
        } else if matches!(&known, Known::Declared(content) if content.is_json)
            && is_encoded(&head.headers)
        {
            refusals.push(
                Refusal::at(Reason::ResponseMalformed, "header.content-encoding").expected(
                    "expected a body without `Content-Encoding`: an encoded one cannot be checked",
                ),
            );
        }
        if let Length::Known(length) = Length::of(&head.headers, head.end_of_stream) {
            refusals.extend(check_length(length));
        }
        refusals
    }

    /// Whether the body must be held back until it is judged.
    pub(crate) fn needs_body(&self, head: &ResponseHead, method: &[u8]) -> bool {
        has_body(head, method)
            && !is_encoded(&head.headers)
            && self.contents(head.status).is_some_and(
                |contents| matches!(contents.of(&head.headers), Known::Declared(content) if content.is_json),
            )
    }

    /// Whether a verdict on some response needs its body.
    pub(crate) fn may_need_body(&self) -> bool {
        self.by_status.values().any(Contents::holds_json)
    }

    /// The length of the body so far.
    pub(crate) fn check_size(&self, length: usize) -> Option<Refusal> {
        check_length(length as u64)
    }

    /// The whole body.
    pub(crate) fn check_body(
        &self,
        head: &ResponseHead,
        method: &[u8],
        body: &[u8],
    ) -> Vec<Refusal> {
        if !self.needs_body(head, method) {
            return Vec::new();
        }
        if let Some(refusal) = self.check_size(body.len()) {
            return vec![refusal];
        }
        let Some(Known::Declared(content)) = self
            .contents(head.status)
            .map(|contents| contents.of(&head.headers))
        else {
            return Vec::new();
        };
        match json::read(body, BOUNDS) {
            Ok(value) => content
                .violations(value, body.len(), MOST_REFUSALS)
                .into_iter()
                .map(|violation| {
                    Refusal::at(Reason::ResponseSchema, violation.at).expected(violation.expected)
                })
                .collect(),
            Err(fault) => {
                let reason = Reason::ResponseMalformed;
                let refusal = fault
                    .at
                    .map_or_else(|| Refusal::new(reason), |at| Refusal::at(reason, at));
                vec![refusal.expected(fault.expected)]
            }
        }
    }

    /// The exact status, then its class, then `default`.
    fn contents(&self, status: u16) -> Option<&Contents> {
        [
            status.to_string(),
            format!("{}XX", status / 100),
            "DEFAULT".to_owned(),
        ]
        .iter()
        .find_map(|key| self.by_status.get(key))
    }
}

pub(super) fn check_length(length: u64) -> Option<Refusal> {
    (length > MAX_SIZE).then(|| {
        Refusal::new(Reason::ResponseTooLarge)
            .expected(format!("expected at most {MAX_SIZE} bytes"))
    })
}

/// Whether a body follows (RFC 9110, section 6.4.1).
pub(crate) fn has_body(head: &ResponseHead, method: &[u8]) -> bool {
    method != b"HEAD"
        && !matches!(head.status, 204 | 304)
        && Length::of(&head.headers, head.end_of_stream) != Length::Known(0)
}

#[cfg(test)]
mod tests;
