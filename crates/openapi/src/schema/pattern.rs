//! `pattern`: what cannot run in linear time is refused, or left out where the policy says so.
//!
//! The engine refuses such patterns anyway, wherever they come from. Here they have a place in the file, and may be told apart from
//! patterns that are merely wrong.

use super::convert::Converter;
use super::leaf::Leaf;
use crate::read::At;
use meshward_engine::config::UnsupportedPatterns;
use serde_json::Value;

impl<'a> Converter<'_, 'a> {
    pub(super) fn pattern(&mut self, at: &At<'a>) -> Option<Value> {
        let value = Leaf::Pattern.check("pattern", at, self.report)?;
        let Some(what) = value.as_str().and_then(beyond_linear) else {
            return Some(value);
        };
        let problem = match self.shared.options.patterns {
            UnsupportedPatterns::Refuse => at
                .error("pattern-not-linear", format!("the pattern has {what}: no linear time is enough for it"))
                .hint("write it without look-around and back-references, or leave such patterns out with `unsupportedPatterns: ignore` beside `openapi`"),
            UnsupportedPatterns::Ignore => {
                at.warning("pattern-ignored", format!("the pattern has {what}, and is left out: texts are not held to it"))
            }
        };
        self.report.push(problem);
        None
    }
}

/// What in a pattern (ECMA-262) cannot run in linear time.
fn beyond_linear(pattern: &str) -> Option<&'static str> {
    let mut rest = pattern;
    let mut in_class = false;
    loop {
        let mut characters = rest.chars();
        let first = characters.next()?;
        let after = characters.as_str();
        rest = after;
        match first {
            '\\' => {
                let mut escaped = after.chars();
                let next = escaped.next();
                if !in_class && matches!(next, Some('1'..='9' | 'k')) {
                    return Some("a back-reference");
                }
                rest = escaped.as_str();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let looks = ["?=", "?!", "?<=", "?<!"];
                if looks.iter().any(|look| after.starts_with(look)) {
                    return Some("look-around");
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::beyond_linear;

    #[test]
    fn look_around_and_back_references_are_found() {
        for pattern in ["^(?!a)", "(?=a)", "(?<=a)b", "(?<!a)b", "(a(?!b))"] {
            assert_eq!(beyond_linear(pattern), Some("look-around"), "{pattern}");
        }
        for pattern in [r"(a)\1", r"(?<n>a)\k<n>"] {
            assert_eq!(
                beyond_linear(pattern),
                Some("a back-reference"),
                "{pattern}"
            );
        }
        for pattern in [
            "",
            "^[a-z]+$",
            "(?:a|b)",
            "(?<name>a)",
            r"\(?=a\)",
            "[(?=]",
            r"[\1]",
            r"\\1",
            r"\d",
        ] {
            assert_eq!(beyond_linear(pattern), None, "{pattern}");
        }
    }
}
