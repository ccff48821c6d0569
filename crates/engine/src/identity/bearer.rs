//! `Authorization: Bearer TOKEN` (RFC 6750 §2.1).

use crate::http::ByteSet;
use crate::verdict::{Reason, Refusal};

/// The header that carries it.
pub(super) const HEADER: &str = "authorization";

/// Whether a field value names the Bearer scheme.
pub(super) fn is_bearer(value: &[u8]) -> bool {
    scheme_and_rest(value).0.eq_ignore_ascii_case(b"bearer")
}

/// The token of a field value.
///
/// # Errors
/// `CredentialMalformed` where the scheme is another one, or what follows is not exactly one token.
pub(super) fn token(value: &[u8]) -> Result<&str, Refusal> {
    let wrong = || {
        Refusal::at(Reason::CredentialMalformed, format!("header.{HEADER}"))
            .expected("the scheme `Bearer` and one token")
    };
    let (scheme, rest) = scheme_and_rest(value);
    let token = std::str::from_utf8(rest).map_err(|_| wrong())?;
    if scheme.eq_ignore_ascii_case(b"bearer") && is_token68(token) {
        Ok(token)
    } else {
        Err(wrong())
    }
}

/// Splits a field value at the spaces after its first word.
fn scheme_and_rest(value: &[u8]) -> (&[u8], &[u8]) {
    let mut words = value.splitn(2, |b| *b == b' ');
    let scheme = words.next().unwrap_or_default();
    let mut rest = words.next().unwrap_or_default();
    while let Some((b' ', after)) = rest.split_first() {
        rest = after;
    }
    (scheme, rest)
}

/// `token68` of RFC 9110 §11.2.
fn is_token68(text: &str) -> bool {
    static BYTES: ByteSet = ByteSet::alphanumeric_and(b"-._~+/");
    let body = text.trim_end_matches('=');
    !body.is_empty() && BYTES.has_all(body.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_has_no_case_and_any_number_of_spaces() {
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c"] {
            assert_eq!(token(value.as_bytes()).unwrap(), "a.b.c", "{value}");
            assert!(is_bearer(value.as_bytes()));
        }
    }

    #[test]
    fn anything_but_one_token_is_malformed() {
        for value in [
            &b""[..],
            b"Bearer",
            b"Bearer ",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer a, Bearer b",
            b"Bearer\ta",
            b"Bearer =",
            b"Bearer a=b",
            b"Bearer \"a\"",
            b"Bearer \xff",
            b"Basic dTpw",
            b"a.b.c",
        ] {
            let refusal = token(value).unwrap_err();
            assert_eq!(refusal.reason, Reason::CredentialMalformed, "{value:?}");
            assert_eq!(refusal.at.as_deref(), Some("header.authorization"));
        }
    }
}
