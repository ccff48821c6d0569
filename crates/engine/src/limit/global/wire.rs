//! The messages of Envoy's rate limit API v3 (`envoy.service.ratelimit.v3`), as far as they are needed: one request, one response.
//!
//! Written by hand: two small messages in protocol buffers' own encoding, read from a slice without copies. A generated reader would be
//! larger than all of this module in Wasm.
//!
//! INVARIANT (bounded): a response is read once from front to back, whatever it says; unknown fields are skipped, and what is not well
//! formed is no answer.

/// The service's method, as a path.
pub(crate) const PATH: &str = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

/// The most answers in one response.
const MOST_STATUSES: usize = 64;

/// What the service says about one descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status {
    /// Whether its hits were too many.
    pub(crate) over: bool,
    /// The length of the window in seconds. `None` where the service has no such limit.
    pub(crate) window: Option<u64>,
    /// How many more are possible in this window.
    pub(crate) remaining: u32,
    /// Seconds until the next window.
    pub(crate) reset: u64,
}

/// A request: so many descriptors, all with this one entry, each with so many hits.
pub(crate) fn request(domain: &str, key: &str, value: &str, count: u32, hits: u32) -> Vec<u8> {
    let mut entry = Vec::with_capacity(key.len() + value.len() + 8);
    bytes(&mut entry, 1, key.as_bytes());
    bytes(&mut entry, 2, value.as_bytes());
    let mut descriptor = Vec::with_capacity(entry.len() + 4);
    bytes(&mut descriptor, 1, &entry);
    let mut message = Vec::with_capacity(domain.len() + 16);
    bytes(&mut message, 1, domain.as_bytes());
    for _ in 0..count {
        bytes(&mut message, 2, &descriptor);
    }
    tag(&mut message, 3, 0);
    varint(&mut message, u64::from(hits));
    message
}

/// What a request asks: for the service that stands in where exchanges are written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) domain: String,
    /// The key and the value of each descriptor's one entry.
    pub(crate) entries: Vec<(String, String)>,
    /// So many hits for each.
    pub(crate) hits: u32,
}

/// Reads a request. `None` when it is none that [`request`] writes.
pub(crate) fn read_request(message: &[u8]) -> Option<Asked> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let (mut domain, mut entries, mut hits) = (String::new(), Vec::new(), 1);
    for field in Fields(message) {
        match field? {
            (1, Value::Bytes(bytes)) => domain = text(bytes)?,
            (2, Value::Bytes(descriptor)) => {
                let Some((1, Value::Bytes(entry))) = Fields(descriptor).next()? else {
                    return None;
                };
                let (mut key, mut value) = (String::new(), String::new());
                for field in Fields(entry) {
                    match field? {
                        (1, Value::Bytes(bytes)) => key = text(bytes)?,
                        (2, Value::Bytes(bytes)) => value = text(bytes)?,
                        _ => {}
                    }
                }
                entries.push((key, value));
            }
            (3, Value::Number(number)) => hits = u32::try_from(number).ok()?.max(1),
            _ => {}
        }
    }
    Some(Asked {
        domain,
        entries,
        hits,
    })
}

/// What it means that a call ended with this gRPC status, which is not OK: for operators.
pub(super) const fn meaning(status: u32) -> &'static str {
    match status {
        2 => "it failed (gRPC status UNKNOWN), as it does without its Redis",
        4 => "it gave no answer in time (gRPC status DEADLINE_EXCEEDED)",
        12 => "it is no rate limit service (gRPC status UNIMPLEMENTED)",
        14 => "it cannot be reached, or gave no answer in time (gRPC status UNAVAILABLE)",
        _ => "it ended the call with another gRPC status than OK",
    }
}

/// Reads a response. `None` when it is none.
pub(crate) fn response(message: &[u8]) -> Option<Vec<Status>> {
    let mut statuses = Vec::new();
    for field in Fields(message) {
        if let (2, Value::Bytes(bytes)) = field? {
            if statuses.len() >= MOST_STATUSES {
                return None;
            }
            statuses.push(status(bytes)?);
        }
    }
    Some(statuses)
}

fn status(message: &[u8]) -> Option<Status> {
    let (mut code, mut window, mut remaining, mut reset) = (0, None, 0, 0);
    for field in Fields(message) {
        match field? {
            (1, Value::Number(number)) => code = number,
            (2, Value::Bytes(bytes)) => window = Some(unit(bytes)?),
            (3, Value::Number(number)) => remaining = u32::try_from(number).ok()?,
            (4, Value::Bytes(bytes)) => reset = seconds(bytes)?,
            _ => {}
        }
    }
    // 0 is UNKNOWN, and what is beyond was not known when this was written.
    let over = match code {
        1 => false,
        2 => true,
        _ => return None,
    };
    Some(Status {
        over,
        window,
        remaining,
        reset,
    })
}

/// `RateLimitResponse.RateLimit`: the unit's length.
fn unit(message: &[u8]) -> Option<u64> {
    let mut unit = 0;
    for field in Fields(message) {
        if let (2, Value::Number(number)) = field? {
            unit = number;
        }
    }
    match unit {
        1 => Some(1),
        2 => Some(60),
        3 => Some(3_600),
        4 => Some(86_400),
        5 => Some(30 * 86_400),
        6 => Some(365 * 86_400),
        7 => Some(7 * 86_400),
        _ => None,
    }
}

/// `google.protobuf.Duration`: the seconds.
fn seconds(message: &[u8]) -> Option<u64> {
    let mut seconds = 0;
    for field in Fields(message) {
        if let (1, Value::Number(number)) = field? {
            seconds = number;
        }
    }
    // A negative duration is a number beyond this.
    (seconds <= 366 * 86_400).then_some(seconds)
}

/// The value of a field, as far as it is read.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Skipped,
}

/// The fields of a message, each with its number; `None` once where it is not well formed, and then it ends.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn read(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Number(self.number()?),
            1 => self.take(8).map(|_| Value::Skipped)?,
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Skipped)?,
            _ => return None,
        };
        match tag >> 3 {
            0 => None,
            number => Some((number, value)),
        }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            number |= bits.checked_shl(shift)?;
            if byte & 0x80 == 0 {
                // The tenth byte has room for one bit.
                return (shift < 63 || bits <= 1).then_some(number);
            }
        }
        None
    }
}

fn bytes(message: &mut Vec<u8>, field: u8, value: &[u8]) {
    tag(message, field, 2);
    varint(message, u64::try_from(value.len()).unwrap_or(u64::MAX));
    message.extend_from_slice(value);
}

fn tag(message: &mut Vec<u8>, field: u8, kind: u8) {
    message.push(field << 3 | kind);
}

fn varint(message: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0x7f);
        number >>= 7;
        if number == 0 {
            message.push(low);
            return;
        }
        message.push(low | 0x80);
    }
}

/// A response, for the service that stands in where exchanges are written down.
pub(crate) fn encode_response(statuses: &[(Status, u32)]) -> Vec<u8> {
    let mut message = Vec::new();
    let over = statuses.iter().any(|(status, _)| status.over);
    tag(&mut message, 1, 0);
    varint(&mut message, if over { 2 } else { 1 });
    for (status, requests) in statuses {
        let mut inner = Vec::new();
        tag(&mut inner, 1, 0);
        varint(&mut inner, if status.over { 2 } else { 1 });
        if let Some(window) = status.window {
            let mut limit = Vec::new();
            tag(&mut limit, 1, 0);
            varint(&mut limit, u64::from(*requests));
            tag(&mut limit, 2, 0);
            let units = [1, 60, 3_600, 86_400, 30 * 86_400, 365 * 86_400];
            let unit = units.iter().position(|length| *length == window);
            let unit = unit.and_then(|unit| u64::try_from(unit).ok());
            varint(&mut limit, unit.map_or(0, |unit| unit + 1));
            bytes(&mut inner, 2, &limit);
        }
        tag(&mut inner, 3, 0);
        varint(&mut inner, u64::from(status.remaining));
        let mut reset = Vec::new();
        tag(&mut reset, 1, 0);
        varint(&mut reset, status.reset);
        bytes(&mut inner, 4, &reset);
        bytes(&mut message, 2, &inner);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_what_the_service_reads() {
        let message = request("d", "k", "v", 2, 300);
        let descriptor = b"\x12\x08\x0a\x06\x0a\x01k\x12\x01v";
        let expected = [
            &b"\x0a\x01d"[..],
            descriptor,
            descriptor,
            &b"\x18\xac\x02"[..],
        ];
        assert_eq!(message, expected.concat());
        let asked = Asked {
            domain: "d".to_owned(),
            entries: vec![("k".to_owned(), "v".to_owned()); 2],
            hits: 300,
        };
        assert_eq!(read_request(&message), Some(asked));
    }

    #[test]
    fn a_response_reads_back() {
        let status = Status {
            over: false,
            window: Some(60),
            remaining: 990,
            reset: 12,
        };
        let over = Status {
            over: true,
            window: None,
            remaining: 0,
            reset: 0,
        };
        let message = encode_response(&[(status, 1000), (over, 0)]);
        assert_eq!(response(&message), Some(vec![status, over]));
        assert_eq!(response(b""), Some(Vec::new()));
    }

    #[test]
    fn an_answer_as_the_service_encodes_it_is_read() {
        // One hit of a limit of 1,000 per minute, 30 seconds before the next one.
        let message =
            b"\x08\x01\x12\x10\x08\x01\x12\x05\x08\xe8\x07\x10\x02\x18\xe7\x07\x22\x02\x08\x1e";
        let status = Status {
            over: false,
            window: Some(60),
            remaining: 999,
            reset: 30,
        };
        assert_eq!(response(message), Some(vec![status]));
    }

    #[test]
    fn anything_else_is_no_answer() {
        for rubbish in [
            &b"\x12"[..],
            b"\x12\x05\x08",
            b"\x12\x02\x08\x00",
            b"\x12\x02\x08\x03",
            b"\x00\x00",
            b"\x0b",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            // A limit without a known unit, and a reset in the past.
            b"\x12\x06\x08\x01\x12\x02\x08\x01",
            b"\x12\x0f\x08\x01\x22\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ] {
            assert_eq!(response(rubbish), None, "{rubbish:x?}");
        }
        let many = b"\x12\x02\x08\x01".repeat(MOST_STATUSES + 1);
        assert_eq!(response(&many), None);
    }

    proptest! {
        #[test]
        fn nothing_that_is_read_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = response(&bytes);
            let _ = read_request(&bytes);
        }

        #[test]
        fn a_spoilt_answer_does_not_panic(place in 0_usize..40, byte in any::<u8>()) {
            let status = Status { over: false, window: Some(60), remaining: 5, reset: 7 };
            let mut message = encode_response(&[(status, 1000), (status, 1000)]);
            let place = place % message.len();
            message[place] = byte;
            let _ = response(&message);
        }
    }
}
