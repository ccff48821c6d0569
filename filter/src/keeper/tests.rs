//! Streams that wait for keys, on a proxy of paper.

use super::*;
use crate::drive::Engine;
use crate::host::fake::Fake;
use crate::metrics::Metrics;
use crate::policy::{Loaded, load};
use meshward_engine::http::Headers;

const ROOT: u32 = 1;
const BUNDLE: &str = r#"{"apiVersion":"meshward.dev/v1","kind":"Bundle","metadata":{"name":"test"},
    "identityProviders":{"corp":{"jwt":{"issuer":"i","audiences":["a"],"algorithms":["ES256"],
        "jwks":{"uri":"https://idp.test/certs","cluster":"idp","timeout":"1s"}}}},
    "apis":[{"name":"a","hosts":["*"],"endpoints":[{"match":{"method":"GET","path":"/"},"authenticate":{"anyOf":["corp"]}}]}]}"#;
/// `{"alg":"ES256","kid":"k1"}`, `{"iss":"i"}`, and a signature that is none.
const TOKEN: &[u8] = b"Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJpIn0.AAAA";
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

struct Case {
    host: Fake,
    keeper: Keeper<Fake, Engine>,
    loaded: Rc<Loaded>,
}

fn case() -> Case {
    let host = Fake::default();
    host.request(&[
        (":method", b"GET"),
        (":authority", b"shop"),
        (":path", b"/"),
        ("authorization", TOKEN),
    ]);
    let keeper = Keeper::new();
    let loaded = Rc::new(load(BUNDLE.as_bytes(), [0; 16]).unwrap());
    keeper.keep(&host, 1, &loaded.policy, host.now());
    Case {
        host,
        keeper,
        loaded,
    }
}

fn answered(body: &str) -> CallAnswer {
    let json = (b"content-type".to_vec(), b"application/json".to_vec());
    CallAnswer::Response {
        status: 200,
        headers: Headers::new(vec![json]),
        body: body.as_bytes().to_vec(),
    }
}

impl Case {
    /// A stream whose request waits.
    fn waiting(&self, context: u32) -> SharedStream<Fake, Engine> {
        let metrics = Rc::new(Metrics::new());
        let loaded = Some(Rc::clone(&self.loaded));
        let stream = Stream::new(self.host.clone(), Engine, metrics, loaded);
        let stream = Rc::new(RefCell::new(stream));
        assert_eq!(stream.borrow_mut().request_head(true), Flow::Hold);
        let wait = stream.borrow().waits_for().expect("it waits for keys");
        assert!(self.keeper.wait(&self.host, &stream, context, wait));
        stream
    }

    fn reply(&self) -> Option<u16> {
        let reply = self.host.state.borrow_mut().reply.take();
        reply.map(|reply| reply.status)
    }
}

#[test]
fn waiting_requests_go_on_when_the_keys_come() {
    let case = case();
    let period = || case.host.state.borrow().period;
    assert_eq!(period(), Some(EAGER));
    let stream = case.waiting(7);
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.host.state.borrow().calls.len(), 1);
    assert_eq!(case.reply(), None);
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.host.state.borrow().calls.len(), 1, "one at a time");

    let keys = answered(KEYS);
    case.keeper
        .called(&case.host, ROOT, CallId(1), |_| keys, case.host.now());
    assert_eq!(
        case.reply(),
        Some(401),
        "judged, and its signature is wrong"
    );
    assert_eq!(case.host.state.borrow().context, ROOT, "and back again");
    assert!(!stream.borrow().is_waiting());
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(period(), Some(CALM));
}

#[test]
fn a_call_that_cannot_be_made_is_a_failure_at_once() {
    let case = case();
    let _stream = case.waiting(7);
    case.host.state.borrow_mut().calls_fail = true;
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.reply(), Some(503));
    let warnings = case.host.lines(log::Level::Warn);
    assert!(warnings[0].contains("`corp`"), "{warnings:?}");
}

#[test]
fn who_has_gone_is_forgotten_and_who_waits_too_long_is_answered() {
    let case = case();
    drop(case.waiting(7));
    let ended = case.waiting(8);
    ended.borrow_mut().over();
    let _late = case.waiting(9);
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.keeper.waiting.borrow().len(), 2);
    case.host.state.borrow_mut().clock += 2_000_000_000;
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.reply(), Some(503));
    assert!(case.keeper.waiting.borrow().is_empty());
}

#[test]
fn so_many_wait_and_no_more() {
    let case = case();
    let streams: Vec<_> = (0..MOST_WAITING).map(|_| case.waiting(7)).collect();
    let wait = streams[0].borrow().waits_for().unwrap();
    assert!(!case.keeper.wait(&case.host, &streams[0], 7, wait));
    assert_eq!(streams[0].borrow_mut().waited_enough(), Flow::Hold);
    assert_eq!(case.reply(), Some(503));
}

#[test]
fn a_root_that_ends_leaves_the_fetch_to_another() {
    let case = case();
    let _stream = case.waiting(7);
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.host.state.borrow().calls.len(), 1);
    case.keeper.leave(&case.host, ROOT + 1, case.host.now());
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.host.state.borrow().calls.len(), 1, "not its call");

    case.keeper.leave(&case.host, ROOT, case.host.now());
    assert_eq!(case.reply(), None, "it waits on");
    case.keeper
        .tick(&case.host, ROOT + 1, true, case.host.now());
    assert_eq!(case.host.state.borrow().calls.len(), 2);
}

const SHARED: &str = r#"{"apiVersion":"meshward.dev/v1","kind":"Bundle","metadata":{"name":"test"},
    "limits":{"quota":{"key":[],"global":{"cluster":"rl","requests":1000,"unit":"minute","timeout":"1s"}}},
    "apis":[{"name":"a","hosts":["*"],"endpoints":[{"match":{"method":"GET","path":"/"},"authenticate":{"public":true},"limits":["quota"]}]}]}"#;
/// What the service says of one hit of a limit of 1,000 per minute: it fits, 999 are left, and the next window begins in 30 seconds.
const FITS: &[u8] = b"\x12\x10\x08\x01\x12\x05\x08\xe8\x07\x10\x02\x18\xe7\x07\x22\x02\x08\x1e";

fn shared() -> Case {
    shared_by(SHARED)
}

fn shared_by(bundle: &str) -> Case {
    let host = Fake::default();
    host.state.borrow_mut().clock = 1_700_000_000_000_000_000;
    host.request(&[
        (":method", b"GET"),
        (":authority", b"shop"),
        (":path", b"/"),
    ]);
    let keeper = Keeper::new();
    let loaded = Rc::new(load(bundle.as_bytes(), [0; 16]).unwrap());
    keeper.keep(&host, ROOT, &loaded.policy, host.now());
    Case {
        host,
        keeper,
        loaded,
    }
}

#[test]
fn all_who_wait_for_a_lease_share_one_call() {
    let case = shared();
    let streams: Vec<_> = (7..12).map(|context| case.waiting(context)).collect();
    assert_eq!(case.host.state.borrow().period, Some(PROMPT));
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    {
        let state = case.host.state.borrow();
        assert_eq!(state.calls.len(), 1, "one for all");
        assert_eq!(state.calls[0].cluster, "rl");
        assert_eq!(state.resumed, [0; 0]);
    }
    let answer = CallAnswer::Message(FITS.repeat(10));
    case.keeper
        .called(&case.host, ROOT, CallId(1), |_| answer, case.host.now());
    assert_eq!(case.host.state.borrow().resumed, [7, 8, 9, 10, 11]);
    assert_eq!(case.host.state.borrow().context, ROOT, "and back again");
    assert!(streams.iter().all(|stream| !stream.borrow().is_waiting()));
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.host.state.borrow().period, Some(CALM));
}

#[test]
fn who_waits_for_a_lease_in_vain_is_answered() {
    let case = shared();
    let _stream = case.waiting(7);
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    case.host.state.borrow_mut().clock += 2_000_000_000;
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.reply(), Some(503));

    // The answer never came. Where no call can be made either, nobody waits for long, and an operator is told.
    case.host.state.borrow_mut().clock += 1_000_000_000;
    case.host.state.borrow_mut().calls_fail = true;
    let _stream = case.waiting(8);
    for _ in 0..3 {
        case.keeper.tick(&case.host, ROOT, true, case.host.now());
    }
    assert_eq!(case.reply(), Some(503));
    let warnings = case.host.lines(log::Level::Warn);
    assert!(warnings[0].contains("`rl`"), "{warnings:?}");
}

#[test]
fn a_root_that_ends_leaves_the_question_to_another() {
    let case = shared();
    let _stream = case.waiting(7);
    case.keeper.tick(&case.host, ROOT, true, case.host.now());
    assert_eq!(case.host.state.borrow().calls.len(), 1);
    case.keeper.leave(&case.host, ROOT, case.host.now());
    // Until the first question's time is over, another worker must believe that its answer will come.
    case.host.state.borrow_mut().clock += 999_000_000;
    case.keeper
        .tick(&case.host, ROOT + 1, true, case.host.now());
    assert_eq!(case.host.state.borrow().calls.len(), 1);
}

/// A stream with a call of its own, made in the callback of another root than its own: what it takes is more than the first lease.
fn calling() -> (Case, SharedStream<Fake, Engine>) {
    let costly = r#""requests":20,"unit":"minute","timeout":"1s"},"cost":{"fixed":10}"#;
    let bundle = SHARED.replace(r#""requests":1000,"unit":"minute","timeout":"1s"}"#, costly);
    let case = shared_by(&bundle);
    let stream = case.waiting(7);
    let (host, now) = (&case.host, case.host.now());
    case.keeper.tick(host, ROOT + 1, true, now);
    let lease = CallAnswer::Message(FITS.to_vec());
    case.keeper
        .called(host, ROOT + 1, CallId(1), |_| lease, now);
    assert_eq!(host.state.borrow().calls.len(), 2, "it asks for itself");
    assert_eq!(host.state.borrow().context, ROOT + 1);
    (case, stream)
}

#[test]
fn an_answer_is_read_where_the_call_was_made() {
    let (case, _stream) = calling();
    let (host, now) = (&case.host, case.host.now());
    let read = |host: &Fake| {
        assert_eq!(host.state.borrow().context, 7, "another root has no answer");
        CallAnswer::Message(FITS.to_vec())
    };
    case.keeper.called(host, ROOT + 1, CallId(2), read, now);
    assert_eq!(host.state.borrow().resumed, [7]);
    assert_eq!(host.state.borrow().context, ROOT + 1, "and back again");
}

#[test]
fn a_root_that_ends_leaves_nobody_hanging() {
    let (case, stream) = calling();
    let (host, now) = (&case.host, case.host.now());
    case.keeper.leave(host, ROOT, now);
    assert_eq!(case.reply(), None, "not its call");
    case.keeper.leave(host, ROOT + 1, now);
    assert_eq!(case.reply(), Some(503));
    assert!(stream.borrow().awaits().is_none());
}
