//! How many instructions the engine takes for what it does most: `cargo xtask instructions` runs it and compares it with a baseline.
//!
//! The requests are those of `testdata/budgets`. Each is judged once before it is counted, so that what lasts (tokens, slots, the caches of
//! patterns) is there; what is made ready for it, and what is left of it, does not count.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench that cannot begin fails by a panic"
)]
#![expect(missing_docs, reason = "the macros of the harness write what has none")]

use gungraun::{Callgrind, prelude::*};
use meshward_engine::config::Timestamp;
use meshward_engine::http::RequestHead;
use meshward_engine::transaction::{Answer, Event, Fact, Query, Step, Stored, Transaction};
use meshward_engine::verdict::Decision;
use meshward_engine::{Compiled, Policy, bundle, compile};
use meshward_testkit::{Corpus, Run, Topic, load, policy};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

const NOW: Timestamp = Timestamp(1_795_000_000_000_000);

/// A request that can be judged.
struct Ready {
    policy: Arc<Policy>,
    now: Timestamp,
    request: Option<(Box<RequestHead>, Vec<u8>)>,
    store: BTreeMap<Arc<str>, Stored>,
}

impl Ready {
    /// Judges the request once; a second one is ready then.
    fn new(policy: Arc<Policy>, now: Timestamp, head: &RequestHead, body: &[u8]) -> Self {
        let mut ready = Self {
            policy,
            now,
            request: None,
            store: BTreeMap::new(),
        };
        for _ in 0..2 {
            let again = Some((Box::new(head.clone()), body.to_vec()));
            if let Some(request) = std::mem::replace(&mut ready.request, again) {
                let after = ready.request.replace(request);
                ready.judge();
                ready.request = after;
            }
        }
        ready
    }

    /// From the head to the record, with the store in place of the proxy's shared data.
    fn judge(&mut self) -> Option<Decision> {
        let (head, body) = self.request.take()?;
        let mut body = Some(body);
        let transaction = Transaction::new(Arc::clone(&self.policy), self.now);
        let mut step = transaction.handle(Event::Request(head), self.now);
        loop {
            let (transaction, event) = match step {
                Step::Ask(transaction, query) => (transaction, Event::Answer(self.answer(query))),
                Step::NeedBody(transaction) => (transaction, Event::RequestBody(body.take()?)),
                Step::Forward(transaction, _) => (transaction, Event::NoResponse),
                Step::Deliver(record) | Step::Replace(record, _) | Step::Reply(record, _) => {
                    return Some(record.decision);
                }
                Step::Wait(..) | Step::Call(..) => return None,
            };
            step = transaction.handle(event, self.now);
        }
    }

    fn answer(&mut self, query: Query) -> Answer {
        match query {
            Query::Fact(Fact::Tls) => Answer::Fact(Some("TLSv1.3".to_owned())),
            Query::Fact(Fact::Address | Fact::Certificate) => Answer::Fact(None),
            Query::Get { key } => Answer::Slot(self.store.get(&key).cloned()),
            Query::Set { key, value, .. } => {
                self.store.insert(key, Stored { value, version: 1 });
                Answer::Written
            }
        }
    }
}

fn shop() -> (Run, Topic) {
    let run = Run::start(&load::testdata()).unwrap();
    let budgets = Corpus::of_budgets().unwrap();
    let shop = budgets.topics.into_iter().find(|t| t.name == "shop");
    (run, shop.unwrap())
}

/// The request of that case.
fn request(case: &str) -> Ready {
    tidied(request_of(case))
}

/// Lets the allocator sort what was freed now, for a large piece, and not within what is counted: how much there is of it is chance.
fn tidied(ready: Ready) -> Ready {
    drop(black_box(vec![0_u8; 100_000]));
    ready
}

fn request_of(case: &str) -> Ready {
    let (run, topic) = shop();
    let policy = policy::compile(&run, &topic).unwrap();
    let cases = &topic.file.case;
    let case = cases.iter().find(|c| c.name.get_ref() == case).unwrap();
    let prepared = run.prepare(&topic, case).unwrap().remove(0);
    let exchange = prepared.exchange.prepare().unwrap();
    let head = RequestHead {
        method: exchange.method().to_vec(),
        authority: exchange.authority().to_vec(),
        target: exchange.target().to_vec(),
        headers: exchange.headers().clone(),
        end_of_stream: exchange.body().is_none(),
        ..RequestHead::default()
    };
    let body = exchange.body().unwrap_or_default();
    Ready::new(policy, run.now, &head, body)
}

/// A request to one of so many endpoints.
fn one_of(endpoints: u32) -> Ready {
    let mut paths = String::new();
    for number in 0..endpoints {
        writeln!(
            paths,
            "  /area-{}/things-{number}/{{id}}: {{ parameters: [{{ name: id, in: path, required: true, schema: {{ type: integer }} }}], get: {{ responses: {{ '200': {{ description: Done }} }} }} }}",
            number % 7
        )
        .unwrap();
    }
    let description = format!(
        "openapi: 3.1.0\ninfo: {{ title: Many, version: '1' }}\nservers: [{{ url: 'http://many.test' }}]\npaths:\n{paths}"
    );
    let policy = "
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: many }
apis: [{ name: many, openapi: api.yaml, defaults: { authenticate: { public: true } } }]
";
    let files = BTreeMap::from([("api.yaml".to_owned(), description)]);
    let bundle = policy::from_text(policy, &files).unwrap();
    let policy = Arc::new(compile(&bundle).unwrap().policy);
    // One that both policies have, neither the first nor the last.
    let head = RequestHead {
        method: b"GET".to_vec(),
        authority: b"many.test".to_vec(),
        target: b"/area-5/things-5/42".to_vec(),
        end_of_stream: true,
        ..RequestHead::default()
    };
    tidied(Ready::new(policy, NOW, &head, &[]))
}

fn bundle_of_the_shop() -> String {
    let (run, topic) = shop();
    let bundle = policy::bundle(&run, &topic).unwrap();
    bundle::write(&bundle).unwrap().0
}

#[library_benchmark(setup = bundle_of_the_shop)]
#[bench::of_20_endpoints()]
fn accept(bundle: String) -> (String, Compiled) {
    let read = bundle::read(black_box(bundle.as_bytes())).unwrap();
    let compiled = compile(&read.document).unwrap();
    (bundle, compiled)
}

#[library_benchmark(setup = one_of)]
#[bench::of_10(10)]
#[bench::of_1000(1000)]
fn find(ready: Ready) -> Ready {
    expected(ready, Decision::Allow)
}

#[library_benchmark(setup = request)]
#[bench::get_public("a public endpoint")]
#[bench::get_key("an API key, its scope and a limit")]
#[bench::get_jwt_seen(
    "a token that was seen before, its scope, its object, a limit, and the contract of path and query"
)]
#[bench::post_1k("that token with a body of 1 KiB")]
fn admit(ready: Ready) -> Ready {
    expected(ready, Decision::Allow)
}

#[library_benchmark(setup = request)]
#[bench::unknown_key("a key that nobody has")]
#[bench::foreign_object("that token for somebody else's object")]
fn refuse(ready: Ready) -> Ready {
    expected(ready, Decision::Deny)
}

#[inline(always)]
fn expected(mut ready: Ready, decision: Decision) -> Ready {
    let decided = black_box(&mut ready).judge();
    if decided != Some(decision) {
        panic!("expected {decision:?}, got {decided:?}");
    }
    ready
}

library_benchmark_group!(name = policies, benchmarks = [accept]);
library_benchmark_group!(name = requests, benchmarks = [find, admit, refuse]);

main!(
    // Instructions depend on what is run, and on nothing else; caches and cycles would be guesses.
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = [policies, requests]
);
