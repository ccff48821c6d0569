//! What a limit can count by, of one exchange.

use super::Transaction;
use crate::limit::{Part, Values};

/// The values of an exchange.
pub(super) struct Of<'a>(pub(super) &'a Transaction);

impl Values for Of<'_> {
    fn value(&self, part: &Part) -> Option<Vec<u8>> {
        let transaction = self.0;
        let identity = transaction.identity.as_ref();
        match part {
            Part::Subject => identity.map(|i| i.subject.clone().into_bytes()),
            Part::Provider => identity.map(|i| i.provider.as_bytes().to_vec()),
            Part::Address => transaction
                .head
                .source
                .address
                .map(|a| a.to_canonical().to_string().into_bytes()),
            Part::Principal => transaction
                .head
                .source
                .principal
                .clone()
                .map(String::into_bytes),
            Part::Header(name) => transaction.head.headers.first(name).map(<[u8]>::to_vec),
            Part::Claim(path) => identity.and_then(|i| Part::claim(&i.claims, path)),
            Part::Path(name) => transaction
                .parameters
                .iter()
                .find(|(n, _)| **n == **name)
                .map(|(_, v)| v.clone().into_bytes()),
            Part::Endpoint => transaction.endpoint.map(|e| e.to_le_bytes().to_vec()),
            Part::Api => transaction.record.api.clone().map(String::into_bytes),
        }
    }
}
