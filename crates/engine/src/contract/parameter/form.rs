//! How a list or an object is written in a parameter: OpenAPI 3, "Style Values".
//!
//! Texts are divided after they were decoded, as servers do. What is divided wrongly is no list and no object.

use crate::config::Style;

/// How several values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::contract) enum List {
    /// They cannot be.
    Never,
    /// In one text, with this between them.
    Divided(char),
    /// Each in a text of its own.
    Repeated,
    /// In one text, each as `;name=value`.
    Named,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::contract) enum Object {
    /// It cannot be.
    Never,
    /// In one text: names and values in turn, with this between them.
    Turns(char),
    /// In one text: `name=value`, with this between them.
    Assigned(char),
    /// Each member as a parameter of its own.
    Members,
    /// Each member as a parameter `parameter[member]`.
    Brackets,
}

impl List {
    pub(in crate::contract) const fn of(style: Style, explode: bool) -> Self {
        match (style, explode) {
            (Style::Form | Style::SpaceDelimited | Style::PipeDelimited, true) => Self::Repeated,
            (Style::Form | Style::Simple, _) | (Style::Label | Style::Matrix, false) => {
                Self::Divided(',')
            }
            (Style::SpaceDelimited, false) => Self::Divided(' '),
            (Style::PipeDelimited, false) => Self::Divided('|'),
            (Style::Label, true) => Self::Divided('.'),
            (Style::Matrix, true) => Self::Named,
            (Style::DeepObject, _) => Self::Never,
        }
    }
}

impl Object {
    pub(in crate::contract) const fn of(style: Style, explode: bool) -> Self {
        match (style, explode) {
            (Style::Form, true) => Self::Members,
            (Style::Form | Style::Simple | Style::Label | Style::Matrix, false) => Self::Turns(','),
            (Style::SpaceDelimited, false) => Self::Turns(' '),
            (Style::PipeDelimited, false) => Self::Turns('|'),
            (Style::Simple, true) => Self::Assigned(','),
            (Style::Label, true) => Self::Assigned('.'),
            (Style::Matrix, true) => Self::Assigned(';'),
            (Style::DeepObject, _) => Self::Brackets,
            (Style::SpaceDelimited | Style::PipeDelimited, true) => Self::Never,
        }
    }

    /// The members that a text holds; `None` when it is no object.
    pub(in crate::contract) fn pairs(self, text: &str) -> Option<Vec<(&str, &str)>> {
        match self {
            Self::Turns(between) => {
                let mut parts = text.split(between);
                let mut pairs = Vec::new();
                while let Some(name) = parts.next() {
                    pairs.push((name, parts.next()?));
                }
                Some(pairs)
            }
            Self::Assigned(between) => text
                .split(between)
                .map(|part| part.split_once('='))
                .collect(),
            Self::Never | Self::Members | Self::Brackets => None,
        }
    }
}

/// The text without what a style puts before every value; `None` when that is missing. `explode` matters for matrix alone: there the
/// names of list items and members stay.
pub(super) fn bare<'t>(
    style: Style,
    explode: bool,
    several: bool,
    name: &str,
    text: &'t str,
) -> Option<&'t str> {
    match style {
        Style::Label => text.strip_prefix('.'),
        Style::Matrix if explode && several => text.strip_prefix(';'),
        Style::Matrix => text
            .strip_prefix(';')?
            .strip_prefix(name)?
            .strip_prefix('='),
        Style::Simple
        | Style::Form
        | Style::SpaceDelimited
        | Style::PipeDelimited
        | Style::DeepObject => Some(text),
    }
}

/// The member that `parameter[member]` names.
pub(super) fn member<'n>(parameter: &str, name: &'n str) -> Option<&'n str> {
    name.strip_prefix(parameter)?
        .strip_prefix('[')?
        .strip_suffix(']')
        .filter(|member| !member.contains(['[', ']']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_divided() {
        assert_eq!(
            Object::Turns(',').pairs("R,1,G,2"),
            Some(vec![("R", "1"), ("G", "2")])
        );
        assert_eq!(Object::Turns(',').pairs("R,1,G"), None);
        assert_eq!(
            Object::Assigned('.').pairs("R=1.G=2"),
            Some(vec![("R", "1"), ("G", "2")])
        );
        assert_eq!(Object::Assigned('.').pairs("R=1.G"), None);
    }

    #[test]
    fn prefixes_are_asked_for() {
        assert_eq!(bare(Style::Label, false, false, "a", ".5"), Some("5"));
        assert_eq!(bare(Style::Label, false, false, "a", "5"), None);
        assert_eq!(bare(Style::Matrix, false, true, "a", ";a=1,2"), Some("1,2"));
        assert_eq!(
            bare(Style::Matrix, true, true, "a", ";a=1;a=2"),
            Some("a=1;a=2")
        );
        assert_eq!(bare(Style::Matrix, false, false, "a", ";b=1"), None);
    }

    #[test]
    fn brackets_name_one_member() {
        assert_eq!(member("f", "f[a]"), Some("a"));
        for other in ["f", "f[a", "g[a]", "f[a][b]", "fa]"] {
            assert_eq!(member("f", other), None, "{other}");
        }
    }
}
