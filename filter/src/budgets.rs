//! Whether an exchange takes as many calls of the proxy as `testdata/budgets` says: the real engine, under the filter's own code, on a
//! proxy of paper.
//!
//! The whole life of an exchange counts. What many share (ticks, the fetching of leases and keys) does not belong to one.

use crate::drive::Engine;
use crate::host::counting::Counting;
use crate::host::{CallId, Side};
use crate::keeper::Keeper;
use crate::metrics::Metrics;
use crate::root::{Lasting, Root};
use crate::serving::Serving;
use crate::stream::Flow;
use meshward_engine::exchange::{Exchange, ResponseMessage};
use meshward_engine::remote::CallAnswer;
use meshward_testkit::host_calls::{Budget, Calls};
use meshward_testkit::{Corpus, Mistake, Run, Topic, load, policy};
use std::cell::RefCell;
use std::rc::Rc;

const ROOT: u32 = 1;
const STREAM: u32 = 2;
/// What a rate limit service says of one part of a lease: it fits into 1,000 per hour, 999 are left, and the next window begins in 30 seconds.
const FITS: &[u8] = b"\x12\x10\x08\x01\x12\x05\x08\xe8\x07\x10\x03\x18\xe7\x07\x22\x02\x08\x1e";

/// A worker with one policy.
struct Worker {
    host: Counting,
    keeper: Rc<Keeper<Counting, Engine>>,
    root: Root<Counting, Engine>,
}

/// What came of an exchange.
struct Played {
    status: u16,
    calls: Calls,
}

impl Worker {
    fn new(run: &Run, topic: &Topic) -> Self {
        let bundle = policy::bundle(run, topic).unwrap_or_else(|mistake| panic!("{mistake}"));
        let (bundle, _) = meshward_engine::bundle::write(&bundle).unwrap();
        let host = Counting::default();
        let keeper = Rc::new(Keeper::new());
        let lasting = Lasting {
            metrics: Rc::new(Metrics::new()),
            keeper: Rc::clone(&keeper),
            serving: Rc::new(Serving::default()),
            gauges: Rc::default(),
        };
        let mut root = Root::new(host.clone(), Engine, lasting, ROOT);
        {
            let mut state = host.fake.state.borrow_mut();
            state.clock = run.now.0 * 1000;
            state.configuration = bundle.clone().into_bytes();
        }
        assert!(root.configure(bundle.len()));
        Self { host, keeper, root }
    }

    /// Plays an exchange as a proxy does: parts of a body come before their end, and a refusal passes the filter once more.
    fn play(&self, exchange: &Exchange) -> Played {
        let read = exchange.prepare().unwrap();
        let bodiless = read.body().is_none();
        let request_body = read.body().unwrap_or_default().to_vec();
        let answer = exchange.response.as_ref().expect("a response is prepared");
        let response_body = answer.body.clone().unwrap_or_default().into_bytes();
        self.shows(exchange, answer, &request_body, &response_body);
        self.host.take();
        let stream = Rc::new(RefCell::new(self.root.stream()));
        let mut flow = stream.borrow_mut().request_head(bodiless);
        let waits = stream.borrow().waits_for();
        if let Some(wait) = waits {
            assert!(self.keeper.wait(&self.host, &stream, STREAM, wait));
            self.lease();
            assert!(self.host.fake.state.borrow().resumed.contains(&STREAM));
            flow = Flow::Pass;
        }
        let mut stream = stream.borrow_mut();
        for (size, last) in [(request_body.len(), false), (0, true)] {
            if !bodiless && self.status() == 0 {
                // What the filter does not hold has gone on.
                let held = if flow == Flow::Hold {
                    request_body.len()
                } else {
                    size
                };
                flow = stream.body(Side::Request, held, last);
            }
        }
        let refused = self.status();
        assert_eq!(flow == Flow::Pass, refused == 0);
        let empty = refused == 0 && response_body.is_empty();
        let mut flow = stream.response_head(empty);
        for last in [false, true] {
            if !empty {
                flow = stream.body(Side::Response, response_body.len(), last);
            }
        }
        assert_eq!(flow, Flow::Pass);
        stream.over();
        Played {
            status: if refused == 0 { answer.status } else { refused },
            calls: self.host.take(),
        }
    }

    /// What the proxy says of the exchange when it is asked.
    fn shows(&self, exchange: &Exchange, answer: &ResponseMessage, sent: &[u8], back: &[u8]) {
        let fake = &self.host.fake;
        let request = &exchange.request;
        let pseudo = [
            (":method", request.method.as_bytes()),
            (":authority", request.authority.as_bytes()),
            (":path", request.path.as_bytes()),
        ];
        let fields = request.headers.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), value.as_bytes()));
        fake.request(&pseudo.into_iter().chain(fields).collect::<Vec<_>>());
        let status = answer.status.to_string();
        let fields = answer.headers.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), value.as_bytes()));
        let status = std::iter::once((":status", status.as_bytes()));
        fake.response(&status.chain(fields).collect::<Vec<_>>());
        let number = |n: usize| i64::try_from(n).unwrap().to_le_bytes();
        for (path, value) in [
            ("source.address", b"127.0.0.1:4711".as_slice()),
            ("response.code_details", b"via_upstream"),
            ("response.code", &number(usize::from(answer.status))),
            ("request.size", &number(sent.len())),
            ("response.size", &number(back.len())),
        ] {
            fake.set_property(path, value);
        }
        if exchange.source.tls == Some(true) {
            fake.set_property("connection.tls_version", b"TLSv1.3");
        }
        let peer = exchange.source.principal.as_deref().unwrap_or_default();
        fake.set_property("connection.uri_san_peer_certificate", peer.as_bytes());
        let mut state = fake.state.borrow_mut();
        state.request_body = sent.to_vec();
        state.response_body = back.to_vec();
        state.reply = None;
    }

    /// Lets the lease come for which a request waits.
    fn lease(&self) {
        self.root.tick();
        let made = self.host.fake.state.borrow().calls.len();
        let id = CallId(u32::try_from(made).unwrap());
        self.root
            .called(id, |_| CallAnswer::Message(FITS.repeat(10)));
    }

    /// That of a refusal; 0 when there is none.
    fn status(&self) -> u16 {
        let state = self.host.fake.state.borrow();
        state.reply.as_ref().map_or(0, |reply| reply.status)
    }
}

/// What is wrong with the exchanges of a file.
fn differences(run: &Run, topic: &Topic) -> Vec<Mistake> {
    let worker = Worker::new(run, topic);
    let mut found = Vec::new();
    for case in &topic.file.case {
        let prepared = run.prepare(topic, case);
        let prepared = prepared.unwrap_or_else(|mistake| panic!("{mistake}"));
        for (exchange, ready) in case.exchange.iter().zip(&prepared) {
            let played = [(); 3].map(|()| worker.play(&ready.exchange));
            let status = exchange.expect.status;
            for one in &played {
                if one.status != status {
                    let what = format!("expected status {status}, got {}", one.status);
                    found.push(topic.at(case, what));
                }
            }
            let counted = Calls::of_three(played.map(|one| one.calls));
            println!("{:2} {}", counted.total(), case.name.get_ref());
            let budget = exchange.host_calls.as_ref();
            let what = match budget.map(|b| Budget::difference(b, &counted)) {
                None => Some(format!("has no budget: it takes {counted}")),
                Some(difference) => difference,
            };
            found.extend(what.map(|what| topic.at(case, what)));
        }
    }
    found
}

#[test]
fn exchanges_keep_to_their_budgets() {
    let lines = |found: Vec<Mistake>| found.iter().map(|m| format!("\n{m}")).collect::<String>();
    let corpus = Corpus::of_budgets().unwrap_or_else(|mistakes| panic!("{}", lines(mistakes)));
    let run = Run::start(&load::testdata()).unwrap();
    let topics = corpus.topics.iter();
    let found: Vec<_> = topics.flat_map(|topic| differences(&run, topic)).collect();
    assert!(found.is_empty(), "{}", lines(found));
}
