//! The proxy, as the filter sees it: the few calls that it needs.
//!
//! [`Envoy`], with `grpc`, is the only code that calls `proxy_wasm::hostcalls`; tests use a fake.
//!
//! INVARIANT (no panic): the SDK's wrappers panic on a status that they do not expect, and its text getters on bytes that
//! are not UTF-8; a panic ends every stream of the worker. So only byte getters are called, and each call only in the
//! callbacks where Envoy answers it: header maps and bodies in the callbacks of their own side, and while that side is held.

#[cfg(test)]
pub(crate) mod counting;
#[cfg(test)]
pub(crate) mod fake;
mod grpc;

use meshward_engine::config::Timestamp;
use meshward_engine::http::Headers;
use meshward_engine::remote::{Call, CallAnswer, MAX_ANSWER, Protocol};
use meshward_engine::transaction::Reply;
use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, GrpcStatusCode, LogLevel, MapType, MetricType, Status};
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, UNIX_EPOCH};

/// One side of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What the client sent.
    Request,
    /// What the upstream sent.
    Response,
}

/// A metric that the proxy has been told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MetricId(pub(crate) u32);

/// A call on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CallId(pub(crate) u32);

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricKind {
    /// A number that only grows.
    Counter,
    /// A number that is set.
    Gauge,
    /// A distribution of values.
    Histogram,
}

/// Why a slot of the shared data was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// The slot has another version.
    Mismatch,
    /// The proxy failed.
    Failed,
}

/// Header fields with the pseudo-headers, in order, with duplicates.
pub(crate) type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// The proxy.
pub(crate) trait Host: Clone {
    /// Nanoseconds since the Unix epoch; 0 when the clock cannot be read.
    fn nanoseconds(&self) -> u64;
    /// The same to the microsecond, as the engine counts.
    fn now(&self) -> Timestamp {
        Timestamp(self.nanoseconds() / 1000)
    }
    /// Bytes that nobody can guess.
    fn random(&self) -> [u8; 16];
    /// The plugin's configuration.
    fn configuration(&self, size: usize) -> Vec<u8>;
    /// Writes a line to the proxy's log.
    fn log(&self, level: log::Level, line: &str);
    /// Whether the proxy's log shows lines of this level now: an operator can change it at any time.
    fn shows(&self, level: log::Level) -> bool;
    /// Every header field of one side.
    fn fields(&self, side: Side) -> Fields;
    /// The first `size` bytes of the body that is held on one side.
    fn body(&self, side: Side, size: usize) -> Vec<u8>;
    /// Replaces every request field of this name by one.
    fn set_request_field(&self, name: &str, value: &str);
    /// Removes every request field of this name.
    fn remove_request_field(&self, name: &str);
    /// Replaces every response field of this name by one.
    fn set_response_field(&self, name: &str, value: &str);
    /// Removes every response field of this name.
    fn remove_response_field(&self, name: &str);
    /// Puts another body in the place of the response's that is held, `held` bytes long.
    fn replace_response_body(&self, held: usize, body: &[u8]);
    /// Makes the proxy choose the route again.
    fn choose_route_again(&self);
    /// A property of the stream, as bytes.
    fn property(&self, path: &[&str]) -> Option<Vec<u8>>;
    /// Puts a value into the stream's filter state, as `wasm.NAME`.
    fn publish(&self, name: &str, value: &str);
    /// A slot of the shared data: its bytes (none when blanked) and its version.
    fn slot(&self, key: &str) -> Option<(Vec<u8>, u32)>;
    /// Writes a slot of the shared data, if it has this version or does not exist.
    fn write_slot(&self, key: &str, value: &[u8], version: u32) -> Result<(), StoreError>;
    /// Asks the proxy about a signature: the arguments and the answer of `verify_signature`, serialized. `None` when it cannot say.
    fn verify_signature(&self, arguments: &[u8]) -> Option<Vec<u8>>;
    /// Makes a call. `None` when it cannot be made; else its answer comes to the context whose callback this is.
    fn call(&self, call: &Call) -> Option<CallId>;
    /// The answer to a call, in the callback that brings it: `fields` and `size` are what the callback says.
    fn answer(&self, fields: usize, size: usize) -> CallAnswer;
    /// The answer to a gRPC call, in the callback that brings it: `status` and `size` are what the callback says.
    fn message(&self, status: u32, size: usize) -> CallAnswer;
    /// Lets every call below speak for another context, until the callback ends. `false` when there is no such context.
    fn enter(&self, context: u32) -> bool;
    /// Sends a request on that was held.
    fn resume_request(&self);
    /// Sends a response on that was held.
    fn resume_response(&self);
    /// Asks for ticks at this interval.
    fn tick_every(&self, period: Duration);
    /// Answers the client over HTTP.
    fn reply(&self, reply: &Reply);
    /// Answers a gRPC client with this status and message.
    fn reply_grpc(&self, status: u8, message: &str, headers: &[(String, String)]);
    /// Tells the proxy of a metric. The same name gives the same metric.
    fn define(&self, kind: MetricKind, name: &str) -> Option<MetricId>;
    /// Adds one to a counter.
    fn increment(&self, id: MetricId);
    /// Adds a value to a histogram, or sets a gauge.
    fn record(&self, id: MetricId, value: u64);
}

/// The proxy that runs this module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envoy;

impl Host for Envoy {
    fn nanoseconds(&self) -> u64 {
        hostcalls::get_current_time()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .and_then(|age| u64::try_from(age.as_nanos()).ok())
            .unwrap_or_default()
    }

    fn random(&self) -> [u8; 16] {
        // The standard library seeds its hash maps from the host's random source (WASI `random_get`).
        let source = RandomState::new();
        let halves = [source.hash_one(0_u8), source.hash_one(1_u8)];
        let mut bytes = [0; 16];
        for (place, byte) in bytes
            .iter_mut()
            .zip(halves.iter().flat_map(|h| h.to_le_bytes()))
        {
            *place = byte;
        }
        bytes
    }

    fn configuration(&self, size: usize) -> Vec<u8> {
        buffer(BufferType::PluginConfiguration, size)
    }

    fn log(&self, level: log::Level, line: &str) {
        log::log!(level, "{line}");
    }

    fn shows(&self, level: log::Level) -> bool {
        hostcalls::get_log_level().is_ok_and(|least| match least {
            LogLevel::Trace | LogLevel::Debug => true,
            LogLevel::Info => level <= log::Level::Info,
            LogLevel::Warn => level <= log::Level::Warn,
            LogLevel::Error => level <= log::Level::Error,
            LogLevel::Critical => false,
        })
    }

    fn fields(&self, side: Side) -> Fields {
        let map = match side {
            Side::Request => MapType::HttpRequestHeaders,
            Side::Response => MapType::HttpResponseHeaders,
        };
        hostcalls::get_map_bytes(map)
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name.into_bytes(), value))
            .collect()
    }

    fn body(&self, side: Side, size: usize) -> Vec<u8> {
        match side {
            Side::Request => buffer(BufferType::HttpRequestBody, size),
            Side::Response => buffer(BufferType::HttpResponseBody, size),
        }
    }

    fn set_request_field(&self, name: &str, value: &str) {
        let _ = hostcalls::set_map_value_bytes(
            MapType::HttpRequestHeaders,
            name,
            Some(value.as_bytes()),
        );
    }

    fn remove_request_field(&self, name: &str) {
        let _ = hostcalls::remove_map_value(MapType::HttpRequestHeaders, name);
    }

    fn set_response_field(&self, name: &str, value: &str) {
        let _ = hostcalls::set_map_value_bytes(
            MapType::HttpResponseHeaders,
            name,
            Some(value.as_bytes()),
        );
    }

    fn remove_response_field(&self, name: &str) {
        let _ = hostcalls::remove_map_value(MapType::HttpResponseHeaders, name);
    }

    fn replace_response_body(&self, held: usize, body: &[u8]) {
        let _ = hostcalls::set_buffer(BufferType::HttpResponseBody, 0, held, body);
    }

    fn choose_route_again(&self) {
        let _ = hostcalls::call_foreign_function("clear_route_cache", None);
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        hostcalls::get_property(path.to_vec()).ok().flatten()
    }

    fn publish(&self, name: &str, value: &str) {
        let _ = hostcalls::set_property(vec![name], Some(value.as_bytes()));
    }

    fn slot(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        match hostcalls::get_shared_data(key) {
            Ok((value, Some(version))) => Some((value.unwrap_or_default(), version)),
            Ok((_, None)) | Err(_) => None,
        }
    }

    fn write_slot(&self, key: &str, value: &[u8], version: u32) -> Result<(), StoreError> {
        hostcalls::set_shared_data(key, Some(value), Some(version)).map_err(|status| {
            if status == Status::CasMismatch {
                StoreError::Mismatch
            } else {
                StoreError::Failed
            }
        })
    }

    fn verify_signature(&self, arguments: &[u8]) -> Option<Vec<u8>> {
        hostcalls::call_foreign_function("verify_signature", Some(arguments))
            .ok()
            .flatten()
    }

    fn call(&self, call: &Call) -> Option<CallId> {
        match call.protocol {
            Protocol::Http => {}
            Protocol::Grpc => return grpc::call(call),
        }
        let mut fields = vec![
            (":method", call.method),
            (":path", call.path.as_str()),
            (":authority", call.authority.as_str()),
        ];
        fields.extend(call.headers.iter().map(|(n, v)| (*n, v.as_str())));
        let body = (!call.body.is_empty()).then_some(call.body.as_slice());
        let timeout = Duration::from_micros(call.timeout.0);
        hostcalls::dispatch_http_call(&call.cluster, fields, body, Vec::new(), timeout)
            .ok()
            .map(CallId)
    }

    fn answer(&self, fields: usize, size: usize) -> CallAnswer {
        // Without fields there is no response, and the proxy has no map to read.
        if fields == 0 {
            return CallAnswer::Failed;
        }
        if size > MAX_ANSWER {
            return CallAnswer::TooLong;
        }
        let fields = hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders).unwrap_or_default();
        let status = fields
            .iter()
            .find(|(name, _)| name == ":status")
            .and_then(|(_, value)| std::str::from_utf8(value).ok()?.parse().ok());
        let Some(status) = status else {
            return CallAnswer::Failed;
        };
        let body = if size == 0 {
            Vec::new()
        } else {
            buffer(BufferType::HttpCallResponseBody, size)
        };
        // A part of an answer is another answer.
        if body.len() != size {
            return CallAnswer::Failed;
        }
        let fields = fields.into_iter();
        CallAnswer::Response {
            status,
            headers: Headers::new(fields.map(|(n, v)| (n.into_bytes(), v)).collect()),
            body,
        }
    }

    fn message(&self, status: u32, size: usize) -> CallAnswer {
        grpc::message(status, size)
    }

    fn enter(&self, context: u32) -> bool {
        hostcalls::set_effective_context(context).is_ok()
    }

    fn resume_request(&self) {
        let _ = hostcalls::resume_http_request();
    }

    fn resume_response(&self) {
        let _ = hostcalls::resume_http_response();
    }

    fn tick_every(&self, period: Duration) {
        let _ = hostcalls::set_tick_period(period);
    }

    fn reply(&self, reply: &Reply) {
        let headers = reply.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let body = (!reply.body.is_empty()).then_some(reply.body.as_bytes());
        let _ = hostcalls::send_http_response(u32::from(reply.status), headers.collect(), body);
    }

    fn reply_grpc(&self, status: u8, message: &str, headers: &[(String, String)]) {
        let metadata = headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes()));
        let _ = hostcalls::send_grpc_response(grpc_code(status), Some(message), metadata.collect());
    }

    fn define(&self, kind: MetricKind, name: &str) -> Option<MetricId> {
        let kind = match kind {
            MetricKind::Counter => MetricType::Counter,
            MetricKind::Gauge => MetricType::Gauge,
            MetricKind::Histogram => MetricType::Histogram,
        };
        hostcalls::define_metric(kind, name).ok().map(MetricId)
    }

    fn increment(&self, id: MetricId) {
        let _ = hostcalls::increment_metric(id.0, 1);
    }

    fn record(&self, id: MetricId, value: u64) {
        let _ = hostcalls::record_metric(id.0, value);
    }
}

fn buffer(kind: BufferType, size: usize) -> Vec<u8> {
    hostcalls::get_buffer(kind, 0, size)
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// A number as the SDK's type: what is not a status is `UNKNOWN`, as gRPC says.
const fn grpc_code(status: u8) -> GrpcStatusCode {
    match status {
        0 => GrpcStatusCode::Ok,
        1 => GrpcStatusCode::Cancelled,
        3 => GrpcStatusCode::InvalidArgument,
        4 => GrpcStatusCode::DeadlineExceeded,
        5 => GrpcStatusCode::NotFound,
        6 => GrpcStatusCode::AlreadyExists,
        7 => GrpcStatusCode::PermissionDenied,
        8 => GrpcStatusCode::ResourceExhausted,
        9 => GrpcStatusCode::FailedPrecondition,
        10 => GrpcStatusCode::Aborted,
        11 => GrpcStatusCode::OutOfRange,
        12 => GrpcStatusCode::Unimplemented,
        13 => GrpcStatusCode::Internal,
        14 => GrpcStatusCode::Unavailable,
        15 => GrpcStatusCode::DataLoss,
        16 => GrpcStatusCode::Unauthenticated,
        _ => GrpcStatusCode::Unknown,
    }
}
