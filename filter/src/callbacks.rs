//! The traits of the SDK, which Envoy calls, on the filter's own types.

use crate::drive::Engine;
use crate::host::{CallId, Envoy, Host, Side};
use crate::keeper::{Keeper, SharedStream};
use crate::metrics::Metrics;
use crate::root::{Lasting, Root};
use crate::serving::Serving;
use crate::signature;
use crate::stream::{Flow, Stream};
use meshward_engine::load::Gauges;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    // Envoy makes a new root for a new configuration and keeps the VM: metrics are defined once in its life.
    static METRICS: Rc<Metrics> = Rc::new(Metrics::new());
    static SERVING: Rc<Serving> = Rc::new(Serving::default());
    static GAUGES: Rc<RefCell<Gauges>> = Rc::default();
    // For the same reason: requests that wait under the old configuration go on under the new one's ticks.
    static KEEPER: Rc<Keeper<Envoy, Engine>> = Rc::new(Keeper::new());
}

/// The plugin, as Envoy starts it.
#[must_use]
pub fn root_context(context: u32) -> Box<dyn RootContext> {
    let lasting = Lasting {
        keeper: KEEPER.with(Rc::clone),
        metrics: METRICS.with(Rc::clone),
        serving: SERVING.with(Rc::clone),
        gauges: GAUGES.with(Rc::clone),
    };
    Box::new(Root::new(Envoy, Engine, lasting, context))
}

const fn action(flow: Flow) -> Action {
    match flow {
        Flow::Pass => Action::Continue,
        Flow::Hold => Action::Pause,
    }
}

impl Context for Root<Envoy, Engine> {
    fn on_http_call_response(&mut self, id: u32, fields: usize, size: usize, _trailers: usize) {
        self.called(CallId(id), |host| host.answer(fields, size));
    }

    fn on_grpc_call_response(&mut self, id: u32, status: u32, size: usize) {
        self.called(CallId(id), |host| host.message(status, size));
    }

    fn on_done(&mut self) -> bool {
        self.leave();
        true
    }
}

impl RootContext for Root<Envoy, Engine> {
    fn on_configure(&mut self, size: usize) -> bool {
        signature::delegate();
        self.configure(size)
    }

    fn on_tick(&mut self) {
        self.tick();
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Exchange {
            stream: Rc::new(RefCell::new(self.stream())),
            context,
            keeper: KEEPER.with(Rc::clone),
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// A stream, and what lets it wait.
struct Exchange {
    stream: SharedStream<Envoy, Engine>,
    context: u32,
    keeper: Rc<Keeper<Envoy, Engine>>,
}

impl Exchange {
    /// Runs a callback. Where the stream then waits for what comes to many, it is kept until that is there.
    fn run(&self, work: impl FnOnce(&mut Stream<Envoy, Engine>) -> Flow) -> Flow {
        // The SDK does not nest callbacks of one context; if it did, the message would not pass.
        let Ok(mut stream) = self.stream.try_borrow_mut() else {
            return Flow::Hold;
        };
        let (waited, doubted) = (stream.is_waiting(), stream.is_doubted());
        let flow = work(&mut stream);
        if !doubted && stream.is_doubted() {
            let received = stream.received();
            self.keeper
                .doubt(&Envoy, &self.stream, self.context, received);
        }
        let Some(wait) = stream.waits_for().filter(|_| !waited) else {
            return flow;
        };
        if self.keeper.wait(&Envoy, &self.stream, self.context, wait) {
            return flow;
        }
        // Too many wait already: it is judged by what is there.
        stream.waited_enough()
    }
}

impl Context for Exchange {
    fn on_http_call_response(&mut self, id: u32, fields: usize, size: usize, _trailers: usize) {
        let flow = self.run(|s| s.called(CallId(id), |host| host.answer(fields, size)));
        if flow == Flow::Pass {
            Envoy.resume_request();
        }
    }

    fn on_grpc_call_response(&mut self, id: u32, status: u32, size: usize) {
        let flow = self.run(|s| s.called(CallId(id), |host| host.message(status, size)));
        if flow == Flow::Pass {
            Envoy.resume_request();
        }
    }
}

impl HttpContext for Exchange {
    fn on_http_request_headers(&mut self, _fields: usize, end_of_stream: bool) -> Action {
        action(self.run(|s| s.request_head(end_of_stream)))
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        action(self.run(|s| s.body(Side::Request, size, end_of_stream)))
    }

    fn on_http_request_trailers(&mut self, _fields: usize) -> Action {
        action(self.run(|s| s.trailers(Side::Request)))
    }

    fn on_http_response_headers(&mut self, _fields: usize, end_of_stream: bool) -> Action {
        action(self.run(|s| s.response_head(end_of_stream)))
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        action(self.run(|s| s.body(Side::Response, size, end_of_stream)))
    }

    fn on_http_response_trailers(&mut self, _fields: usize) -> Action {
        action(self.run(|s| s.trailers(Side::Response)))
    }

    fn on_log(&mut self) {
        if let Ok(mut stream) = self.stream.try_borrow_mut() {
            stream.over();
        }
    }
}
