//! Request bodies, responses and their media types.

use super::Describer;
use crate::read::{At, Object, Version, check_fields};
use crate::schema::Direction;
use meshward_engine::config::{
    MediaType, Parameter, ParameterLocation, RequestBody, Response, Style,
};
use serde_json::json;
use std::collections::BTreeMap;

impl<'a> Describer<'a> {
    pub(super) fn request_body(&mut self, at: At<'a>) -> Option<RequestBody> {
        let at = self.files.follow(at, &mut self.report)?;
        at.object(&mut self.report)?;
        check_fields(&at, Object::RequestBody, &mut self.report);
        let Some(content) = at.get("content") else {
            self.report.push(at.missing("content"));
            return None;
        };
        Some(RequestBody {
            required: at.flag("required", &mut self.report).unwrap_or(false),
            content: self.content(&content, Direction::Request),
        })
    }

    pub(super) fn responses(&mut self, operation: &At<'a>) -> BTreeMap<String, Response> {
        let mut found = BTreeMap::new();
        let Some(responses) = operation.get("responses") else {
            if operation.file.version == Version::V30 {
                self.report.push(operation.missing("responses"));
            }
            return found;
        };
        responses.object(&mut self.report);
        for (status, at) in responses.members() {
            if status.starts_with("x-") {
                continue;
            }
            if !is_status(status) {
                let problem = at.error("bad-status", format!("`{status}` is no status"));
                self.report.push(
                    problem
                        .hint("write a status such as `200`, a range such as `4XX`, or `default`"),
                );
                continue;
            }
            if let Some(response) = self.response(at) {
                found.insert(status.to_owned(), response);
            }
        }
        found
    }

    fn response(&mut self, at: At<'a>) -> Option<Response> {
        let at = self.files.follow(at, &mut self.report)?;
        at.object(&mut self.report)?;
        check_fields(&at, Object::Response, &mut self.report);
        self.ignored(&at, "links");
        let headers = at
            .get("headers")
            .map(|headers| self.headers(&headers, Direction::Response))
            .unwrap_or_default();
        let content = at.get("content");
        let content = content.map(|content| self.content(&content, Direction::Response));
        Some(Response {
            headers,
            content: content.unwrap_or_default(),
        })
    }

    /// The header fields of a response, or of a part of a request. `content-type` is not among them: OpenAPI says to ignore it here.
    pub(super) fn headers(&mut self, headers: &At<'a>, direction: Direction) -> Vec<Parameter> {
        headers.object(&mut self.report);
        let mut found = Vec::new();
        for (name, at) in headers.members() {
            let name = name.to_ascii_lowercase();
            let Some(at) = self.files.follow(at, &mut self.report) else {
                continue;
            };
            if name == "content-type" || at.object(&mut self.report).is_none() {
                continue;
            }
            check_fields(&at, Object::Header, &mut self.report);
            let (content, schema) = match at.get("content") {
                Some(content) => match self.parameter_content(&content, direction) {
                    Some((content, schema)) => (Some(content), schema),
                    None => continue,
                },
                None => {
                    let schema = at.get("schema");
                    let convert =
                        |schema: At<'a>| self.schemas.convert(&schema, direction, &mut self.report);
                    (None, schema.map(convert))
                }
            };
            found.push(Parameter {
                name,
                location: ParameterLocation::Header,
                required: at.flag("required", &mut self.report).unwrap_or(false),
                style: Style::Simple,
                explode: at.flag("explode", &mut self.report).unwrap_or(false),
                allow_empty: false,
                content,
                schema,
                at: Self::home(&at, &headers.pointer),
            });
        }
        found
    }

    pub(super) fn content(
        &mut self,
        at: &At<'a>,
        direction: Direction,
    ) -> BTreeMap<String, MediaType> {
        let mut found = BTreeMap::new();
        at.object(&mut self.report);
        for (written, media) in at.members() {
            let Some(name) = essence(written) else {
                let problem =
                    media.error("bad-media-type", format!("`{written}` is no media type"));
                self.report
                    .push(problem.hint("write one such as `application/json`, `image/*` or `*/*`"));
                continue;
            };
            let Some(media) = self.files.follow(media, &mut self.report) else {
                continue;
            };
            media.object(&mut self.report);
            check_fields(&media, Object::MediaType, &mut self.report);
            let mut convert = |field: &str| {
                let schema = media.get(field)?;
                Some(self.schemas.convert(&schema, direction, &mut self.report))
            };
            let (schema, items) = (convert("schema"), convert("itemSchema"));
            let (encoding, heads) = self.encoding(&media, &name, direction);
            let one = MediaType {
                schema,
                items,
                encoding,
                heads,
            };
            let Some(first) = found.insert(name.clone(), MediaType::default()) else {
                found.insert(name, one);
                continue;
            };
            let problem = media.warning(
                "duplicate-media-type",
                format!("`{name}` stands here twice, with different parameters: what fits one of them passes"),
            );
            self.report
                .push(problem.hint("parameters of a media type are not compared"));
            found.insert(name, either(first, one));
        }
        found
    }
}

/// What fits one of two media types.
fn either(first: MediaType, second: MediaType) -> MediaType {
    let schema = match (first.schema, second.schema) {
        (Some(first), Some(second)) if first == second => Some(first),
        (Some(first), Some(second)) => Some(json!({ "anyOf": [first, second] })),
        (None, _) | (_, None) => None,
    };
    MediaType {
        schema,
        ..MediaType::default()
    }
}

/// `default`, `4XX`, `404`.
fn is_status(text: &str) -> bool {
    let mut bytes = text.bytes();
    let class = matches!(bytes.next(), Some(b'1'..=b'5'));
    let rest: Vec<u8> = bytes.collect();
    text == "default"
        || (class && (rest == b"XX" || (rest.len() == 2 && rest.iter().all(u8::is_ascii_digit))))
}

/// The type and subtype, in lower case, without parameters.
pub(super) fn essence(text: &str) -> Option<String> {
    let essence = text.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    // A token of RFC 9110, section 5.6.2; `*` is one of its characters.
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let fits = token(kind) && token(subtype) && (kind != "*" || subtype == "*");
    fits.then_some(essence)
}
