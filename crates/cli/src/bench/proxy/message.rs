//! Exchanges as bytes of HTTP/1.1.
//!
//! Only what one well-behaved message can say is sent; what an exchange says beside that (two lengths, a line end in a field) cannot be repeated through a
//! client, and is left out with a warning.

use meshward_engine::exchange::Prepared;
use meshward_engine::http::ResponseHead;

/// Fields that are a connection's own: they are set as the connection needs them.
const OWN: [&[u8]; 7] = [
    b"host",
    b"connection",
    b"content-length",
    b"transfer-encoding",
    b"keep-alive",
    b"proxy-connection",
    b"expect",
];

/// The request of an exchange.
///
/// # Errors
/// Why it cannot be sent.
pub(super) fn request(exchange: &Prepared) -> Result<Vec<u8>, &'static str> {
    let (method, target) = (exchange.method(), exchange.target());
    if method.is_empty() || !method.iter().all(u8::is_ascii_alphabetic) {
        return Err("its method has more than letters");
    }
    if method == b"CONNECT" || exchange.headers().first("upgrade").is_some() {
        return Err("it changes the protocol");
    }
    let visible = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_graphic);
    if !visible(target) || !visible(exchange.authority()) {
        return Err("its path or authority has bytes that no request line can hold");
    }
    let mut bytes = [
        method,
        b" ",
        target,
        b" HTTP/1.1\r\nhost: ",
        exchange.authority(),
        b"\r\n",
    ]
    .concat();
    fields(&mut bytes, exchange.headers().iter())?;
    end(&mut bytes, exchange.body());
    Ok(bytes)
}

/// The response of an exchange, as the upstream gives it.
///
/// # Errors
/// Why it cannot be sent.
pub(super) fn response(
    method: &[u8],
    head: &ResponseHead,
    body: &[u8],
) -> Result<Vec<u8>, &'static str> {
    let mut bytes = format!("HTTP/1.1 {} -\r\n", head.status).into_bytes();
    fields(&mut bytes, head.headers.iter())?;
    match head.status {
        200..=599 => {}
        _ => return Err("its response has a status that ends no exchange"),
    }
    let bare = matches!(head.status, 204 | 304);
    end(&mut bytes, (!bare).then_some(body));
    if method == b"HEAD" && !bare {
        bytes.truncate(bytes.len().saturating_sub(body.len()));
    }
    Ok(bytes)
}

fn fields<'a>(
    bytes: &mut Vec<u8>,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<(), &'static str> {
    for (name, value) in fields {
        if OWN.contains(&name) {
            continue;
        }
        let plain = |b: &u8| b.is_ascii_graphic() && *b != b':';
        let whole = |b: &u8| *b == b'\t' || (*b >= b' ' && *b != 0x7f);
        if name.is_empty() || !name.iter().all(plain) || !value.iter().all(whole) {
            return Err("one of its fields has bytes that no field can hold");
        }
        for part in [name, b": ", value, b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    Ok(())
}

fn end(bytes: &mut Vec<u8>, body: Option<&[u8]>) {
    if let Some(body) = body {
        bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use meshward_engine::exchange::Exchange;

    fn exchange(line: &str) -> Prepared {
        let exchange: Exchange = serde_json::from_str(line).unwrap();
        exchange.prepare().unwrap()
    }

    #[test]
    fn an_exchange_is_one_message_each_way() {
        let exchange = exchange(
            r#"{"request":{"method":"POST","authority":"a.test","path":"/x","headers":[["Content-Length","9"],["accept","*/*"]],"body":"{}"},
                "response":{"status":201,"headers":[["location","/x/1"]],"body":"done"}}"#,
        );
        assert_eq!(
            String::from_utf8(request(&exchange).unwrap()).unwrap(),
            "POST /x HTTP/1.1\r\nhost: a.test\r\naccept: */*\r\ncontent-length: 2\r\n\r\n{}"
        );
        let (head, body) = exchange.response().unwrap();
        for (method, ending) in [(&b"GET"[..], "\r\n\r\ndone"), (b"HEAD", "4\r\n\r\n")] {
            let bytes = response(method, head, body).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(
                text.starts_with("HTTP/1.1 201 -\r\nlocation: /x/1\r\n"),
                "{text}"
            );
            assert!(text.ends_with(ending), "{text}");
        }
    }

    #[test]
    fn what_no_message_can_say_is_not_sent() {
        for (line, why) in [
            (
                r#"{"request":{"method":"GET","authority":"a","path":"/a b"}}"#,
                "path",
            ),
            (
                r#"{"request":{"method":"G T","authority":"a","path":"/"}}"#,
                "method",
            ),
            (
                r#"{"request":{"method":"GET","authority":"a","path":"/","headers":[["a","b\r\nc: d"]]}}"#,
                "fields",
            ),
            (
                r#"{"request":{"method":"GET","authority":"a","path":"/","headers":[["upgrade","websocket"]]}}"#,
                "protocol",
            ),
        ] {
            let said = request(&exchange(line)).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
