//! Where a claim stands among nested ones.

use serde_json::{Map, Value};
use std::fmt;

/// The most steps of a path: deeper than any token may nest.
const MOST_STEPS: usize = 16;

/// The way to a claim: names with dots between them, or a JSON pointer where a name has dots itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimPath {
    text: String,
    first: String,
    rest: Vec<String>,
}

impl ClaimPath {
    /// Reads a path; `None` where it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut steps: Vec<String> = match text.strip_prefix('/') {
            Some(pointer) => pointer
                .split('/')
                .map(unescape)
                .collect::<Option<Vec<_>>>()?,
            None => text.split('.').map(str::to_owned).collect(),
        };
        if steps.len() > MOST_STEPS || steps.iter().any(String::is_empty) {
            return None;
        }
        let rest = steps.split_off(1);
        let first = steps.pop()?;
        Some(Self {
            text: text.to_owned(),
            first,
            rest,
        })
    }

    /// The claim, if the token has it.
    pub(crate) fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let first = claims.get(&self.first)?;
        self.rest
            .iter()
            .try_fold(first, |value, step| value.as_object()?.get(step))
    }
}

impl fmt::Display for ClaimPath {
    /// As it stands in findings and policies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "claims.{}", self.text)
    }
}

/// One step of a JSON pointer (RFC 6901); `None` where a `~` stands for nothing.
pub(super) fn unescape(step: &str) -> Option<String> {
    let mut out = String::with_capacity(step.len());
    let mut chars = step.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            c => c,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_nested_claims() {
        let claims =
            json!({ "a": { "b": { "c": 1 } }, "https://x.test/roles": ["r"], "l": [{ "c": 2 }] });
        let claims = claims.as_object().unwrap();
        let find = |path| ClaimPath::parse(path).and_then(|p| p.find(claims).cloned());
        assert_eq!(find("a.b.c"), Some(json!(1)));
        assert_eq!(find("/a/b/c"), Some(json!(1)));
        assert_eq!(find("/https:~1~1x.test~1roles"), Some(json!(["r"])));
        for nothing in ["a.b.d", "a.b.c.d", "https://x.test/roles", "l.c", "l.0.c"] {
            assert_eq!(find(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn refuses_what_is_no_path() {
        for text in ["", "a..b", ".a", "a.", "/", "/a//b", "/a~2", "/a~"] {
            assert_eq!(ClaimPath::parse(text), None, "{text}");
        }
        assert_eq!(
            ClaimPath::parse(&"a.".repeat(16).replace("a.", "a.a.")),
            None
        );
    }
}
