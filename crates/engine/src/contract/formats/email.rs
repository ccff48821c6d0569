//! `email`: an address (RFC 5321, section 4.1.2).
//!
//! INVARIANT (one rule): what is taken here at once, `jsonschema` takes as well. A property test holds it to that.

use super::super::json::{Json, Kind, Node, Nodes};
use crate::http::ByteSet;
use jsonschema::{Draft, Validator};
use serde_json::json;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Whether a text is an address. Nearly all of them are plain, and are not taken apart and copied to see that.
pub(in crate::contract) fn is_email(text: &str) -> bool {
    is_plain(text.as_bytes()) || is_any(text)
}

/// Atoms with dots between them, and a host name in ASCII.
fn is_plain(text: &[u8]) -> bool {
    static ATOM: ByteSet = ByteSet::alphanumeric_and(b"+-_");
    let Some(at) = text.iter().position(|byte| *byte == b'@') else {
        return false;
    };
    let (local, host) = text.split_at_checked(at).unwrap_or_default();
    let host = host.strip_prefix(b"@").unwrap_or_default();
    let dot = |byte: &u8| *byte == b'.';
    (1..=64).contains(&local.len())
        && (1..=253).contains(&host.len())
        && local
            .split(dot)
            .all(|atom| !atom.is_empty() && ATOM.has_all(atom))
        && host.split(dot).all(is_plain_label)
}

/// RFC 1123, section 2.1; and no label in which other letters are hidden (RFC 5891, section 4.2.3.1).
fn is_plain_label(label: &[u8]) -> bool {
    static LABEL: ByteSet = ByteSet::alphanumeric_and(b"-");
    (1..=63).contains(&label.len())
        && LABEL.has_all(label)
        && label.first() != Some(&b'-')
        && label.last() != Some(&b'-')
        && label.get(2..4) != Some(b"--")
}

/// The whole rule, with quotes, addresses in brackets and international names.
#[cold]
fn is_any(text: &str) -> bool {
    static RULE: LazyLock<Option<Validator<Nodes>>> = LazyLock::new(|| {
        jsonschema::options_for::<Nodes>()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .offline()
            .build(&json!({ "format": "email" }))
            .ok()
    });
    let text = Json::of(Kind::String(Cow::Borrowed(text)));
    RULE.as_ref()
        .is_some_and(|rule| rule.is_valid(Node::of(&text)))
}

#[cfg(test)]
mod tests {
    use super::{is_any, is_email, is_plain};
    use proptest::prelude::*;

    #[test]
    fn plain_addresses_are_known_at_once() {
        for text in [
            "ada@customer.example",
            "a@b",
            "first.last+tag@sub-domain.example",
            "A_1@1.example",
        ] {
            assert!(is_plain(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn others_are_looked_at_closely() {
        for (text, valid) in [
            (r#""a b"@example"#, true),
            ("a@[127.0.0.1]", true),
            ("o'hara@example", true),
            ("a@xn--bcher-kva.example", true),
            ("", false),
            ("@", false),
            ("a", false),
            ("a@", false),
            ("@b", false),
            ("a@b@c", false),
            (".a@b", false),
            ("a..b@c", false),
            ("a@b.", false),
            ("a@-b", false),
            ("a@b-", false),
            ("a@b_c", false),
            ("a@ab--c", false),
            ("a b@c", false),
        ] {
            assert!(!is_plain(text.as_bytes()), "{text}");
            assert_eq!(is_email(text), valid, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_plain_that_is_no_address(text in "[aZ0._+-]{0,5}[a@]{1,2}[aZ0x.n-]{0,12}") {
            prop_assert!(!is_plain(text.as_bytes()) || is_any(&text), "{}", text);
        }

        #[test]
        fn lengths_are_bounded(local in 60_usize..70, label in 60_usize..66, labels in 1_usize..6) {
            let host = vec!["b".repeat(label); labels].join(".");
            let text = format!("{}@{host}", "a".repeat(local));
            prop_assert!(!is_plain(text.as_bytes()) || is_any(&text), "{}", text);
        }
    }
}
