//! `Authorization: Bearer TOKEN` (RFC 6750 §2.1), `Authorization: DPoP TOKEN` (RFC 9449 §7.1).

use super::jwt::Scheme;
use crate::verdict::{Reason, Refusal};

/// The header that carries it.
pub(super) const HEADER: &str = "authorization";

/// The scheme of a field value, if tokens come under it.
pub(super) fn scheme(value: &[u8]) -> Option<Scheme> {
    let (scheme, _) = scheme_and_rest(value);
    if scheme.eq_ignore_ascii_case(b"bearer") {
        Some(Scheme::Bearer)
    } else if scheme.eq_ignore_ascii_case(b"dpop") {
        Some(Scheme::Dpop)
    } else {
        None
    }
}

/// Whether a field value names the scheme of a user's name and password (RFC 7617).
pub(super) fn is_basic(value: &[u8]) -> bool {
    scheme_and_rest(value).0.eq_ignore_ascii_case(b"basic")
}

/// The scheme and the token of a field value.
///
/// # Errors
/// `BasicCredential` for that scheme, `CredentialMalformed` for other ones, or where what follows is not exactly one token.
pub(super) fn token(value: &[u8]) -> Result<(Scheme, &str), Refusal> {
    let at = || format!("header.{HEADER}");
    if is_basic(value) {
        return Err(Refusal::at(Reason::BasicCredential, at()));
    }
    let wrong = || {
        Refusal::at(Reason::CredentialMalformed, at())
            .expected("the scheme `Bearer` or `DPoP` and one token")
    };
    let (_, rest) = scheme_and_rest(value);
    let token = std::str::from_utf8(rest).map_err(|_| wrong())?;
    match scheme(value) {
        Some(scheme) if is_token68(token) => Ok((scheme, token)),
        _ => Err(wrong()),
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

/// `token68` of RFC 9110 §11.2. Looks at every byte, without a branch for each, so that it can be done for many at once: tokens are long.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=').as_bytes();
    let fits =
        |byte: &u8| matches!(byte, b'-'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'~' | b'+');
    !body.is_empty() && body.iter().fold(true, |all, byte| all & fits(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_has_no_case_and_any_number_of_spaces() {
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c"] {
            let expected = (Scheme::Bearer, "a.b.c");
            assert_eq!(token(value.as_bytes()).unwrap(), expected, "{value}");
        }
        assert_eq!(token(b"dpop a.b.c").unwrap(), (Scheme::Dpop, "a.b.c"));
        assert_eq!(
            token(b"BASIC dTpw").unwrap_err().reason,
            Reason::BasicCredential
        );
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
            b"Digest dTpw",
            b"a.b.c",
            b"Bearer a:b",
            b"Bearer a,b.c",
            b"Bearer a@b",
            b"Bearer a[b",
            b"Bearer a`b",
            b"Bearer a{b",
        ] {
            let refusal = token(value).unwrap_err();
            assert_eq!(refusal.reason, Reason::CredentialMalformed, "{value:?}");
            assert_eq!(refusal.at.as_deref(), Some("header.authorization"));
        }
    }
}
