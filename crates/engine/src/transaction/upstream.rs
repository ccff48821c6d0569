//! What an admitted request takes along: who calls, in headers that no client can forge, and no credential where the policy strips it.

use super::{Forward, HeaderChange, Transaction, claims};
use crate::config::IdentityHeader;
use crate::http::{Headers, cookie};
use crate::identity::{self, Identity, Strip};
use std::fmt::Write as _;

/// Headers of this prefix are ours: they are taken from every request.
const PREFIX: &[u8] = b"x-meshward-";

/// The changes to an admitted request. An endpoint that is not known gets none but the removal of our own headers.
pub(super) fn forward(transaction: &Transaction) -> Forward {
    let mut forward = Forward {
        target: transaction.target.rewritten.clone(),
        ..Forward::default()
    };
    for (name, _) in transaction
        .head
        .headers
        .iter()
        .filter(|(name, _)| is_ours(name))
    {
        if let Ok(name) = std::str::from_utf8(name) {
            forward
                .headers
                .push(HeaderChange::Remove(name.to_owned().into()));
        }
    }
    if transaction.policy.distrusts_forwarded(&transaction.head) {
        let name = identity::FORWARDED_CERTIFICATE.into();
        forward.headers.push(HeaderChange::Remove(name));
    }
    transaction.upstream_timeout(&mut forward.headers);
    claims::changes(transaction, &mut forward.headers);
    let (Some(endpoint), Some(identity)) = (transaction.endpoint(), &transaction.identity) else {
        return forward;
    };
    for told in &endpoint.identity_headers {
        let value = match told {
            IdentityHeader::Subject => visible(&identity.subject),
            IdentityHeader::Provider => visible(&identity.provider),
            IdentityHeader::Scope if identity.scopes.is_empty() => continue,
            IdentityHeader::Scope => visible(&identity.scopes.join(" ")),
        };
        let change = HeaderChange::Add(told.header().into(), value);
        forward.headers.push(change);
    }
    if endpoint.strip_credentials {
        strip(transaction, identity, &mut forward);
    }
    forward
}

/// Takes every credential of the caller from the request.
#[inline(never)]
fn strip(transaction: &Transaction, identity: &Identity, forward: &mut Forward) {
    let mut parameters = Vec::new();
    let mut cookies = Vec::new();
    for change in identity::credential_changes(identity) {
        match change {
            Strip::Header(name) => forward.headers.push(HeaderChange::Remove(name.into())),
            Strip::Query(name) => parameters.push(name),
            Strip::Cookie(name) => cookies.push(name),
        }
    }
    if !parameters.is_empty() {
        forward.target = Some(without_parameters(transaction, &parameters));
    }
    if !cookies.is_empty() {
        forward.headers.push(HeaderChange::Remove("cookie".into()));
        forward
            .headers
            .extend(without_cookies(&transaction.head.headers, &cookies));
    }
}

/// Servers that pass headers on as environment variables do not tell `-` from `_`, so both spellings are ours.
fn is_ours(name: &[u8]) -> bool {
    name.len() >= PREFIX.len()
        && name
            .iter()
            .zip(PREFIX)
            .all(|(a, b)| a == b || (*a == b'_' && *b == b'-'))
}

/// Percent-encodes what cannot stand in a header value, and `%` itself, so that the value reads back exactly.
pub(super) fn visible(text: &str) -> String {
    let stays = |byte: u8| (byte.is_ascii_graphic() || byte == b' ') && byte != b'%';
    if text.bytes().all(stays) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if stays(byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The target without some query parameters. The others are written as they came.
fn without_parameters(transaction: &Transaction, names: &[String]) -> String {
    let raw = String::from_utf8_lossy(&transaction.head.target);
    let target = transaction.target.rewritten.as_deref().unwrap_or(&raw);
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    // The reading has the same parameters in the same order: one per piece between `&`, empty pieces left out.
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    let kept: Vec<&str> = pieces
        .zip(&transaction.target.query)
        .filter(|(_, (name, _))| !names.contains(name))
        .map(|(piece, _)| piece)
        .collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

/// The field with every cookie but the named ones. HTTP/2 clients may send several fields: they become one.
fn without_cookies(headers: &Headers, names: &[String]) -> Option<HeaderChange> {
    let mut kept: Vec<Vec<u8>> = headers.all("cookie").map(<[u8]>::to_vec).collect();
    for name in names {
        kept = kept
            .iter()
            .filter_map(|field| cookie::without(field, name))
            .collect();
    }
    let value = String::from_utf8_lossy(&kept.join(&b"; "[..])).into_owned();
    (!kept.is_empty()).then(|| HeaderChange::Add("cookie".into(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_our_headers_are_ours() {
        for (name, ours) in [
            ("x-meshward-subject", true),
            ("x_meshward_subject", true),
            ("x-meshward_subject", true),
            ("x-meshwarden", false),
            ("x-mesh", false),
        ] {
            assert_eq!(is_ours(name.as_bytes()), ours, "{name}");
        }
    }

    #[test]
    fn values_cannot_break_a_header() {
        assert_eq!(visible("a\r\nx: 1%é"), "a%0D%0Ax: 1%25%C3%A9");
    }
}
