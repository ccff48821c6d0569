//! Which credentials a request presents to the providers that its endpoint accepts.

use super::provider::{Provider, Source};
use super::{Credential, bearer};
use crate::config::KeyLocation;
use crate::http::{RequestHead, Target, cookie};

/// One credential, not yet proven.
pub(super) enum Presented<'a> {
    /// The value of an `Authorization` field that must hold a token.
    Authorization(&'a [u8]),
    /// An API key and where it stood.
    Key(&'a Credential, &'a [u8]),
}

/// Every credential that one of the accepted providers would read, in no particular order.
///
/// An `Authorization` field goes to the token issuers; where an API key provider reads that header as well, issuers get
/// only the schemes `Bearer` and `DPoP`.
pub(super) fn find<'a>(
    accepted: &[&'a Provider],
    head: &'a RequestHead,
    target: &'a Target,
) -> Vec<Presented<'a>> {
    let mut places: Vec<&'a Credential> = Vec::new();
    let mut takes_tokens = false;
    for provider in accepted {
        match provider.source() {
            Source::Jwt(_) | Source::Introspection(_) => takes_tokens = true,
            Source::ApiKey(ring) if !places.contains(&ring.place()) => places.push(ring.place()),
            Source::ApiKey(_) | Source::Mtls(_) => {}
        }
    }
    let authorization_is_key = places.iter().any(|place| is_authorization(place));

    let mut found = Vec::new();
    let is_token =
        |value: &[u8]| takes_tokens && (!authorization_is_key || bearer::scheme(value).is_some());
    if takes_tokens {
        found.extend(
            head.headers
                .all(bearer::HEADER)
                .map(<[u8]>::trim_ascii)
                .filter(|value| is_token(value))
                .map(Presented::Authorization),
        );
    }
    for place in places {
        let name = &*place.name;
        match place.location {
            KeyLocation::Header => found.extend(
                head.headers
                    .all(name)
                    .map(<[u8]>::trim_ascii)
                    .filter(|value| !(is_authorization(place) && is_token(value)))
                    .map(|value| Presented::Key(place, value)),
            ),
            KeyLocation::Query => found.extend(
                target
                    .query
                    .iter()
                    .filter(|(n, _)| n == name)
                    .map(|(_, value)| Presented::Key(place, value.as_bytes())),
            ),
            KeyLocation::Cookie => found.extend(
                cookie::values(&head.headers, name).map(|value| Presented::Key(place, value)),
            ),
        }
    }
    found
}

/// Whether a credential stands in the query that belongs into a header: `access_token` (RFC 6750 §2.3), or the name of a key's header.
pub(super) fn in_query(accepted: &[&Provider], target: &Target) -> bool {
    target.query.iter().any(|(name, _)| {
        accepted.iter().any(|provider| match provider.source() {
            Source::Jwt(_) | Source::Introspection(_) => name == "access_token",
            Source::ApiKey(ring) => {
                let place = ring.place();
                place.location == KeyLocation::Header && name.eq_ignore_ascii_case(&place.name)
            }
            Source::Mtls(_) => false,
        })
    })
}

/// Whether the request carries a name and a password (RFC 7617).
pub(crate) fn sends_password(head: &RequestHead) -> bool {
    let mut fields = head.headers.all(bearer::HEADER);
    fields.any(|value| bearer::is_basic(value.trim_ascii()))
}

fn is_authorization(place: &Credential) -> bool {
    place.location == KeyLocation::Header && *place.name == *bearer::HEADER
}
