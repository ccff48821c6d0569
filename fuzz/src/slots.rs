//! What workers share: slots of limits, quotas and behaviour, whatever stands in them.

use crate::mutate::Random;
use meshward_engine::config::{Document, Timestamp};
use meshward_engine::http::{Headers, RequestHead};
use meshward_engine::remote::{CallAnswer, Task};
use meshward_engine::transaction::{Answer, Ended, Event, Query, Step, Stored, Transaction};
use meshward_engine::{Policy, compile};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

pub(crate) const PIECES: &[&str] = &[
    "\u{0}", "\u{1}", "\u{2}", "\u{3}", "\u{4}", "\u{8}", "\u{7f}", "cut", "more",
];

/// 2026-01-01, in microseconds.
const NOW: u64 = 1_767_225_600_000_000;
const TARGETS: [&str; 7] = [
    "/first",
    "/objects/1",
    "/objects/2",
    "/last",
    "/peers",
    "/objects/3",
    "/first",
];
/// Far more questions than the engine has for one exchange.
const MOST_QUESTIONS: usize = 1_000;

static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let document: Result<Document, _> = serde_json::from_str(include_str!("slots.json"));
    match document.map(|document| compile(&document)) {
        Ok(Ok(compiled)) => Arc::new(compiled.policy),
        wrong => {
            assert!(wrong.is_err(), "the fixture does not compile: {wrong:?}");
            std::process::abort()
        }
    }
});

/// The shared data of one proxy.
#[derive(Default)]
struct Store(BTreeMap<Arc<str>, Stored>);

/// Whatever other workers, other versions or faults of memory left in the slots: judging never panics, and comes to an end.
pub fn slots(input: &[u8]) {
    let mut store = Store::default();
    exchanges(&mut store, NOW);
    store.spoil(input);
    exchanges(&mut store, NOW + 1_000);
    exchanges(&mut store, NOW + 90_000_000);
}

fn exchanges(store: &mut Store, from: u64) {
    for (step, target) in (0_u64..).zip(TARGETS) {
        let now = Timestamp(from + step * 10);
        exchange(store, target, now);
        for desk in POLICY.desks() {
            if let Some(mut ask) = desk.next(now) {
                let mut task = ask.start();
                for _ in 0..MOST_QUESTIONS {
                    task = match task {
                        Task::Ask(query) => ask.answer(store.answer(query), now),
                        Task::Call(_) => ask.called(&CallAnswer::Failed, now),
                        Task::Rest => break,
                    };
                }
            }
        }
    }
}

fn exchange(store: &mut Store, target: &str, now: Timestamp) {
    let head = RequestHead {
        method: b"GET".to_vec(),
        authority: b"fuzz.example".to_vec(),
        target: target.as_bytes().to_vec(),
        headers: Headers::new(vec![
            (b"x-caller".to_vec(), b"a".to_vec()),
            (b"x-api-key".to_vec(), b"fuzz-key-of-a-caller".to_vec()),
        ]),
        end_of_stream: true,
        ..RequestHead::default()
    };
    let transaction = Transaction::new(Arc::clone(&POLICY), now);
    let mut step = transaction.handle(Event::Request(Box::new(head)), now);
    let mut over = None;
    for _ in 0..MOST_QUESTIONS {
        step = match step {
            Step::Ask(transaction, query) => {
                transaction.handle(Event::Answer(store.answer(query)), now)
            }
            Step::Wait(transaction, ..) => transaction.handle(Event::Waited { enough: true }, now),
            Step::Call(transaction, _) => {
                transaction.handle(Event::Called(CallAnswer::Failed), now)
            }
            Step::NeedBody(transaction) => transaction.handle(Event::RequestBody(Vec::new()), now),
            Step::Forward(transaction, _) => transaction.handle(Event::NoResponse, now),
            Step::Deliver(record) | Step::Replace(record, _) | Step::Reply(record, _) => {
                over = Some(record);
                break;
            }
        };
    }
    assert!(over.is_some(), "the exchange does not come to an end");
    let Some(mut afterwards) = over.and_then(|mut record| record.afterwards.take()) else {
        return;
    };
    let ended = Ended {
        reason: None,
        // Peers learn from success alone.
        status: Some(if target == "/peers" { 200 } else { 404 }),
        request_size: 0,
        response_size: 25,
    };
    let mut query = afterwards.step(None, &ended, now);
    for _ in 0..MOST_QUESTIONS {
        let Some(asked) = query else { return };
        query = afterwards.step(Some(store.answer(asked)), &ended, now);
    }
    assert!(
        query.is_none(),
        "what is left to do does not come to an end"
    );
}

impl Store {
    fn answer(&mut self, query: Query) -> Answer {
        match query {
            Query::Fact(_) => Answer::Fact(None),
            Query::Get { key } => Answer::Slot(self.0.get(&key).cloned()),
            Query::Set {
                key,
                value,
                version,
            } => {
                if self.0.get(&key).map(|slot| slot.version) != version {
                    return Answer::Conflict;
                }
                let version = version.map_or(1, |version| version + 1);
                self.0.insert(key, Stored { value, version });
                Answer::Written
            }
        }
    }

    /// Changes what stands in the slots: `cut` shortens one, `more` repeats its end, and any other byte takes the place of one.
    fn spoil(&mut self, input: &[u8]) {
        let seed = input.iter().fold(7_u64, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(u64::from(*byte))
        });
        let mut random = Random::new(seed);
        for slot in self.0.values_mut() {
            let value = &mut slot.value;
            let mut rest = input;
            while let Some((byte, others)) = rest.split_first() {
                let at = random.below(value.len());
                if let Some(others) = rest.strip_prefix(b"cut") {
                    value.truncate(at);
                    rest = others;
                } else if let Some(others) = rest.strip_prefix(b"more") {
                    let end = value.get(at..).unwrap_or_default().to_vec();
                    value.extend(end);
                    value.truncate(4096);
                    rest = others;
                } else {
                    if let Some(place) = value.get_mut(at) {
                        *place = *byte;
                    }
                    rest = others;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slots that nobody writes could hold anything.
    #[test]
    fn every_kind_of_slot_is_written() {
        let mut store = Store::default();
        exchanges(&mut store, NOW);
        for kind in ["limit", "lease", "abuse"] {
            let written = store.0.keys().any(|key| key.contains(kind));
            assert!(written, "{kind}: {:?}", store.0.keys());
        }
    }
}
