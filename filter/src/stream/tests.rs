//! Streams under a script in place of the engine: what the proxy is told for each step.

use super::*;
use crate::host::fake::Fake;
use crate::policy::{SMALLEST, load};
use meshward_engine::transaction::{Query, Step};
use std::cell::RefCell;
use std::collections::VecDeque;

type Line = Box<dyn FnOnce(Box<Transaction>) -> Step>;

/// Says one step for each event, and keeps the events.
#[derive(Clone, Default)]
struct Script {
    steps: Rc<RefCell<VecDeque<Line>>>,
    events: Rc<RefCell<Vec<String>>>,
}

impl Judge for Script {
    fn judge(&self, transaction: Box<Transaction>, event: Event, _now: Timestamp) -> Step {
        self.events.borrow_mut().push(short(&event));
        let line = self.steps.borrow_mut().pop_front();
        line.expect("the script has an end")(transaction)
    }
}

fn short(event: &Event) -> String {
    match event {
        Event::Request(head) => format!("request {}", String::from_utf8_lossy(&head.target)),
        Event::RequestProgress(size) => format!("request progress {size}"),
        Event::RequestBody(body) => format!("request body {}", String::from_utf8_lossy(body)),
        Event::Answer(answer) => format!("{answer:?}"),
        Event::Waited { enough } => format!("waited, enough: {enough}"),
        Event::Called(answer) => format!("called {answer:?}"),
        Event::Response(head) => format!("response {}", head.status),
        Event::NoResponse => "no response".to_owned(),
        Event::ResponseProgress(size) => format!("response progress {size}"),
        Event::ResponseBody(body) => format!("response body {}", String::from_utf8_lossy(body)),
        Event::NotHeld => "not held".to_owned(),
    }
}

struct Case {
    host: Fake,
    script: Script,
    stream: Stream<Fake, Script>,
}

fn case(steps: Vec<Line>) -> Case {
    let host = Fake::default();
    host.request(&[
        (":method", b"GET"),
        (":authority", b"shop"),
        (":path", b"/a"),
    ]);
    host.response(&[(":status", b"200")]);
    let script = Script {
        steps: Rc::new(RefCell::new(steps.into())),
        ..Script::default()
    };
    let loaded = load(SMALLEST.as_bytes(), [0; 16]).unwrap();
    let metrics = Rc::new(Metrics::new());
    metrics.allow(loaded.policy.max_series());
    let stream = Stream::new(host.clone(), script.clone(), metrics, Some(Rc::new(loaded)));
    Case {
        host,
        script,
        stream,
    }
}

impl Case {
    fn events(&self) -> Vec<String> {
        self.script.events.borrow().clone()
    }

    fn refused_with(&self) -> Option<u16> {
        self.host.state.borrow().reply.as_ref().map(|r| r.status)
    }

    fn log(&self) -> Vec<String> {
        self.host.lines(log::Level::Info)
    }
}

fn hold() -> Line {
    Box::new(Step::NeedBody)
}

fn forward(watch_response: bool) -> Line {
    let how = Forward {
        watch_response,
        ..Forward::default()
    };
    Box::new(move |transaction| Step::Forward(transaction, how))
}

fn deliver() -> Line {
    Box::new(|_| Step::Deliver(admitted()))
}

fn reply() -> Line {
    Box::new(|_| {
        let (record, reply) = outcome::refusal(Reason::CredentialMissing, None, Timestamp(0));
        Step::Reply(record, reply)
    })
}

fn ask(query: Query) -> Line {
    Box::new(move |transaction| Step::Ask(transaction, query))
}

fn admitted() -> Box<Record> {
    let (mut record, _) = outcome::refusal(Reason::Internal, None, Timestamp(0));
    record.decision = meshward_engine::verdict::Decision::Allow;
    record.reason = None;
    record.status = None;
    record
}

#[test]
fn an_admitted_request_passes_and_its_response_is_not_looked_at() {
    let mut case = case(vec![forward(false), deliver()]);
    assert_eq!(case.stream.request_head(true), Flow::Pass);
    assert_eq!(case.events(), ["request /a", "no response"]);
    assert!(
        case.host.state.borrow().published.is_empty(),
        "only what is notable is shown"
    );
    assert_eq!(case.host.metric("meshward_requests;"), 1);

    assert_eq!(case.stream.response_head(false), Flow::Pass);
    assert_eq!(case.stream.body(Side::Response, 3, true), Flow::Pass);
    case.host
        .set_property("response.code", &204_i64.to_le_bytes());
    assert!(case.log().is_empty());
    case.stream.over();
    case.stream.over();
    let log = case.log();
    assert_eq!(log.len(), 1);
    assert!(
        log[0].contains("\"http.response.status_code\":204"),
        "{log:?}"
    );
    assert_eq!(case.host.metric("meshward_filter_time_us"), 2);
}

#[test]
fn a_request_is_held_until_its_body_is_judged() {
    let mut case = case(vec![hold(), hold(), forward(false), deliver()]);
    case.host.state.borrow_mut().request_body = b"hello".to_vec();
    assert_eq!(case.stream.request_head(false), Flow::Hold);
    assert_eq!(case.stream.body(Side::Request, 3, false), Flow::Hold);
    assert_eq!(case.stream.body(Side::Request, 5, true), Flow::Pass);
    assert_eq!(
        case.events(),
        [
            "request /a",
            "request progress 3",
            "request body hello",
            "no response"
        ]
    );
}

#[test]
fn trailers_end_a_body() {
    for (body, wanted) in [("hello", "request body hello"), ("", "request body ")] {
        let mut case = case(vec![hold(), hold(), forward(false), deliver()]);
        if body.is_empty() {
            case.script.steps.borrow_mut().pop_front();
        }
        case.host.state.borrow_mut().request_body = body.into();
        assert_eq!(case.stream.request_head(false), Flow::Hold);
        if !body.is_empty() {
            case.stream.body(Side::Request, body.len(), false);
        }
        assert_eq!(case.stream.trailers(Side::Request), Flow::Pass);
        assert!(case.events().contains(&wanted.to_owned()));
    }
}

#[test]
fn a_body_that_is_not_whole_is_refused() {
    let mut case = case(vec![hold()]);
    case.host.state.borrow_mut().request_body = b"hell".to_vec();
    assert_eq!(case.stream.request_head(false), Flow::Hold);
    assert_eq!(case.stream.body(Side::Request, 5, true), Flow::Hold);
    assert_eq!(case.refused_with(), Some(500));
}

#[test]
fn a_refusal_answers_and_lets_only_the_answer_through() {
    let mut case = case(vec![reply()]);
    assert_eq!(case.stream.request_head(false), Flow::Hold);
    assert_eq!(case.refused_with(), Some(401));
    assert_eq!(case.stream.body(Side::Request, 3, true), Flow::Hold);
    assert_eq!(case.stream.trailers(Side::Request), Flow::Hold);
    assert_eq!(case.stream.response_head(false), Flow::Pass);
    assert_eq!(case.stream.body(Side::Response, 3, true), Flow::Pass);
    case.stream.over();
    assert_eq!(case.events(), ["request /a"]);
    assert_eq!(case.log().len(), 1);
    assert_eq!(case.host.metric("reason=credential_missing"), 1);
}

#[test]
fn a_watched_response_is_held_and_can_be_replaced() {
    let mut case = case(vec![forward(true), hold(), hold(), reply()]);
    case.host.state.borrow_mut().response_body = b"secret".to_vec();
    assert_eq!(case.stream.request_head(false), Flow::Pass);
    assert_eq!(case.stream.body(Side::Request, 3, false), Flow::Pass);
    assert_eq!(case.host.metric("meshward_requests;"), 0);
    assert_eq!(case.stream.response_head(false), Flow::Hold);
    assert_eq!(case.stream.body(Side::Request, 6, true), Flow::Pass);
    assert_eq!(case.stream.body(Side::Response, 4, false), Flow::Hold);
    assert_eq!(case.stream.body(Side::Response, 6, true), Flow::Hold);
    assert_eq!(case.refused_with(), Some(401));
    assert_eq!(case.stream.body(Side::Response, 6, true), Flow::Hold);
    assert_eq!(
        case.events(),
        [
            "request /a",
            "response 200",
            "response progress 4",
            "response body secret"
        ]
    );
}

#[test]
fn a_response_of_the_proxy_is_not_judged_but_recorded() {
    let mut case = case(vec![forward(true), deliver()]);
    case.stream.request_head(true);
    case.host
        .set_property("response.code_details", b"no_healthy_upstream");
    assert_eq!(case.stream.response_head(false), Flow::Pass);
    assert_eq!(case.stream.body(Side::Response, 9, true), Flow::Pass);
    assert_eq!(case.events(), ["request /a"]);
    case.stream.over();
    assert_eq!(case.events(), ["request /a", "no response"]);
    assert_eq!(case.log().len(), 1);
    assert_eq!(case.host.metric("meshward_requests;"), 1);
}

#[test]
fn a_line_that_the_proxy_would_drop_is_not_written() {
    let mut case = case(vec![forward(true), deliver()]);
    case.host.state.borrow_mut().quiet = true;
    case.stream.request_head(true);
    case.host
        .set_property("response.code_details", b"no_healthy_upstream");
    assert_eq!(case.stream.response_head(true), Flow::Pass);
    case.stream.over();
    assert!(case.log().is_empty());
    assert_eq!(case.host.metric("meshward_requests;"), 1, "counted it is");
}

#[test]
fn a_client_that_goes_before_the_verdict_leaves_no_record() {
    let mut case = case(vec![hold()]);
    case.stream.request_head(false);
    case.stream.over();
    assert!(case.log().is_empty());
    assert_eq!(case.host.metric("meshward"), 0);
}

#[test]
fn questions_are_answered_on_the_spot() {
    let get = || Query::Get { key: "k".into() };
    let set = Query::Set {
        key: "k".into(),
        value: b"v".to_vec(),
        version: None,
    };
    let mut case = case(vec![
        ask(get()),
        ask(set),
        ask(get()),
        forward(false),
        deliver(),
    ]);
    assert_eq!(case.stream.request_head(true), Flow::Pass);
    let events = case.events();
    assert_eq!(events[1], "Slot(None)");
    assert_eq!(events[2], "Written");
    assert!(events[3].contains("Slot(Some("), "{events:?}");
}

#[test]
fn what_does_not_fit_ends_in_a_refusal() {
    let unsafe_change: Line = Box::new(|transaction| {
        let set = meshward_engine::transaction::HeaderChange::Add("x-a".into(), "b\nc".into());
        let how = Forward {
            headers: vec![set],
            ..Forward::default()
        };
        Step::Forward(transaction, how)
    });
    let endless = || -> Vec<Line> {
        (0..1000)
            .map(|_| ask(Query::Get { key: "k".into() }))
            .collect()
    };
    for (steps, what) in [
        (vec![hold()], "a body that will not come"),
        (vec![deliver()], "a response to a request"),
        (vec![forward(false), hold()], "no record"),
        (vec![unsafe_change, deliver()], "a header that smuggles"),
        (endless(), "questions without end"),
    ] {
        let mut case = case(steps);
        assert_eq!(case.stream.request_head(true), Flow::Hold, "{what}");
        assert_eq!(case.refused_with(), Some(500), "{what}");
        assert_eq!(case.host.metric("reason=internal"), 1, "{what}");
        assert_eq!(case.host.metric("outcome=allow"), 0, "{what}");
    }
}

#[test]
fn a_body_before_its_head_goes_nowhere() {
    let mut case = case(Vec::new());
    assert_eq!(case.stream.body(Side::Request, 1, true), Flow::Hold);
    assert_eq!(case.stream.trailers(Side::Request), Flow::Hold);
    case.stream.over();
    assert!(case.events().is_empty());
}

#[test]
fn a_body_that_comes_and_is_not_shown_is_noticed() {
    let mut case = case(vec![hold(), forward(false), deliver()]);
    let size = |bytes: i64| {
        let mut state = case.host.state.borrow_mut();
        let name = "request.total_size".to_owned();
        state.properties.insert(name, bytes.to_le_bytes().to_vec());
    };
    size(100);
    assert!(!case.stream.is_doubted());
    assert_eq!(case.stream.request_head(false), Flow::Hold);
    assert!(case.stream.is_doubted());
    let before = case.stream.received();
    assert!(!case.stream.is_withheld(before), "its client is slow");
    size(101);
    assert!(case.stream.is_withheld(before));
    assert_eq!(case.stream.go_on_without(), Some(Side::Request));
    assert_eq!(case.events()[1], "not held");
    assert_eq!(case.host.lines(log::Level::Error).len(), 1);
    assert!(!case.stream.is_doubted());
}

#[test]
fn a_body_that_was_shown_leaves_no_doubt() {
    let mut case = case(vec![hold(), hold(), hold()]);
    assert_eq!(case.stream.request_head(false), Flow::Hold);
    assert_eq!(case.stream.body(Side::Request, 1, false), Flow::Hold);
    assert!(!case.stream.is_doubted());
}
