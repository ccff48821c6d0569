//! What a limit can count by, of one exchange.

use super::Transaction;
use crate::http;
use crate::limit::{Amount, Part, Source, Values};
use std::borrow::Cow;
use std::net::IpAddr;

/// The values of an exchange.
pub(super) struct Of<'a>(pub(super) &'a Transaction);

impl Values for Of<'_> {
    fn value(&self, part: &Part) -> Option<Cow<'_, [u8]>> {
        let transaction = self.0;
        let identity = transaction.identity.as_ref();
        match part {
            Part::Subject => identity.map(|i| Cow::Borrowed(i.subject.as_bytes())),
            Part::Provider => identity.map(|i| Cow::Borrowed(i.provider.as_bytes())),
            Part::KeyId => identity
                .into_iter()
                .flat_map(|identity| identity.all())
                .find(|identity| identity.by_key)
                .map(|identity| Cow::Borrowed(identity.subject.as_bytes())),
            Part::Client => self.client(),
            Part::Address => self.network(transaction.head.source.address),
            Part::Principal => transaction
                .head
                .source
                .principal
                .as_deref()
                .map(|p| Cow::Borrowed(p.as_bytes())),
            Part::Header(name) => transaction.head.headers.first(name).map(Cow::Borrowed),
            // Two are no value: receivers disagree on which of them counts.
            Part::Query(name) => {
                let query = transaction.target.query.iter();
                let mut values = query.filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
                let first = values.next()?;
                Some(match values.next() {
                    None => Cow::Borrowed(first.as_bytes()),
                    Some(_) => return None,
                })
            }
            Part::Claim(path) => identity.and_then(|i| Part::claim(&i.claims, path)),
            Part::Path(name) => transaction
                .parameters
                .iter()
                .find(|(n, _)| **n == **name)
                .map(|(_, v)| Cow::Borrowed(v.as_bytes())),
            // By name: proxies that share a quota may have other revisions of the policy.
            Part::Endpoint => transaction.endpoint().map(|e| {
                let api = transaction.record.api.as_deref().unwrap_or_default();
                Cow::Owned([api.as_bytes(), b" ", e.label.as_bytes()].concat())
            }),
            Part::Api => transaction
                .record
                .api
                .as_deref()
                .map(|a| Cow::Borrowed(a.as_bytes())),
        }
    }
    fn amount(&self, source: &Source) -> Amount {
        let head = &self.0.head;
        match source {
            Source::Header(name) => Amount::of(head.headers.all(name)),
            Source::Query(name) => {
                let query = self.0.target.query.iter().filter(|(n, _)| n == name);
                Amount::of(query.map(|(_, value)| value.as_bytes()))
            }
            // The proxy holds a message to its `content-length`.
            Source::RequestSize => match Amount::of(head.headers.all("content-length")) {
                Amount::Absent if head.end_of_stream => Amount::Known(0),
                Amount::Absent | Amount::Later => Amount::Later,
                said @ (Amount::Known(_) | Amount::Unreadable) => said,
            },
            Source::ResponseSize => Amount::Later,
        }
    }
}

impl Of<'_> {
    /// The client's address, as far as it names a client.
    fn client<'b>(&self) -> Option<Cow<'b, [u8]>> {
        let head = &self.0.head;
        let hops = self.0.policy.client_address.trusted_hops;
        let address = match hops {
            0 => head.source.address,
            hops => http::forwarded_address(&head.headers, hops),
        };
        self.network(address)
    }

    /// The leading bits of an address that name a client.
    fn network<'b>(&self, address: Option<IpAddr>) -> Option<Cow<'b, [u8]>> {
        let network = self.0.policy.client_address.network(address?);
        Some(Cow::Owned(network.to_string().into_bytes()))
    }
}
