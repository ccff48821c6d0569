//! The least that a Wasm filter can do: what Meshward's costs are compared with.
//!
//! The plugin's configuration is one word: `nothing`, `headers` (fetch all request headers), `slot` (read a slot of the shared data and
//! write it back, as a limit does), `calls` (all that Meshward asks the proxy for an admitted GET with a limit: the time, the headers, the
//! slot, a header for the service, a counter), `verify:` with a question for `verify_signature` in hexadecimal digits (for a new token
//! without a limit: the time, the headers, the signature, a header, a counter), `body` (hold the request until its body is there, and
//! fetch it), `body-calls` (the same with all else that Meshward asks for an admitted POST that is held to its contract: the time, the
//! headers, a counter) or `body-parse` (the same, and the body is read as JSON and forgotten: what a contract cannot do without). But for
//! that, nothing is looked at, and every request passes.

// The host's functions are there for Wasm alone: anywhere else, nothing would link.
#![cfg(target_arch = "wasm32")]
#![expect(
    missing_docs,
    reason = "the macro of the entry writes an undocumented function"
)]

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root { reads: Reads::Nothing, counter: 0, question: Rc::default() }));
}}

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, MetricType};
use serde_json::Value;
use std::hint::black_box;
use std::rc::Rc;

/// A slot of the shared data, as large as one of a limit with one caller.
const SLOT: &str = "baseline.slot";
const EMPTY: [u8; 34] = [0; 34];

/// What is fetched from the host for every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Nothing,
    Headers,
    Slot,
    Calls,
    Verify,
    Body,
    BodyCalls,
    BodyParse,
}

impl Reads {
    fn parse(word: &[u8]) -> Option<Self> {
        match word {
            b"nothing" => Some(Self::Nothing),
            b"headers" => Some(Self::Headers),
            b"slot" => Some(Self::Slot),
            b"calls" => Some(Self::Calls),
            [b'v', b'e', b'r', b'i', b'f', b'y', b':', ..] => Some(Self::Verify),
            b"body" => Some(Self::Body),
            b"body-calls" => Some(Self::BodyCalls),
            b"body-parse" => Some(Self::BodyParse),
            _ => None,
        }
    }
}

struct Root {
    reads: Reads,
    counter: u32,
    question: Rc<[u8]>,
}

/// What the digits behind the colon say.
fn question(word: &[u8]) -> Option<Rc<[u8]>> {
    let (_, digits) = word.split_at_checked(word.iter().position(|b| *b == b':')? + 1)?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let bytes = digits.as_chunks::<2>().0.iter().map(|[high, low]| {
        let byte = digit(high)? << 4 | digit(low)?;
        u8::try_from(byte).ok()
    });
    bytes.collect()
}

/// Whether the signature holds.
fn holds(question: &[u8]) -> bool {
    let answer = hostcalls::call_foreign_function("verify_signature", Some(question));
    // `VerifySignatureResult { result: true }`.
    answer.is_ok_and(|answer| answer.as_deref() == Some(&[0x08, 0x01]))
}

/// The body as the most used library reads it.
fn parse(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let word = self.get_plugin_configuration().unwrap_or_default();
        match Reads::parse(&word) {
            Some(reads) => {
                self.reads = reads;
                let counter = hostcalls::define_metric(MetricType::Counter, "baseline_requests");
                self.counter = counter.unwrap_or_default();
                if reads == Reads::Verify {
                    let Some(question) = question(&word).filter(|question| holds(question)) else {
                        return false;
                    };
                    self.question = question;
                }
                self.set_shared_data(SLOT, Some(&EMPTY), None).is_ok()
            }
            None => false,
        }
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request {
            reads: self.reads,
            counter: self.counter,
            question: Rc::clone(&self.question),
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Request {
    reads: Reads,
    counter: u32,
    question: Rc<[u8]>,
}

impl Request {
    fn slot(&self) {
        let (value, version) = self.get_shared_data(SLOT);
        // Another worker was first: Meshward would try again.
        let _ = self.set_shared_data(SLOT, value.as_deref(), version);
    }
}

impl Context for Request {}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        match self.reads {
            Reads::Nothing => Action::Continue,
            Reads::Headers => {
                self.get_http_request_headers_bytes();
                Action::Continue
            }
            Reads::Slot => {
                self.slot();
                Action::Continue
            }
            Reads::Calls => {
                self.get_current_time();
                self.get_http_request_headers_bytes();
                self.slot();
                self.set_http_request_header("x-meshward-subject", Some("bench"));
                let _ = hostcalls::increment_metric(self.counter, 1);
                Action::Continue
            }
            Reads::Verify => {
                self.get_current_time();
                self.get_http_request_headers_bytes();
                let holds = holds(&self.question);
                self.set_http_request_header("x-meshward-subject", Some("bench"));
                let _ = hostcalls::increment_metric(self.counter, i64::from(holds));
                Action::Continue
            }
            Reads::Body | Reads::BodyCalls | Reads::BodyParse => {
                if self.reads != Reads::Body {
                    self.get_current_time();
                    self.get_http_request_headers_bytes();
                }
                if end_of_stream {
                    Action::Continue
                } else {
                    Action::Pause
                }
            }
        }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !matches!(
            self.reads,
            Reads::Body | Reads::BodyCalls | Reads::BodyParse
        ) {
            return Action::Continue;
        }
        if !end_of_stream {
            return Action::Pause;
        }
        let body = self.get_http_request_body(0, size).unwrap_or_default();
        if self.reads == Reads::BodyParse && black_box(parse(&body)).is_none() {
            return Action::Pause;
        }
        if self.reads != Reads::Body {
            let _ = hostcalls::increment_metric(self.counter, 1);
        }
        Action::Continue
    }
}
