//! One policy, and exchanges for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use meshward_engine::config::{Document, Timestamp};
use meshward_engine::exchange::{Evaluation, Evaluator, Exchange, ExchangeSource, Message};
use meshward_engine::{Policy, compile};
use std::sync::{Arc, LazyLock};

/// Tokens that the policy's issuer signed, for the caller that may have what it asks for.
pub(crate) const ISSUED: [&str; 2] = [
    include_str!("../seeds/jwt/rs256"),
    include_str!("../seeds/jwt/es256"),
];

/// 2026-01-01.
const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let document: Result<Document, _> =
        serde_json::from_str(include_str!("../seeds/policy/fixture.json"));
    match document.map(|document| compile(&document)) {
        Ok(Ok(compiled)) => Arc::new(compiled.policy),
        wrong => {
            assert!(wrong.is_err(), "the fixture does not compile: {wrong:?}");
            std::process::abort()
        }
    }
});

/// Judges one exchange, with an empty store.
pub(crate) fn run(exchange: &Exchange) -> Evaluation {
    match Evaluator::new(Arc::clone(&POLICY)).run(exchange, NOW) {
        Ok(evaluation) => evaluation,
        Err(wrong) => {
            assert!(wrong.is_empty(), "the exchange is written wrongly: {wrong}");
            std::process::abort()
        }
    }
}

fn exchange(method: &str, headers: &[(&str, &str)]) -> Exchange {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Exchange {
        id: String::new(),
        source: ExchangeSource::default(),
        now: None,
        request: Message {
            method: method.to_owned(),
            authority: "fuzz.example".to_owned(),
            path: String::new(),
            path_base64: None,
            headers: headers.iter().map(own).collect(),
            body: None,
            body_base64: None,
        },
        response: None,
    }
}

/// A GET for any target.
pub(crate) fn get(target: &[u8]) -> Exchange {
    let mut exchange = exchange("GET", &[]);
    exchange.request.path_base64 = Some(STANDARD.encode(target));
    exchange
}

/// A GET with a token.
pub(crate) fn with_token(token: &str) -> Exchange {
    let mut exchange = exchange("GET", &[("authorization", &format!("Bearer {token}"))]);
    "/guarded".clone_into(&mut exchange.request.path);
    exchange
}

/// A POST with a JSON body.
pub(crate) fn post(body: &[u8]) -> Exchange {
    let mut exchange = exchange("POST", &[("content-type", "application/json")]);
    "/items".clone_into(&mut exchange.request.path);
    exchange.request.body_base64 = Some(STANDARD.encode(body));
    exchange
}

/// A POST with a GraphQL request.
pub(crate) fn graphql(body: &[u8]) -> Exchange {
    let mut exchange = post(body);
    "/graphql".clone_into(&mut exchange.request.path);
    exchange
}

#[cfg(test)]
mod tests {
    use super::*;
    use meshward_engine::verdict::Decision;

    /// A fixture that refuses everything would let every target hold.
    #[test]
    fn what_is_right_is_admitted() {
        for token in ISSUED {
            assert_allowed(&with_token(token));
        }
        assert_allowed(&get(b"/open/1?q=a"));
        assert_allowed(&get(b"/open/../open/./1"));
        assert_allowed(&post(br#"{"sku":"A-1","quantity":1}"#));
        assert_allowed(&graphql(br#"{"query":"{a{b}}"}"#));
    }

    fn assert_allowed(exchange: &Exchange) {
        let record = run(exchange).record;
        assert_eq!(record.decision, Decision::Allow, "{record:?}");
    }
}
