//! The least that a Wasm filter can do: what Meshward's costs are compared with.
//!
//! The plugin's configuration is one word: `nothing`, `headers` (fetch all request headers) or `body` (hold the request
//! until its body is there, and fetch it). Nothing is looked at, and every request passes.

// The host's functions are there for Wasm alone: anywhere else, nothing would link.
#![cfg(target_arch = "wasm32")]
#![expect(
    missing_docs,
    reason = "the macro of the entry writes an undocumented function"
)]

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root { reads: Reads::Nothing }));
}}

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

/// What is fetched from the host for every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Nothing,
    Headers,
    Body,
}

impl Reads {
    fn parse(word: &[u8]) -> Option<Self> {
        match word {
            b"nothing" => Some(Self::Nothing),
            b"headers" => Some(Self::Headers),
            b"body" => Some(Self::Body),
            _ => None,
        }
    }
}

struct Root {
    reads: Reads,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let word = self.get_plugin_configuration().unwrap_or_default();
        match Reads::parse(&word) {
            Some(reads) => {
                self.reads = reads;
                true
            }
            None => false,
        }
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request { reads: self.reads }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Request {
    reads: Reads,
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
            Reads::Body if end_of_stream => Action::Continue,
            Reads::Body => Action::Pause,
        }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if self.reads != Reads::Body {
            return Action::Continue;
        }
        if !end_of_stream {
            return Action::Pause;
        }
        self.get_http_request_body(0, size);
        Action::Continue
    }
}
