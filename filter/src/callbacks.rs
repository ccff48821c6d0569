//! The traits of the SDK, which Envoy calls, on the filter's own types.

use crate::drive::Engine;
use crate::host::{Envoy, Side};
use crate::metrics::Metrics;
use crate::root::Root;
use crate::signature;
use crate::stream::{Flow, Stream};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};
use std::rc::Rc;

thread_local! {
    // Envoy makes a new root for a new configuration and keeps the VM: metrics are defined once in its life.
    static METRICS: Rc<Metrics> = Rc::new(Metrics::new());
}

/// The plugin, as Envoy starts it.
#[must_use]
pub fn root_context() -> Box<dyn RootContext> {
    Box::new(Root::new(Envoy, Engine, METRICS.with(Rc::clone)))
}

const fn action(flow: Flow) -> Action {
    match flow {
        Flow::Pass => Action::Continue,
        Flow::Hold => Action::Pause,
    }
}

impl Context for Root<Envoy, Engine> {}

impl RootContext for Root<Envoy, Engine> {
    fn on_configure(&mut self, size: usize) -> bool {
        signature::delegate();
        self.configure(size)
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(self.stream()))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Context for Stream<Envoy, Engine> {}

impl HttpContext for Stream<Envoy, Engine> {
    fn on_http_request_headers(&mut self, _fields: usize, end_of_stream: bool) -> Action {
        action(self.request_head(end_of_stream))
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        action(self.body(Side::Request, size, end_of_stream))
    }

    fn on_http_request_trailers(&mut self, _fields: usize) -> Action {
        action(self.trailers(Side::Request))
    }

    fn on_http_response_headers(&mut self, _fields: usize, end_of_stream: bool) -> Action {
        action(self.response_head(end_of_stream))
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        action(self.body(Side::Response, size, end_of_stream))
    }

    fn on_http_response_trailers(&mut self, _fields: usize) -> Action {
        action(self.trailers(Side::Response))
    }

    fn on_log(&mut self) {
        self.over();
    }
}
