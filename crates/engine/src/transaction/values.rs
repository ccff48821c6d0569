//! What a limit can count by, of one exchange.

use super::Transaction;
use crate::limit::{Part, Values};
use std::borrow::Cow;

/// The values of an exchange.
pub(super) struct Of<'a>(pub(super) &'a Transaction);

impl Values for Of<'_> {
    fn value(&self, part: &Part) -> Option<Cow<'_, [u8]>> {
        let transaction = self.0;
        let identity = transaction.identity.as_ref();
        match part {
            Part::Subject => identity.map(|i| Cow::Borrowed(i.subject.as_bytes())),
            Part::Provider => identity.map(|i| Cow::Borrowed(i.provider.as_bytes())),
            Part::Address => transaction
                .head
                .source
                .address
                .map(|a| Cow::Owned(a.to_canonical().to_string().into_bytes())),
            Part::Principal => transaction
                .head
                .source
                .principal
                .as_deref()
                .map(|p| Cow::Borrowed(p.as_bytes())),
            Part::Header(name) => transaction.head.headers.first(name).map(Cow::Borrowed),
            Part::Claim(path) => identity.and_then(|i| Part::claim(&i.claims, path)),
            Part::Path(name) => transaction
                .parameters
                .iter()
                .find(|(n, _)| **n == **name)
                .map(|(_, v)| Cow::Borrowed(v.as_bytes())),
            Part::Endpoint => transaction
                .endpoint
                .map(|e| Cow::Owned(e.to_le_bytes().to_vec())),
            Part::Api => transaction
                .record
                .api
                .as_deref()
                .map(|a| Cow::Borrowed(a.as_bytes())),
        }
    }
}
