//! Responses: status, content type and body against what the operation declares.
//!
//! An operation that declares no responses constrains none.

use super::MOST_REFUSALS;
use super::body::Length;
use super::content::{Contents, Direction, Known};
use super::cut::Edits;
use super::encoded::Encoded;
use super::json::{self, Bounds};
use super::media::Kind;
use super::parameter::{Given, Parameter};
use super::readable::Held;
use super::response_filter::{Filter, FilterRules};
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
    by_status: BTreeMap<String, Declared>,
    filter: Filter,
}

/// What a response with one status has.
#[derive(Debug)]
struct Declared {
    headers: Vec<Parameter>,
    contents: Contents,
}

/// What came of a body.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// What breaks the contract.
    pub(crate) refusals: Vec<Refusal>,
    /// What is only reported, whatever the control's mode.
    pub(crate) reported: Vec<Refusal>,
    /// The body to send instead.
    pub(crate) replaced: Option<Vec<u8>>,
}

impl ResponseContract {
    pub(super) fn compile<'a>(
        operation: &'a Operation,
        rules: &FilterRules,
        schemas: &mut Schemas<'a>,
    ) -> Self {
        let responses = pointer(&operation.at, "responses");
        let by_status = operation
            .responses
            .iter()
            .map(|(status, config::Response { headers, content })| {
                let at = pointer(&pointer(&responses, status), "content");
                let declared = Declared {
                    headers: headers
                        .iter()
                        .filter_map(|header| Parameter::compile(header, schemas))
                        .collect(),
                    contents: Contents::compile(
                        content,
                        &at,
                        Direction::Response {
                            shaped: rules.is_needed(),
                        },
                        schemas,
                    ),
                };
                (status.to_ascii_uppercase(), declared)
            })
            .collect();
        Self {
            by_status,
            filter: Filter::compile(rules, schemas),
        }
    }

    /// What the head of the answer to a request with this method shows.
    pub(crate) fn check_head(&self, head: &ResponseHead, method: &[u8]) -> Vec<Refusal> {
        if self.by_status.is_empty() {
            return Vec::new();
        }
        let Some(Declared { headers, contents }) = self.declared(head.status) else {
            return vec![Reason::ResponseStatusUndeclared.into()];
        };
        let mut refusals: Vec<Refusal> = headers
            .iter()
            .filter_map(|header| check_field(header, head))
            .take(MOST_REFUSALS)
            .collect();
        if !has_body(head, method) {
            return refusals;
        }
        let known = contents.of(&head.headers);
        if contents.is_empty() || !matches!(known, Known::Declared(_)) {
            refusals.push(
                Refusal::at(Reason::ResponseContentType, "header.content-type")
                    .expected(contents.expected()),
            );
        } else if matches!(&known, Known::Declared(content) if content.kind == Kind::Json)
            && Encoded::hides(&head.headers)
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
            && !Encoded::hides(&head.headers)
            && self.declared(head.status).is_some_and(
                |declared| matches!(declared.contents.of(&head.headers), Known::Declared(content) if content.kind == Kind::Json),
            )
    }

    /// Whether a verdict on some response needs its body.
    pub(crate) fn may_need_body(&self) -> bool {
        self.by_status
            .values()
            .any(|declared| declared.contents.may_be_read())
    }

    /// The length of the body so far.
    pub(crate) fn check_size(&self, length: usize) -> Option<Refusal> {
        check_length(length as u64)
    }

    /// The whole body, for a caller with these scopes. Where this is `enforced`, what the caller may not see is taken out.
    ///
    /// Undeclared members go first, so that a schema that forbids them is not broken by them; hidden ones last, so that a schema that
    /// requires them is not broken by their absence.
    pub(crate) fn check_body(
        &self,
        head: &ResponseHead,
        method: &[u8],
        held: &mut Held<'_>,
        enforced: bool,
        scopes: &[String],
    ) -> Judged {
        let mut judged = Judged::default();
        let body = held.bytes;
        if !self.needs_body(head, method) {
            return judged;
        }
        if let Some(refusal) = self.check_size(body.len()) {
            judged.refusals.push(refusal);
            return judged;
        }
        let Some(Known::Declared(content)) = self
            .declared(head.status)
            .map(|declared| declared.contents.of(&head.headers))
        else {
            return judged;
        };
        let mut value = match json::parse(body, BOUNDS) {
            Ok(value) => value,
            Err(fault) => {
                let reason = Reason::ResponseMalformed;
                let refusal = fault
                    .at
                    .map_or_else(|| Refusal::new(reason), |at| Refusal::at(reason, at));
                judged.refusals.push(refusal.expected(fault.expected));
                return judged;
            }
        };
        let mut edits = Edits::default();
        if let Some(shape) = content.shape.filter(|_| self.filter.looks()) {
            let found = self
                .filter
                .undeclared(&mut value, shape, enforced, &mut edits);
            let Some(found) = found else {
                judged.refusals.push(Reason::ResponseMalformed.into());
                return judged;
            };
            let found = found.into_iter();
            judged.reported = found
                .map(|at| Refusal::at(Reason::ResponseFieldUndeclared, at))
                .collect();
        }
        let violations = content.violations(&mut value, MOST_REFUSALS).into_iter();
        judged.refusals.extend(violations.map(|violation| {
            Refusal::at(Reason::ResponseSchema, violation.at).expected(violation.expected)
        }));
        if let Some(shape) = content
            .shape
            .filter(|_| enforced && judged.refusals.is_empty())
        {
            let hidden = self.filter.hide(&mut value, shape, scopes, &mut edits);
            if hidden.is_none() {
                judged.refusals.push(Reason::ResponseMalformed.into());
            }
        }
        match edits.apply(body) {
            Some(text) => judged.replaced = Some(text),
            // As the upstream wrote it.
            None => held.value = Some(value),
        }
        judged
    }

    /// The exact status, then its class, then `default`.
    fn declared(&self, status: u16) -> Option<&Declared> {
        [
            status.to_string(),
            format!("{}XX", status / 100),
            "DEFAULT".to_owned(),
        ]
        .iter()
        .find_map(|key| self.by_status.get(key))
    }
}

/// Checks one field. Fields that may stand several times without being a list, as `set-cookie`, are checked one by one.
fn check_field(header: &Parameter, head: &ResponseHead) -> Option<Refusal> {
    let texts: Result<Vec<&str>, _> = head.headers.all(&header.name).map(str::from_utf8).collect();
    let refusal = match texts {
        Err(_) => Some(header.invalid().expected("expected UTF-8")),
        Ok(texts) if texts.len() > 1 && !header.is_list() => texts
            .iter()
            .find_map(|text| header.check(&Given::of(vec![text]))),
        Ok(texts) => header.check(&Given::of(texts)),
    };
    refusal.map(|refusal| Refusal {
        reason: Reason::ResponseHeader,
        ..refusal
    })
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
        && !matches!(head.status, 100..=199 | 204 | 304)
        && Length::of(&head.headers, head.end_of_stream) != Length::Known(0)
}

#[cfg(test)]
mod tests;
