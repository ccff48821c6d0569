//! Where a vendored document stands: `vendor/HOST/PATH`, made of the URL so that people find it.
//!
//! INVARIANT (no way out): a place has only segments of letters, digits, `.`, `-`, `_` and `~`, none begins or ends with a dot,
//! and none is a device of Windows. What a URL says beyond that is replaced, and a part of its digest is added.

use super::{FOLDER, RemoteUrl, digest};

/// The longest place, so that it fits into a path on every system.
const MAX_LENGTH: usize = 180;

/// The longest segment.
const MAX_SEGMENT: usize = 80;

/// How many digits of a URL's digest tell it from others.
const DIGITS: usize = 12;

/// The names of devices on Windows, with any extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// The place of a document, other than those that are taken. The place also says in which format it is read: as JSON where its name ends so.
///
/// `None` when nothing is free, which takes somebody who looks for equal digests.
#[must_use]
pub fn place<'a>(
    url: &RemoteUrl,
    is_json: bool,
    taken: impl Iterator<Item = &'a str> + Clone,
) -> Option<String> {
    let mark: String = digest(url.as_str()).chars().take(DIGITS).collect();
    let (host, port) = url.host();
    let (mut host, _) = tame(host);
    if let Some(port) = port {
        host = format!("{host}_{port}");
    }
    let mut segments: Vec<&str> = url.path().trim_start_matches('/').split('/').collect();
    let last = segments.pop().unwrap_or_default();
    let (stem, extension) = match last.rsplit_once('.') {
        Some((stem, end)) if fits(end, is_json) => (stem, end.to_ascii_lowercase()),
        _ if is_json => (last, "json".to_owned()),
        _ => (last, "yaml".to_owned()),
    };
    let mut changed = url.has_query();
    let mut tame = |segment: &str| {
        let (tamed, was_changed) = tame(segment);
        changed |= was_changed;
        tamed
    };
    let mut parts = vec![FOLDER.to_owned(), host.clone()];
    parts.extend(segments.into_iter().map(&mut tame));
    let stem = tame(stem);
    let folder = parts.join("/");
    let plain = (!changed).then(|| format!("{folder}/{stem}.{extension}"));
    let marked = format!("{folder}/{stem}~{mark}.{extension}");
    let flat = format!("{FOLDER}/{host}/~{mark}.{extension}");
    let candidates = plain.into_iter().chain([marked, flat]);
    candidates
        .into_iter()
        .filter(|place| is_place(place))
        .find(|place| !taken.clone().any(|other| collide(place, other)))
}

/// Whether two places are one on some file system, or one would be a folder and a file.
pub(super) fn collide(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let below = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    a == b || below(&a, &b) || below(&b, &a)
}

/// Whether a lock may name this file.
pub(super) fn is_place(file: &str) -> bool {
    let mut segments = file.split('/');
    file.len() <= MAX_LENGTH
        && segments.next() == Some(FOLDER)
        && file.split('/').count() >= 3
        && segments.all(|segment| !segment.is_empty() && is_tame(segment))
}

/// Whether a name is what it looks like on every file system.
fn is_tame(segment: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_~".contains(&b);
    segment.len() <= MAX_SEGMENT + DIGITS + 8
        && segment.bytes().all(allowed)
        && !segment.starts_with('.')
        && !segment.ends_with('.')
        && !is_device(segment)
}

fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default();
    let stem = stem.to_ascii_lowercase();
    let bare = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    DEVICES.contains(&bare)
}

/// A segment of a URL as a name, and whether it had to be changed.
fn tame(segment: &str) -> (String, bool) {
    let mut name: String = segment
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') => c,
            _ => '_',
        })
        .take(MAX_SEGMENT)
        .collect();
    if name.is_empty() || is_device(&name) || name.starts_with('.') {
        name.insert(0, '_');
    }
    if name.ends_with('.') {
        name.push('_');
    }
    let changed = name != segment;
    (name, changed)
}

/// Whether an extension says rightly how a document is read.
fn fits(extension: &str, is_json: bool) -> bool {
    let extension = extension.to_ascii_lowercase();
    match extension.as_str() {
        "json" => is_json,
        "yaml" | "yml" => true,
        _ => false,
    }
}
