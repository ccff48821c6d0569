//! A proxy of paper, for tests: it keeps what it is told.

use super::{CallId, Fields, Host, MetricId, MetricKind, Side, StoreError};
use meshward_engine::remote::{Call, CallAnswer};
use meshward_engine::transaction::Reply;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub(crate) struct Fake {
    pub(crate) state: Rc<RefCell<State>>,
}

/// Stands in for `verify_signature`.
pub(crate) type Verify = fn(&[u8]) -> Option<Vec<u8>>;

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) clock: u64,
    pub(crate) configuration: Vec<u8>,
    pub(crate) request: Fields,
    pub(crate) response: Fields,
    pub(crate) request_body: Vec<u8>,
    pub(crate) response_body: Vec<u8>,
    pub(crate) rerouted: bool,
    pub(crate) properties: BTreeMap<String, Vec<u8>>,
    pub(crate) published: BTreeMap<String, String>,
    pub(crate) slots: BTreeMap<String, (Vec<u8>, u32)>,
    pub(crate) writes: u32,
    pub(crate) store_fails: bool,
    pub(crate) random: [u8; 16],
    pub(crate) verify: Option<Verify>,
    pub(crate) reply: Option<Reply>,
    pub(crate) grpc_reply: Option<(u8, String)>,
    /// Whether the log shows warnings and errors only.
    pub(crate) quiet: bool,
    pub(crate) metrics: BTreeMap<String, u32>,
    pub(crate) gauges: std::collections::BTreeSet<u32>,
    pub(crate) values: BTreeMap<u32, u64>,
    pub(crate) calls: Vec<Call>,
    pub(crate) calls_fail: bool,
    pub(crate) answer: Option<CallAnswer>,
    pub(crate) context: u32,
    pub(crate) resumed: Vec<u32>,
    pub(crate) period: Option<Duration>,
    pub(crate) log: Vec<(log::Level, String)>,
}

impl Fake {
    pub(crate) fn request(&self, fields: &[(&str, &[u8])]) {
        self.state.borrow_mut().request = owned(fields);
    }

    pub(crate) fn response(&self, fields: &[(&str, &[u8])]) {
        self.state.borrow_mut().response = owned(fields);
    }

    pub(crate) fn set_property(&self, path: &str, value: &[u8]) {
        let mut state = self.state.borrow_mut();
        state.properties.insert(path.to_owned(), value.to_vec());
    }

    pub(crate) fn metric(&self, part: &str) -> u64 {
        let state = self.state.borrow();
        let ids = state.metrics.iter().filter(|(name, _)| name.contains(part));
        ids.filter_map(|(_, id)| state.values.get(id)).sum()
    }

    pub(crate) fn lines(&self, level: log::Level) -> Vec<String> {
        let state = self.state.borrow();
        let lines = state.log.iter().filter(|(l, _)| *l == level);
        lines.map(|(_, line)| line.clone()).collect()
    }
}

fn owned(fields: &[(&str, &[u8])]) -> Fields {
    fields
        .iter()
        .map(|(n, v)| (n.as_bytes().to_vec(), v.to_vec()))
        .collect()
}

impl Host for Fake {
    fn nanoseconds(&self) -> u64 {
        let mut state = self.state.borrow_mut();
        state.clock += 1_500;
        state.clock
    }

    fn configuration(&self, size: usize) -> Vec<u8> {
        let mut bytes = self.state.borrow().configuration.clone();
        bytes.truncate(size);
        bytes
    }

    fn log(&self, level: log::Level, line: &str) {
        self.state.borrow_mut().log.push((level, line.to_owned()));
    }

    fn shows(&self, level: log::Level) -> bool {
        !self.state.borrow().quiet || level <= log::Level::Warn
    }

    fn fields(&self, side: Side) -> Fields {
        match side {
            Side::Request => self.state.borrow().request.clone(),
            Side::Response => self.state.borrow().response.clone(),
        }
    }

    fn body(&self, side: Side, size: usize) -> Vec<u8> {
        let mut bytes = match side {
            Side::Request => self.state.borrow().request_body.clone(),
            Side::Response => self.state.borrow().response_body.clone(),
        };
        bytes.truncate(size);
        bytes
    }

    fn set_request_field(&self, name: &str, value: &str) {
        let mut state = self.state.borrow_mut();
        let value = value.as_bytes().to_vec();
        match state.request.iter_mut().find(|(n, _)| n == name.as_bytes()) {
            Some((_, old)) => *old = value,
            None => state.request.push((name.as_bytes().to_vec(), value)),
        }
    }

    fn remove_request_field(&self, name: &str) {
        let mut state = self.state.borrow_mut();
        state.request.retain(|(n, _)| n != name.as_bytes());
    }

    fn set_response_field(&self, name: &str, value: &str) {
        self.remove_response_field(name);
        let field = (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        self.state.borrow_mut().response.push(field);
    }

    fn remove_response_field(&self, name: &str) {
        let mut state = self.state.borrow_mut();
        state.response.retain(|(n, _)| n != name.as_bytes());
    }

    fn replace_response_body(&self, held: usize, body: &[u8]) {
        let mut state = self.state.borrow_mut();
        state.response_body.splice(..held, body.iter().copied());
    }

    fn choose_route_again(&self) {
        self.state.borrow_mut().rerouted = true;
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.state.borrow().properties.get(&path.join(".")).cloned()
    }

    fn publish(&self, name: &str, value: &str) {
        let mut state = self.state.borrow_mut();
        state.published.insert(name.to_owned(), value.to_owned());
    }

    fn random(&self) -> [u8; 16] {
        self.state.borrow().random
    }

    fn slot(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.state.borrow().slots.get(key).cloned()
    }

    fn write_slot(&self, key: &str, value: &[u8], version: u32) -> Result<(), StoreError> {
        let mut state = self.state.borrow_mut();
        if state.store_fails {
            return Err(StoreError::Failed);
        }
        if let Some((_, current)) = state.slots.get(key)
            && version != 0
            && version != *current
        {
            return Err(StoreError::Mismatch);
        }
        state.writes += 1;
        let slot = (value.to_vec(), state.writes);
        state.slots.insert(key.to_owned(), slot);
        Ok(())
    }

    fn verify_signature(&self, arguments: &[u8]) -> Option<Vec<u8>> {
        let verify = self.state.borrow().verify;
        verify.and_then(|verify| verify(arguments))
    }

    fn call(&self, call: &Call) -> Option<CallId> {
        let mut state = self.state.borrow_mut();
        if state.calls_fail {
            return None;
        }
        state.calls.push(call.clone());
        u32::try_from(state.calls.len()).ok().map(CallId)
    }

    fn answer(&self, _fields: usize, _size: usize) -> CallAnswer {
        let answer = self.state.borrow_mut().answer.take();
        answer.unwrap_or(CallAnswer::Failed)
    }

    fn message(&self, _status: u32, size: usize) -> CallAnswer {
        self.answer(0, size)
    }

    fn enter(&self, context: u32) -> bool {
        self.state.borrow_mut().context = context;
        true
    }

    fn resume_response(&self) {
        self.resume_request();
    }

    fn resume_request(&self) {
        let mut state = self.state.borrow_mut();
        let context = state.context;
        state.resumed.push(context);
    }

    fn tick_every(&self, period: Duration) {
        self.state.borrow_mut().period = Some(period);
    }

    fn reply(&self, reply: &Reply) {
        self.state.borrow_mut().reply = Some(reply.clone());
    }

    fn reply_grpc(&self, status: u8, message: &str, _headers: &[(String, String)]) {
        self.state.borrow_mut().grpc_reply = Some((status, message.to_owned()));
    }

    fn define(&self, kind: MetricKind, name: &str) -> Option<MetricId> {
        let mut state = self.state.borrow_mut();
        let next = u32::try_from(state.metrics.len()).ok()?;
        let id = *state.metrics.entry(name.to_owned()).or_insert(next);
        if kind == MetricKind::Gauge {
            state.gauges.insert(id);
        }
        Some(MetricId(id))
    }

    fn increment(&self, id: MetricId) {
        *self.state.borrow_mut().values.entry(id.0).or_default() += 1;
    }

    fn record(&self, id: MetricId, value: u64) {
        let mut state = self.state.borrow_mut();
        let set = state.gauges.contains(&id.0);
        let sum = state.values.entry(id.0).or_default();
        *sum = if set { value } else { *sum + value };
    }
}
