//! The rules for names that leave this module: they go into logs and upstream headers, so none can break a line.

use std::collections::BTreeSet;

/// The longest subject, in bytes.
pub(super) const MAX_SUBJECT: usize = 256;

/// Whether a text can name a caller.
pub(super) fn is_subject(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_SUBJECT && !text.chars().any(char::is_control)
}

/// Whether a text is one scope. White space would make two of it where scopes are joined by spaces.
pub(super) fn is_scope(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Whether a text is a token (RFC 9110 §5.6.2): the form of header names and cookie names.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Puts scopes into the form of [`super::Identity::scopes`].
pub(super) fn scope_set<'a>(scopes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let set: BTreeSet<&str> = scopes.collect();
    set.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_short_visible_lines() {
        assert!(is_subject("user 1"));
        assert!(is_subject(&"a".repeat(256)));
        assert!(!is_subject(&"a".repeat(257)));
        assert!(!is_subject(""));
        assert!(!is_subject("a\r\nx-admin: 1"));
    }

    #[test]
    fn scopes_hold_no_white_space() {
        assert!(is_scope("orders:read"));
        for wrong in ["", "a b", "a\tb", "a\u{a0}b", "\u{7f}"] {
            assert!(!is_scope(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn scope_sets_are_sorted_and_unique() {
        assert_eq!(scope_set(["b", "a", "b"].into_iter()), ["a", "b"]);
    }
}
