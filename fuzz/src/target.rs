//! A request target, as bytes.

use crate::fixture;
use meshward_engine::verdict::Decision;

pub(crate) const PIECES: &[&str] = &[
    "/",
    "//",
    "..",
    ".",
    "/../",
    "/./",
    ";",
    ";a=b",
    "%2e",
    "%2E%2e",
    "%2f",
    "%2F",
    "%5c",
    "\\",
    "%00",
    "%",
    "%4",
    "%zz",
    "%25",
    "%252e",
    "%41",
    "%c3%a9",
    "%c0%af",
    "%ff",
    "?",
    "??",
    "&",
    "=",
    "&&",
    "a=1&a=2",
    "+",
    "#",
    "@",
    "http://a",
    "http://other.example/open/1",
    "*",
    " ",
    "\t",
    "\r\n",
    "\u{0}",
    "é",
    "{id}",
    "open",
    "parts",
];

/// Reading never panics. What is admitted goes upstream in a form that has one reading: reading it again changes nothing.
pub fn target(input: &[u8]) {
    let first = fixture::run(&fixture::get(input));
    if first.record.decision == Decision::Deny {
        assert!(first.forward.is_none(), "a refused request went upstream");
        return;
    }
    let Some(forward) = first.forward else {
        return;
    };
    let upstream = forward
        .target
        .map_or_else(|| input.to_vec(), String::into_bytes);
    let path = upstream
        .split(|byte| *byte == b'?')
        .next()
        .unwrap_or_default();
    let text = String::from_utf8_lossy(path).to_ascii_lowercase();
    for doubtful in [
        "//", "\\", "%2f", "%5c", "%00", "/../", "/./", ";", "%2e", "#",
    ] {
        assert!(
            !text.contains(doubtful),
            "`{doubtful}` went upstream in `{text}`"
        );
    }
    assert!(
        path.iter().all(u8::is_ascii_graphic),
        "raw bytes went upstream in `{text}`"
    );
    let second = fixture::run(&fixture::get(&upstream));
    assert_eq!(
        second.record.decision,
        Decision::Allow,
        "the normal form is refused: `{text}`"
    );
    assert_eq!(
        second.record.endpoint, first.record.endpoint,
        "another endpoint: `{text}`"
    );
    let rewritten = second.forward.and_then(|forward| forward.target);
    assert_eq!(rewritten, None, "the normal form is not normal: `{text}`");
}
