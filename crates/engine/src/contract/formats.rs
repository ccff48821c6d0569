//! Formats that OpenAPI has and JSON Schema has not, and a shorter way to one that both have. Ranges of numbers (`int32`) are bounds when
//! they come here.

mod email;

pub(super) use email::is_email;

/// `byte`: base64 with its padding (RFC 4648, section 4).
pub(super) fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    text.len().is_multiple_of(4)
        && padding <= 2
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::is_base64;

    #[test]
    fn base64_is_whole() {
        for text in ["", "YQ==", "YWI=", "YWJj", "+/+/"] {
            assert!(is_base64(text), "{text}");
        }
        for text in [
            "Y", "YQ", "YQ=", "YQ===", "====", "Y=Q=", "YW J", "YQ-_", "YWJ\n",
        ] {
            assert!(!is_base64(text), "{text}");
        }
    }
}
