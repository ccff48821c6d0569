//! A token, as a client sends it.

use crate::fixture;
use meshward_engine::verdict::Decision;

pub(crate) const PIECES: &[&str] = &[
    ".",
    "..",
    "=",
    "-",
    "_",
    "+",
    "/",
    " ",
    "e30",
    "bnVsbA",
    "eyJhbGciOiJub25lIn0",
    "eyJhbGciOiJIUzI1NiJ9",
    "eyJhbGciOiJSUzI1NiJ9",
    "eyJhbGciOiJFUzI1NiJ9",
    "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsiYiJdfQ",
    "AAAA",
    "A",
];

/// Nothing but what the issuer signed is ever admitted.
pub fn jwt(input: &[u8]) {
    let token = String::from_utf8_lossy(input);
    let evaluation = fixture::run(&fixture::with_token(&token));
    if evaluation.record.decision == Decision::Allow {
        let signed = |token: &str| token.rsplit_once('.').map(|(signed, _)| signed.to_owned());
        let issued = fixture::ISSUED.map(signed);
        // A list separated by blanks is not a token; the scheme's name and the blanks around the token are.
        let sent = signed(token.trim_matches(' '));
        assert!(
            sent.is_some() && issued.contains(&sent),
            "a token that nobody issued was admitted: `{token}`"
        );
    }
}
