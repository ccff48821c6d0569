//! A binding of the policy to its checked form.

use super::place::Places;
use super::{Binding, Operand, Relation, Source};
use crate::authorize::claim::ClaimPath;
use crate::config::{self, Comparison};
use crate::http::is_token;
use crate::problem::{Problem, pointer};
use crate::verdict::Reason;

const OPERANDS: &str =
    "`claims.PATH`, `identity.subject`, `identity.provider`, `source.principal` or `header.NAME`";

/// Which message a binding is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

impl Binding {
    /// Compiles the binding at a JSON pointer; `None` where a problem was found.
    pub(in crate::authorize) fn compile(
        config: &config::Binding,
        side: Side,
        at: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let config::Binding {
            value,
            equals,
            is_in,
            one_of,
            prefix_of,
            starts_with,
            separator,
            as_type,
        } = config;
        let before = problems.len();
        let comparison = as_type.unwrap_or(Comparison::String);
        let source = Source::parse(value)
            .filter(|source| side == Side::Request || matches!(source, Source::Body(_)));
        if source.is_none() {
            let expected = match side {
                Side::Request => {
                    "use `path.NAME`, `query.NAME`, `header.NAME`, or `body.` and a JSON pointer such as `body./owner`"
                }
                Side::Response => {
                    "use `body.` and a JSON pointer such as `body./owner` or `body./items/*/owner`"
                }
            };
            problems.push(
                Problem::error(
                    "bind-value",
                    pointer(at, "value"),
                    format!("`{value}` is nothing that can name an object here"),
                )
                .hint(expected),
            );
        }
        let separator = separator_of(
            separator.as_deref(),
            prefix_of.is_some() || starts_with.is_some(),
            at,
            problems,
        );
        let mut operand = |field: &str, text: &Option<String>| {
            let text = text.as_ref()?;
            let operand = Operand::parse(text);
            match &operand {
                None => problems.push(
                    Problem::error("bind-with", pointer(at, field), format!("`{text}` is nothing that is known of a caller"))
                        .hint(format!("use {OPERANDS}")),
                ),
                Some(Operand::Header(name)) => problems.push(
                    Problem::warning("bind-header", pointer(at, field), format!("a client can send the header `{name}` itself"))
                        .hint("bind to a claim, or make sure that a proxy in front sets or removes the header on every request"),
                ),
                Some(Operand::Claim(_) | Operand::Subject | Operand::Provider | Operand::Principal) => {}
            }
            operand
        };
        let relations: Vec<Relation> = [
            operand("equals", equals).map(Relation::Equals),
            operand("in", is_in).map(Relation::In),
            operand("prefixOf", prefix_of).map(|o| Relation::PrefixOf(o, separator)),
            operand("startsWith", starts_with).map(|o| Relation::StartsWith(o, separator)),
            (!one_of.is_empty()).then(|| Relation::OneOf(one_of.clone())),
        ]
        .into_iter()
        .flatten()
        .collect();
        let named = [equals, is_in, prefix_of, starts_with]
            .into_iter()
            .filter(|o| o.is_some())
            .count()
            + usize::from(!one_of.is_empty());
        if named != 1 {
            problems.push(Problem::error(
                "bind-form",
                at,
                "a binding needs exactly one of `equals`, `in`, `oneOf`, `prefixOf` and `startsWith`",
            ));
        }
        let prefix = prefix_of.is_some() || starts_with.is_some();
        if prefix && matches!(comparison, Comparison::Integer | Comparison::Uuid) {
            problems.push(
                Problem::error(
                    "bind-type",
                    pointer(at, "as"),
                    "numbers and UUIDs have no prefixes",
                )
                .hint("use `string` or `caseInsensitive`"),
            );
        }
        let wrong = problems
            .iter()
            .skip(before)
            .any(|p| p.severity == crate::problem::Severity::Error);
        if wrong {
            return None;
        }
        Some(Self {
            value: value.clone(),
            reason: match side {
                Side::Request => Reason::ObjectBinding,
                Side::Response => Reason::ResponseObjectBinding,
            },
            source: source?,
            relation: relations.into_iter().next()?,
            comparison,
        })
    }

    /// The parameter of the path that it needs.
    pub(in crate::authorize) fn path_parameter(&self) -> Option<&str> {
        match &self.source {
            Source::Path(name) => Some(name),
            Source::Query(_) | Source::Header(_) | Source::Body(_) => None,
        }
    }

    /// The query parameter that it needs.
    pub(in crate::authorize) fn query_parameter(&self) -> Option<&str> {
        match &self.source {
            Source::Query(name) => Some(name),
            Source::Path(_) | Source::Header(_) | Source::Body(_) => None,
        }
    }
}

fn separator_of(text: Option<&str>, used: bool, at: &str, problems: &mut Vec<Problem>) -> char {
    let Some(text) = text else { return '/' };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(separator), None) if used => separator,
        (Some(_), None) => {
            problems.push(Problem::error(
                "bind-separator",
                pointer(at, "separator"),
                "only `prefixOf` and `startsWith` have a separator",
            ));
            '/'
        }
        _ => {
            problems.push(Problem::error(
                "bind-separator",
                pointer(at, "separator"),
                format!("`{text}` is not one character"),
            ));
            '/'
        }
    }
}

impl Source {
    fn parse(text: &str) -> Option<Self> {
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        match text.split_once('.')? {
            ("path", name) => named(name).map(Self::Path),
            ("query", name) => named(name).map(Self::Query),
            ("header", name) => header(name).map(Self::Header),
            ("body", places) => Places::parse(places).map(Self::Body),
            _ => None,
        }
    }
}

impl Operand {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "identity.subject" => Some(Self::Subject),
            "identity.provider" => Some(Self::Provider),
            "source.principal" => Some(Self::Principal),
            _ => match text.split_once('.')? {
                ("claims", path) => ClaimPath::parse(path).map(Self::Claim),
                ("header", name) => header(name).map(Self::Header),
                _ => None,
            },
        }
    }
}

fn header(name: &str) -> Option<String> {
    is_token(name.as_bytes()).then(|| name.to_ascii_lowercase())
}
