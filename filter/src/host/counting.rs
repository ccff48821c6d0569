//! A proxy of paper that counts how often it is called.
//!
//! Each method counts what [`Envoy`](super::Envoy) calls in its place: the two change together, and the integration tests hold the sum
//! against the trace of a real proxy.

use super::fake::Fake;
use super::{CallId, Fields, Host, MetricId, MetricKind, Side, StoreError};
use meshward_engine::remote::{Call, CallAnswer, Protocol};
use meshward_engine::transaction::Reply;
use meshward_testkit::host_calls::Calls;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub(crate) struct Counting {
    pub(crate) fake: Fake,
    calls: Rc<RefCell<Calls>>,
}

impl Counting {
    /// What was called since the last time.
    pub(crate) fn take(&self) -> Calls {
        self.calls.take()
    }

    fn count(&self, name: &str) -> &Fake {
        self.calls.borrow_mut().add(name);
        &self.fake
    }
}

impl Host for Counting {
    fn nanoseconds(&self) -> u64 {
        self.count("get_current_time_nanoseconds").nanoseconds()
    }

    fn random(&self) -> [u8; 16] {
        self.count("random_get").random()
    }

    fn configuration(&self, size: usize) -> Vec<u8> {
        self.count("get_buffer_bytes").configuration(size)
    }

    fn log(&self, level: log::Level, line: &str) {
        self.count("log").log(level, line);
    }

    fn shows(&self, level: log::Level) -> bool {
        self.count("get_log_level").shows(level)
    }

    fn fields(&self, side: Side) -> Fields {
        self.count("get_header_map_pairs").fields(side)
    }

    fn body(&self, side: Side, size: usize) -> Vec<u8> {
        self.count("get_buffer_bytes").body(side, size)
    }

    fn set_request_field(&self, name: &str, value: &str) {
        self.count("replace_header_map_value")
            .set_request_field(name, value);
    }

    fn remove_request_field(&self, name: &str) {
        self.count("remove_header_map_value")
            .remove_request_field(name);
    }

    fn set_response_field(&self, name: &str, value: &str) {
        self.count("replace_header_map_value")
            .set_response_field(name, value);
    }

    fn remove_response_field(&self, name: &str) {
        self.count("remove_header_map_value")
            .remove_response_field(name);
    }

    fn replace_response_body(&self, held: usize, body: &[u8]) {
        self.count("set_buffer_bytes")
            .replace_response_body(held, body);
    }

    fn choose_route_again(&self) {
        self.count("call_foreign_function").choose_route_again();
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.count("get_property").property(path)
    }

    fn publish(&self, name: &str, value: &str) {
        self.count("set_property").publish(name, value);
    }

    fn slot(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.count("get_shared_data").slot(key)
    }

    fn write_slot(&self, key: &str, value: &[u8], version: u32) -> Result<(), StoreError> {
        self.count("set_shared_data")
            .write_slot(key, value, version)
    }

    fn verify_signature(&self, arguments: &[u8]) -> Option<Vec<u8>> {
        self.count("call_foreign_function")
            .verify_signature(arguments)
    }

    fn call(&self, call: &Call) -> Option<CallId> {
        let name = match call.protocol {
            Protocol::Http => "http_call",
            Protocol::Grpc => "grpc_call",
        };
        self.count(name).call(call)
    }

    fn answer(&self, fields: usize, size: usize) -> CallAnswer {
        self.count("get_header_map_pairs");
        self.count("get_buffer_bytes").answer(fields, size)
    }

    fn message(&self, status: u32, size: usize) -> CallAnswer {
        self.count("get_buffer_bytes").message(status, size)
    }

    fn enter(&self, context: u32) -> bool {
        self.count("set_effective_context").enter(context)
    }

    fn resume_request(&self) {
        self.count("continue_stream").resume_request();
    }

    fn resume_response(&self) {
        self.count("continue_stream").resume_response();
    }

    fn tick_every(&self, period: Duration) {
        self.count("set_tick_period_milliseconds")
            .tick_every(period);
    }

    fn reply(&self, reply: &Reply) {
        self.count("send_local_response").reply(reply);
    }

    fn reply_grpc(&self, status: u8, message: &str, headers: &[(String, String)]) {
        self.count("send_local_response")
            .reply_grpc(status, message, headers);
    }

    fn define(&self, kind: MetricKind, name: &str) -> Option<MetricId> {
        self.count("define_metric").define(kind, name)
    }

    fn increment(&self, id: MetricId) {
        self.count("increment_metric").increment(id);
    }

    fn record(&self, id: MetricId, value: u64) {
        self.count("record_metric").record(id, value);
    }
}
