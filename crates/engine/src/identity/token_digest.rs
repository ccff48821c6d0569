//! What is logged of a token that was refused: the beginning of its SHA-256 digest.
//!
//! It is enough to find the same token again, in the log of its issuer or of another proxy, and too little to find the token.

use super::jwt::MAX_TOKEN;
use super::{bearer, challenge};
use crate::http::RequestHead;
use crate::verdict::Reason;
use sha2::{Digest as _, Sha256};

/// The first eight hexadecimal digits of the digest of the token that is refused for this reason. `None` where the reason is
/// not about a token, and for what is too long to be one: nobody shall make us digest it.
pub(crate) fn token_digest(reason: Reason, head: &RequestHead) -> Option<String> {
    if !challenge::is_about_a_token(reason) {
        return None;
    }
    let field = head.headers.first(bearer::HEADER)?.trim_ascii();
    let token = bearer::token(field)
        .ok()
        .map(|(_, token)| token)
        .filter(|token| token.len() <= MAX_TOKEN)?;
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(token));
    Some(format!("{:08x}", u32::from_be_bytes([a, b, c, d])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::testing::{head, sha256};

    #[test]
    fn eight_digits_of_the_token_that_was_refused() {
        let digest = |reason, value: &str| token_digest(reason, &head(&[("authorization", value)]));
        let whole = sha256("a.b.c");
        let expected = whole.split_at(8).0;
        assert_eq!(
            digest(Reason::JwtMalformed, "bearer  a.b.c ").as_deref(),
            Some(expected)
        );
        assert_eq!(digest(Reason::CredentialMissing, "Bearer a.b.c"), None);
        assert_eq!(digest(Reason::JwtMalformed, "Basic a.b.c"), None);
        let long = format!("Bearer {}", "a".repeat(MAX_TOKEN + 1));
        assert_eq!(digest(Reason::JwtMalformed, &long), None);
        assert_eq!(token_digest(Reason::JwtMalformed, &head(&[])), None);
    }
}
