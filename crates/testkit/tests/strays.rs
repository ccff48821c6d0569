//! Callers beside their peers, replayed from a fixed seed: through the engine, with what it asks of the proxy counted.

use meshward_engine::Policy;
use meshward_engine::config::Timestamp;
use meshward_engine::http::{Headers, RequestHead};
use meshward_engine::transaction::{Answer, Ended, Event, Query, Step, Stored, Transaction};
use meshward_engine::verdict::{Finding, Reason};
use meshward_testkit::policy;
use meshward_testkit::scenario::Random;
use std::collections::BTreeMap;
use std::sync::Arc;

const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;
const BEGIN: u64 = 1_800_000_000 * SECOND;
/// Clerks have the numbers up to 50, admins those above.
const CLERKS: u64 = 50;
const ADMINS: u64 = 10;

#[expect(clippy::unwrap_used, reason = "it serves tests alone")]
fn policy(watched: bool) -> Arc<Policy> {
    let keys = (0..=CLERKS + ADMINS).map(|n| {
        let role = if n <= CLERKS { "clerk" } else { "admin" };
        let digest = sha256(&key(n));
        format!(r#"{{ id: "c{n}", sha256: "{digest}", claims: {{ role: {role} }} }}"#)
    });
    let keys: Vec<String> = keys.collect();
    let endpoints = (0..20).map(|n| format!("{{ match: {{ method: GET, path: /e{n} }} }}"));
    let endpoints: Vec<String> = endpoints.collect();
    let text = format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: strays }}
transport: {{ plainText: allow }}
identityProviders:
  callers: {{ apiKey: {{ in: header, name: x-api-key, keys: [{}] }} }}
abuse:
  strays: {{ key: [identity.subject], peers: {{ by: [claims.role] }} }}
apis:
  - name: shop
    hosts: [shop.test]
    defaults: {{ authenticate: {{ anyOf: [callers] }}, abuse: [{}] }}
    endpoints: [{}]
",
        keys.join(", "),
        if watched { "strays" } else { "" },
        endpoints.join(", ")
    );
    let bundle = policy::from_text(&text, &BTreeMap::new()).unwrap();
    Arc::new(meshward_engine::compile(&bundle).unwrap().policy)
}

fn key(number: u64) -> String {
    format!("the-key-of-caller-{number:04}")
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A proxy: its shared data, and how often it was asked.
struct Proxy {
    policy: Arc<Policy>,
    slots: BTreeMap<Arc<str>, Stored>,
    reads: u32,
    writes: u32,
}

impl Proxy {
    fn new(watched: bool) -> Self {
        Self {
            policy: policy(watched),
            slots: BTreeMap::new(),
            reads: 0,
            writes: 0,
        }
    }

    /// A request that the service answers with this status, if it comes there. Gives why it was refused, and what was found.
    #[expect(clippy::panic, reason = "it serves tests alone")]
    fn call(
        &mut self,
        caller: u64,
        endpoint: u64,
        status: u16,
        now: u64,
    ) -> (Option<Reason>, Vec<Finding>) {
        let now = Timestamp(now);
        let head = RequestHead {
            method: b"GET".to_vec(),
            authority: b"shop.test".to_vec(),
            target: format!("/e{endpoint}").into_bytes(),
            headers: Headers::new(vec![(b"x-api-key".to_vec(), key(caller).into_bytes())]),
            end_of_stream: true,
            ..RequestHead::default()
        };
        let transaction = Transaction::new(Arc::clone(&self.policy), now);
        let mut step = transaction.handle(Event::Request(Box::new(head)), now);
        let mut record = loop {
            step = match step {
                Step::Ask(transaction, query) => {
                    let answer = self.answer(query);
                    transaction.handle(Event::Answer(answer), now)
                }
                Step::Forward(transaction, _) => transaction.handle(Event::NoResponse, now),
                Step::Deliver(record) | Step::Reply(record, _) => break record,
                Step::Wait(..) | Step::Call(..) | Step::NeedBody(_) | Step::Replace(..) => {
                    panic!("nothing here waits")
                }
            };
        };
        let ended = Ended {
            reason: record.reason,
            status: record.status.or(Some(status)),
            ..Ended::default()
        };
        if let Some(mut afterwards) = record.afterwards.take() {
            let mut answer = None;
            while let Some(query) = afterwards.step(answer, &ended, now) {
                answer = Some(self.answer(query));
            }
        }
        (record.reason, std::mem::take(&mut record.findings))
    }

    fn answer(&mut self, query: Query) -> Answer {
        match query {
            Query::Fact(_) => Answer::Fact(None),
            Query::Get { key } => {
                self.reads += 1;
                Answer::Slot(self.slots.get(&key).cloned())
            }
            Query::Set {
                key,
                value,
                version,
            } => {
                self.writes += 1;
                assert_eq!(self.slots.get(&key).map(|s| s.version), version);
                let version = version.unwrap_or_default() + 1;
                self.slots.insert(key, Stored { value, version });
                Answer::Written
            }
        }
    }
}

#[test]
fn one_that_strays_is_refused_and_fifty_peers_are_not() {
    let mut proxy = Proxy::new(true);
    let mut random = Random(20_261_123);
    let (mut strayed, mut ordinary) = (0, 0);
    for step in 0..10_000 {
        // Six days. Clerks use 0 to 15, admins all.
        let now = BEGIN + step * 52 * SECOND;
        let caller = 1 + random.draw() % (CLERKS + ADMINS);
        let endpoint = random.draw() % if caller > CLERKS { 20 } else { 16 };
        let (refused, findings) = proxy.call(caller, endpoint, 200, now);
        assert_eq!(
            (refused, findings.len()),
            (None, 0),
            "{caller} at {endpoint}"
        );
        ordinary += 1;
        // After the learning time somebody has the credential of a clerk, and tries what only admins do.
        if now > BEGIN + DAY && step % 50 == 0 {
            let (refused, findings) = proxy.call(7, 16 + random.draw() % 4, 200, now);
            assert_eq!(refused, Some(Reason::EndpointUnusual));
            let evidence = "an endpoint that fewer than 3 callers with the same `claims.role` have called within 7days: 0 did";
            assert_eq!(findings[0].detail.as_deref(), Some(evidence));
            assert_eq!(findings[0].at.as_deref(), Some("abuse.strays"));
            strayed += 1;
        }
    }
    assert!(strayed > 150, "{strayed}");
    // One read for each request, and a second one only where something was learned.
    assert_eq!(proxy.reads, ordinary + strayed + proxy.writes);
    assert!(proxy.writes < 500, "{}", proxy.writes);
    println!(
        "{ordinary} ordinary requests, {strayed} that strayed: {} reads, {} writes",
        proxy.reads, proxy.writes
    );
}

#[test]
fn who_knocks_alone_in_the_learning_time_makes_nothing_known() {
    let mut proxy = Proxy::new(true);
    let mut random = Random(7);
    let end = BEGIN + DAY;
    for step in 0..2_000 {
        let now = BEGIN + step * 40 * SECOND;
        let (refused, _) = proxy.call(1 + random.draw() % CLERKS, random.draw() % 8, 200, now);
        assert_eq!(refused, None);
        // The poisoner is answered, a second one of its kind is not.
        let (refused, findings) = proxy.call(50, 18, 200, now);
        assert_eq!((refused, findings.len()), (None, 0));
        let _ = proxy.call(49, 19, 403, now);
    }
    let unusual = Some(Reason::EndpointUnusual);
    assert_eq!(proxy.call(50, 18, 200, end).0, unusual);
    assert_eq!(proxy.call(49, 19, 200, end).0, unusual);
    assert_eq!(proxy.call(50, 3, 200, end).0, None);
}

#[test]
fn who_does_not_watch_asks_nothing() {
    let mut proxy = Proxy::new(false);
    assert_eq!(proxy.call(1, 1, 200, BEGIN).0, None);
    assert_eq!((proxy.reads, proxy.writes), (0, 0));
}
