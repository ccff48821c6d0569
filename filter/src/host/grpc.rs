//! Unary gRPC calls through one of the proxy's clusters.
//!
//! INVARIANT (no abort): the proxy parses the name of a gRPC service as a serialized `GrpcService` first, and aborts on some names that
//! happen to be one. So it is always given a whole message, whose lengths are checked here.

use super::{CallId, buffer};
use meshward_engine::remote::{Call, CallAnswer, MAX_ANSWER};
use proxy_wasm::hostcalls;
use proxy_wasm::types::BufferType;
use std::time::Duration;

/// The longest cluster name: every length in the message must fit one byte, because the SDK takes it for text.
const LONGEST: usize = 120;

/// Makes a call. `None` when it cannot be made.
pub(super) fn call(call: &Call) -> Option<CallId> {
    let service = service(&call.cluster)?;
    let (name, method) = call.path.strip_prefix('/')?.split_once('/')?;
    let timeout = Duration::from_micros(call.timeout.0);
    hostcalls::dispatch_grpc_call(
        &service,
        name,
        method,
        Vec::new(),
        Some(&call.body),
        timeout,
    )
    .ok()
    .map(CallId)
}

/// The answer to a call, in the callback that brings it.
pub(super) fn message(status: u32, size: usize) -> CallAnswer {
    if status != 0 {
        return CallAnswer::Status(status);
    }
    if size > MAX_ANSWER {
        return CallAnswer::TooLong;
    }
    let message = if size == 0 {
        Vec::new()
    } else {
        buffer(BufferType::GrpcReceiveBuffer, size)
    };
    // A part of an answer is another answer.
    if message.len() != size {
        return CallAnswer::Failed;
    }
    CallAnswer::Message(message)
}

/// `envoy.config.core.v3.GrpcService { envoy_grpc { cluster_name } }`, serialized.
fn service(cluster: &str) -> Option<String> {
    if cluster.is_empty() || cluster.len() > LONGEST {
        return None;
    }
    let inner = u8::try_from(cluster.len()).ok()?;
    let outer = inner.checked_add(2)?;
    let mut text = String::with_capacity(cluster.len() + 4);
    // Field 1, a message; in it field 1, a text.
    for byte in [0x0a, outer, 0x0a, inner] {
        text.push(char::from(byte));
    }
    text.push_str(cluster);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_written_as_a_whole_message() {
        assert_eq!(
            service("ratelimit").unwrap().as_bytes(),
            b"\x0a\x0b\x0a\x09ratelimit"
        );
        let longest = service(&"c".repeat(LONGEST)).unwrap();
        assert_eq!(longest.len(), LONGEST + 4);
        assert_eq!(service(&"c".repeat(LONGEST + 1)), None);
        assert_eq!(service(""), None);
    }
}
