//! Requests to speak another protocol on the same connection (RFC 9110, section 7.8), as WebSocket does.
//!
//! What follows such a request is no body, and nothing of it is judged. So it passes only where the description declares that the
//! protocol changes: a response with the status 101.

use crate::http::RequestHead;

/// Whether a request asks for it. Only a GET without a body can: of any other, what follows is judged as a body.
pub(super) fn is_asked(head: &RequestHead) -> bool {
    head.method == b"GET"
        && head.headers.first("upgrade").is_some()
        && head.headers.first("content-length").is_none()
        && head.headers.first("transfer-encoding").is_none()
        && head.headers.all("connection").any(names_upgrade)
}

fn names_upgrade(connection: &[u8]) -> bool {
    let mut options = connection.split(|byte| *byte == b',');
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Headers;

    fn asked(method: &str, fields: &[(&str, &str)]) -> bool {
        let bytes =
            |(name, value): &(&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        is_asked(&RequestHead {
            method: method.as_bytes().to_vec(),
            headers: Headers::new(fields.iter().map(bytes).collect()),
            ..RequestHead::default()
        })
    }

    #[test]
    fn only_a_get_without_a_body_asks_for_another_protocol() {
        let connection = ("connection", "keep-alive, Upgrade");
        let upgrade = ("upgrade", "websocket");
        assert!(asked("GET", &[connection, upgrade]));
        assert!(!asked("POST", &[connection, upgrade]));
        assert!(!asked("GET", &[upgrade]));
        assert!(!asked("GET", &[connection]));
        assert!(!asked(
            "GET",
            &[connection, upgrade, ("content-length", "2")]
        ));
        assert!(!asked(
            "GET",
            &[connection, upgrade, ("transfer-encoding", "chunked")]
        ));
    }
}
