//! Several workers, one store, and a server that counts: without a proxy, and with a clock that the test turns.

use super::*;
use crate::config::{Discovery, Jwks, Timestamp};
use crate::http::Headers;
use crate::identity::testing::TestKey;
use crate::remote::CallAnswer;
use crate::transaction::{Answer, Stored};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000;

/// The shared data of a proxy.
#[derive(Default)]
struct Store {
    slots: BTreeMap<Arc<str>, Stored>,
    writes: u32,
}

impl Store {
    fn answer(&mut self, query: Query) -> Answer {
        match query {
            Query::Fact(_) => Answer::Failed,
            Query::Get { key } => Answer::Slot(self.slots.get(&key).cloned()),
            Query::Set {
                key,
                value,
                version,
            } => {
                if self.slots.get(&key).map(|s| s.version) != version {
                    return Answer::Conflict;
                }
                self.writes += 1;
                let version = self.writes;
                self.slots.insert(key, Stored { value, version });
                Answer::Written
            }
        }
    }
}

fn worker(settings: Value) -> RemoteKeys {
    let mut config = json!({"uri": "https://idp.example/certs", "cluster": "idp"});
    let members = settings.as_object().unwrap().clone();
    config.as_object_mut().unwrap().extend(members);
    let config: Jwks = serde_json::from_value(config).unwrap();
    let mut problems = Vec::new();
    let keys = RemoteKeys::at_place("corp", "", &config, &[Algorithm::ES256], &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    keys.unwrap()
}

fn key_set(kids: &[&str]) -> CallAnswer {
    let keys: Vec<Value> = kids.iter().map(|kid| TestKey::p256().jwk(kid)).collect();
    response(200, &[], &json!({ "keys": keys }).to_string())
}

fn response(status: u16, fields: &[(&str, &str)], body: &str) -> CallAnswer {
    let json = [("content-type", "application/json")];
    let fields = json.iter().chain(fields);
    CallAnswer::Response {
        status,
        headers: Headers::new(
            fields
                .map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec()))
                .collect(),
        ),
        body: body.as_bytes().to_vec(),
    }
}

/// Runs a machine until it rests or calls.
fn run(worker: &RemoteKeys, store: &mut Store, mut task: Task, now: u64) -> Option<Call> {
    for _ in 0..20 {
        task = match task {
            Task::Ask(query) => worker.answer(store.answer(query), Timestamp(now)),
            Task::Call(call) => return Some(call),
            Task::Rest => return None,
        };
    }
    panic!("the machine does not come to rest");
}

fn tick(worker: &RemoteKeys, store: &mut Store, now: u64) -> Option<Call> {
    run(worker, store, worker.tick(Timestamp(now), true), now)
}

fn answer(worker: &RemoteKeys, store: &mut Store, answer: &CallAnswer, now: u64) {
    let task = worker.called(answer, Timestamp(now));
    assert_eq!(run(worker, store, task, now), None);
}

fn finds(worker: &RemoteKeys, kid: &str, now: u64) -> &'static str {
    match worker.readiness(Some(kid), Timestamp(now), false, Timestamp(now)) {
        Readiness::Ready => "ready",
        Readiness::Wait => "wait",
        Readiness::Unavailable(_) => "unavailable",
    }
}

#[test]
fn one_worker_fetches_for_all() {
    let mut store = Store::default();
    let (a, b) = (worker(json!({})), worker(json!({})));
    assert_eq!(finds(&a, "k1", SECOND), "wait");
    let call = tick(&a, &mut store, SECOND).expect("the first tick fetches");
    assert_eq!((call.method, &*call.path), ("GET", "/certs"));
    assert_eq!(tick(&b, &mut store, SECOND), None, "the lease is taken");
    assert_eq!(finds(&b, "k1", SECOND), "wait");

    answer(&a, &mut store, &key_set(&["k1"]), 2 * SECOND);
    assert_eq!(finds(&a, "k1", 2 * SECOND), "ready");
    assert_eq!(
        tick(&b, &mut store, 2 * SECOND),
        None,
        "there is nothing to fetch"
    );
    assert_eq!(finds(&b, "k1", 2 * SECOND), "ready");

    // A new policy finds them without fetching.
    let c = worker(json!({"refresh": "10m"}));
    let task = c.tick(Timestamp(3 * SECOND), false);
    assert_eq!(run(&c, &mut store, task, 3 * SECOND), None);
    assert_eq!(finds(&c, "k1", 3 * SECOND), "ready");
}

#[test]
fn keys_are_renewed_before_they_are_old() {
    let mut store = Store::default();
    let a = worker(json!({"refresh": "100s", "maxStale": "50s"}));
    assert!(tick(&a, &mut store, SECOND).is_some());
    let tagged = |age| response(200, &[("etag", "\"1\""), ("cache-control", age)], &body());
    answer(&a, &mut store, &tagged("no-cache"), SECOND);
    assert_eq!(tick(&a, &mut store, 79 * SECOND), None);
    let call = tick(&a, &mut store, 92 * SECOND).expect("it is time");
    assert!(
        call.headers
            .contains(&("if-none-match", "\"1\"".to_owned()))
    );
    let before = a.current(Timestamp(92 * SECOND)).unwrap();
    answer(&a, &mut store, &response(304, &[], ""), 92 * SECOND);
    assert!(Arc::ptr_eq(
        &a.current(Timestamp(92 * SECOND)).unwrap(),
        &before
    ));

    // A shorter lifetime that the issuer wishes counts.
    assert!(tick(&a, &mut store, 190 * SECOND).is_some());
    answer(&a, &mut store, &tagged("public, max-age=20"), 190 * SECOND);
    assert!(tick(&a, &mut store, 209 * SECOND).is_some());
    answer(&a, &mut store, &CallAnswer::Failed, 209 * SECOND);

    // Then they serve for as long as they may, and no longer.
    assert!(a.current(Timestamp(259 * SECOND)).is_some());
    assert!(a.current(Timestamp(261 * SECOND)).is_none());
}

fn body() -> String {
    json!({ "keys": [TestKey::p256().jwk("k1")] }).to_string()
}

#[test]
fn unknown_names_lead_to_one_fetch_per_cool_down() {
    let mut store = Store::default();
    let workers = [worker(json!({})), worker(json!({})), worker(json!({}))];
    let mut calls = 0;
    // Ten minutes, ten ticks a second, and a made-up name at every worker on each.
    for step in 0..6_000 {
        let now = SECOND + step * SECOND / 10;
        for (index, worker) in workers.iter().enumerate() {
            finds(worker, &format!("made-up-{index}-{step}"), now);
            if tick(worker, &mut store, now).is_some() {
                calls += 1;
                answer(worker, &mut store, &key_set(&["k1"]), now);
            }
        }
    }
    assert!(calls <= 600 / 5 + 3, "{calls} fetches in ten minutes");
    assert!(calls >= 600 / 5 - 3, "{calls} fetches in ten minutes");
}

#[test]
fn a_new_key_is_there_after_one_fetch() {
    let mut store = Store::default();
    let (a, b) = (worker(json!({})), worker(json!({})));
    assert!(tick(&a, &mut store, SECOND).is_some());
    answer(&a, &mut store, &key_set(&["k1"]), SECOND);
    assert_eq!(tick(&b, &mut store, 2 * SECOND), None);

    assert_eq!(finds(&b, "k2", 30 * SECOND), "wait");
    assert!(tick(&b, &mut store, 30 * SECOND).is_some());
    let before = b.current(Timestamp(30 * SECOND)).unwrap();
    answer(&b, &mut store, &key_set(&["k1", "k2"]), 30 * SECOND);
    assert_eq!(finds(&b, "k2", 30 * SECOND), "ready");
    assert!(!Arc::ptr_eq(
        &b.current(Timestamp(30 * SECOND)).unwrap(),
        &before
    ));
    // The other finds it in the store.
    assert_eq!(finds(&a, "k2", 30 * SECOND), "wait");
    assert_eq!(tick(&a, &mut store, 30 * SECOND), None);
    assert_eq!(finds(&a, "k2", 30 * SECOND), "ready");
}

#[test]
fn a_failure_is_tried_again_later_and_later() {
    let mut store = Store::default();
    let a = worker(json!({}));
    let mut attempts = Vec::new();
    for step in 0..600 {
        let now = SECOND + step * SECOND / 10;
        if tick(&a, &mut store, now).is_some() {
            attempts.push(now);
            answer(&a, &mut store, &CallAnswer::Failed, now);
            assert!(a.take_note().unwrap().warning);
            assert_eq!(finds(&a, "k1", now), "unavailable");
        }
    }
    assert!((8..=16).contains(&attempts.len()), "{attempts:?}");
    let gaps: Vec<_> = attempts.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(gaps.iter().all(|gap| *gap <= 11 * SECOND), "{gaps:?}");

    let last = 100 * SECOND;
    assert!(tick(&a, &mut store, last).is_some());
    answer(&a, &mut store, &key_set(&["k1"]), last);
    assert_eq!(finds(&a, "k1", last), "ready");
}

#[test]
fn a_worker_that_is_gone_holds_nobody_up() {
    let mut store = Store::default();
    let (a, b) = (worker(json!({})), worker(json!({})));
    assert!(tick(&a, &mut store, SECOND).is_some());
    assert_eq!(tick(&b, &mut store, 5 * SECOND), None);
    assert!(tick(&b, &mut store, 7 * SECOND).is_some());
    answer(&b, &mut store, &key_set(&["k1"]), 7 * SECOND);
    // The answer that comes too late takes nothing away.
    answer(&a, &mut store, &CallAnswer::Failed, 8 * SECOND);
    assert_eq!(tick(&a, &mut store, 8 * SECOND), None);
    assert_eq!(finds(&a, "k1", 8 * SECOND), "ready");
}

#[test]
fn a_bad_answer_changes_nothing() {
    let mut store = Store::default();
    let a = worker(json!({"refresh": "10s"}));
    assert!(tick(&a, &mut store, SECOND).is_some());
    answer(&a, &mut store, &key_set(&["k1"]), SECOND);
    let bad = [
        CallAnswer::Failed,
        CallAnswer::TooLong,
        response(500, &[], &body()),
        response(304, &[], ""),
        response(200, &[], "{"),
        response(200, &[], "{}"),
        response(200, &[], "{\"keys\":[]}"),
        response(200, &[], "{\"keys\":{}}"),
        response(200, &[("content-type", "text/html")], &body()),
    ];
    let mut now = 11 * SECOND;
    for answered in bad {
        assert!(tick(&a, &mut store, now).is_some());
        answer(&a, &mut store, &answered, now);
        assert_eq!(finds(&a, "k1", now), "ready", "{answered:?}");
        now += 11 * SECOND;
    }
}

#[test]
fn an_issuer_speaks_for_itself_alone() {
    let config: Discovery = serde_json::from_value(json!({"cluster": "idp"})).unwrap();
    let issuer = "https://idp.example/realms/shop/";
    let mut problems = Vec::new();
    let keys = RemoteKeys::by_discovery(
        "corp",
        "",
        issuer,
        &config,
        &[Algorithm::ES256],
        &mut problems,
    );
    let a = keys.unwrap();
    let mut store = Store::default();
    let mut now = SECOND;
    let describe = |issuer: &str, uri: &str| {
        let description = json!({"issuer": issuer, "jwks_uri": uri});
        response(200, &[], &description.to_string())
    };
    for (named, uri) in [
        (
            "https://idp.example/realms/shop",
            "https://idp.example/certs",
        ),
        (issuer, "https://evil.example/certs"),
        (issuer, "https://idp.example:444/certs"),
        (issuer, "http://idp.example/certs"),
        (issuer, "https://idp.example@evil.example/certs"),
        (issuer, "file:///etc/passwd"),
    ] {
        let call = tick(&a, &mut store, now).expect("an attempt is due");
        assert_eq!(call.path, "/realms/shop/.well-known/openid-configuration");
        answer(&a, &mut store, &describe(named, uri), now);
        assert_eq!(finds(&a, "k1", now), "unavailable", "{uri}");
        now += 20 * SECOND;
    }
    assert!(tick(&a, &mut store, now).is_some());
    let found = describe(issuer, "https://IDP.example/certs");
    let task = a.called(&found, Timestamp(now));
    let call = run(&a, &mut store, task, now).expect("the keys are asked for");
    assert_eq!((&*call.authority, &*call.path), ("idp.example", "/certs"));
    answer(&a, &mut store, &key_set(&["k1"]), now);
    assert_eq!(finds(&a, "k1", now), "ready");
}
