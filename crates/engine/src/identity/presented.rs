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
/// only the `Bearer` scheme.
pub(super) fn find<'a>(
    accepted: &[&'a Provider],
    head: &'a RequestHead,
    target: &'a Target,
) -> Vec<Presented<'a>> {
    let mut places: Vec<&'a Credential> = Vec::new();
    let mut takes_tokens = false;
    for provider in accepted {
        match provider.source() {
            Source::Jwt(_) => takes_tokens = true,
            Source::ApiKey(ring) if !places.contains(&ring.place()) => places.push(ring.place()),
            Source::ApiKey(_) => {}
        }
    }
    let authorization_is_key = places.iter().any(|place| is_authorization(place));

    let mut found = Vec::new();
    let is_token =
        |value: &[u8]| takes_tokens && (!authorization_is_key || bearer::is_bearer(value));
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

fn is_authorization(place: &Credential) -> bool {
    place.location == KeyLocation::Header && *place.name == *bearer::HEADER
}
