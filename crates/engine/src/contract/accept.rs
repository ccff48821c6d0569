//! `Accept` (RFC 9110, section 12.5.1) against the content types that an operation declares for its answers.
//!
//! A service that is asked for a form that its description does not know may answer in it, past everything that looks at responses.

use super::media;
use crate::config::{Operation, Unknown};
use crate::http::Headers;
use crate::verdict::{Reason, Refusal};

/// What an operation may answer with.
#[derive(Debug)]
pub(super) struct Acceptable {
    /// What happens to requests that accept nothing of it.
    pub(super) unknown: Unknown,
    essences: Vec<String>,
}

impl Default for Acceptable {
    fn default() -> Self {
        Self {
            unknown: Unknown::Allow,
            essences: Vec::new(),
        }
    }
}

impl Acceptable {
    /// The content types of all responses but those that are errors alone.
    pub(super) fn compile(operation: &Operation, unknown: Unknown) -> Self {
        let mut essences: Vec<String> = Vec::new();
        if unknown != Unknown::Allow {
            let of_errors = |status: &str| status.starts_with(['4', '5']);
            let declared = operation.responses.iter();
            for (_, response) in declared.filter(|(status, _)| !of_errors(status)) {
                essences.extend(response.content.keys().map(|name| media::essence(name)));
            }
            essences.sort_unstable();
            essences.dedup();
        }
        Self { unknown, essences }
    }

    /// An operation that declares no content answers in whatever form it likes.
    pub(super) fn check(&self, headers: &Headers) -> Option<Refusal> {
        if self.essences.is_empty() {
            return None;
        }
        let mut fields = headers.all("accept").peekable();
        fields.peek()?;
        let mut ranges = fields.flat_map(|field| field.split(|byte| *byte == b','));
        let accepts = ranges.any(|range| self.takes(range));
        (!accepts).then(|| {
            let names: Vec<&str> = self.essences.iter().take(10).map(String::as_str).collect();
            Refusal::at(Reason::NotAcceptable, "header.accept")
                .expected(format!("expected `{}`", names.join("`, `")))
        })
    }

    /// Whether one range of a field takes a declared type. A weight of zero takes nothing; other parameters are not compared.
    fn takes(&self, range: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(range) else {
            return false;
        };
        let range = media::essence(text);
        let mut parameters = text.split(';').skip(1).map(str::trim);
        let never = parameters.any(|parameter| {
            let weight = parameter
                .strip_prefix("q=")
                .or(parameter.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.parse() == Ok(0.0_f32))
        });
        !never
            && self
                .essences
                .iter()
                .any(|declared| overlap(declared, &range))
    }
}

/// Whether two media types, of which either may be `type/*` or `*/*`, have one in common.
fn overlap(one: &str, other: &str) -> bool {
    let (Some(one), Some(other)) = (one.split_once('/'), other.split_once('/')) else {
        return false;
    };
    let same = |a: &str, b: &str| a == "*" || b == "*" || a == b;
    same(one.0, other.0) && same(one.1, other.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_weights() {
        let acceptable = Acceptable {
            unknown: Unknown::Deny,
            essences: vec!["application/json".to_owned(), "image/*".to_owned()],
        };
        let check = |accept: &str| {
            let fields = vec![(b"accept".to_vec(), accept.as_bytes().to_vec())];
            acceptable.check(&Headers::new(fields)).is_none()
        };
        for accept in [
            "*/*",
            "application/json",
            "Application/JSON; charset=utf-8",
            "text/html, application/*;q=0.1",
            "image/png",
        ] {
            assert!(check(accept), "{accept}");
        }
        for accept in [
            "",
            "text/html",
            "application/json;q=0",
            "json",
            "*/*; q=0.000",
        ] {
            assert!(!check(accept), "{accept}");
        }
        assert!(acceptable.check(&Headers::default()).is_none());
    }
}
