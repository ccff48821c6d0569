//! The compact form of a bundle: one word of text that every transport carries unchanged.
//!
//! `meshward-bundle/1 DIGEST DATA`: the digest of the [`Revision`], and the JSON, deflated (RFC 1951) and in base64. A Kubernetes object
//! ends at 1 MiB, and where a configuration must be an object (a `Struct`), this stands in its only member: `{"bundle": "…"}`.
//!
//! INVARIANT (bounded): no more than [`MAX_BYTES`] are ever unpacked.

use super::{MAX_BYTES, Revision};
use crate::problem::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};
use serde::Deserialize;
use std::borrow::Cow;

const MARK: &str = "meshward-bundle/";
const VERSION: &str = "1";
/// The strongest compression that is worth its time: a bundle is packed once, and unpacked by every worker.
const LEVEL: u8 = 9;

/// A compact bundle where an object is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped<'a> {
    #[serde(borrow)]
    bundle: Cow<'a, str>,
}

/// A bundle that was unpacked.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// Its JSON.
    pub(super) json: Vec<u8>,
    /// The digest that it states.
    pub(super) digest: String,
}

/// Packs a bundle, given as JSON.
#[must_use]
pub fn compact(json: &str, revision: &Revision) -> String {
    let packed = miniz_oxide::deflate::compress_to_vec(json.as_bytes(), LEVEL);
    let mut text = format!("{MARK}{VERSION} {} ", revision.digest());
    BASE64.encode_string(packed, &mut text);
    text
}

/// Whether a text is a compact bundle, of whatever version.
#[must_use]
pub fn is_compact(text: &str) -> bool {
    text.trim_start().starts_with(MARK)
}

/// Unpacks a compact bundle. `None` for what is none.
pub(super) fn unpack(bytes: &[u8]) -> Option<Result<Unpacked, Problem>> {
    let text = match serde_json::from_slice(bytes) {
        Ok(Wrapped { bundle }) => bundle,
        Err(_) => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
    };
    let rest = text.trim().strip_prefix(MARK)?;
    let mut parts = rest.split_ascii_whitespace();
    let unpacked = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(VERSION), Some(digest), Some(data), None) => {
            inflate(data).map(|json| Unpacked {
                json,
                digest: digest.to_owned(),
            })
        }
        (Some(version), ..) if version != VERSION => Err(Problem::error(
            "bundle-newer",
            "",
            "the compact form of the bundle has a version that this filter does not read",
        )
        .hint("update the filter's module first, or build the bundle with the `meshward` of this version")),
        _ => Err(broken("its three parts are not there")),
    };
    Some(unpacked)
}

fn inflate(data: &str) -> Result<Vec<u8>, Problem> {
    let packed = BASE64
        .decode(data)
        .map_err(|cause| broken(&format!("its base64 is wrong: {cause}")))?;
    decompress_to_vec_with_limit(&packed, MAX_BYTES).map_err(|error| {
        if error.status == TINFLStatus::HasMoreOutput {
            Problem::error(
                "bundle-too-large",
                "",
                format!("unpacked, the bundle has more than {MAX_BYTES} bytes"),
            )
            .hint("split the policy by host or API")
        } else {
            broken("its data cannot be unpacked")
        }
    })
}

fn broken(what: &str) -> Problem {
    Problem::error(
        "bundle-malformed",
        "",
        format!("the compact bundle is not whole: {what}"),
    )
    .hint("deliver the output of `meshward build --compact`, unchanged and whole")
}

#[cfg(test)]
mod tests {
    use crate::bundle::{MAX_BYTES, Revision, compact, read, write};
    use serde_json::json;

    fn packed() -> (String, Revision) {
        let document = serde_json::from_value(json!({
            "apiVersion": "meshward.dev/v1", "kind": "Bundle", "metadata": { "name": "test" }, "apis": [],
        }));
        let (json, revision) = write(&document.unwrap()).unwrap();
        (compact(&json, &revision), revision)
    }

    #[test]
    fn both_forms_are_one_bundle() {
        let (text, revision) = packed();
        let wrapped = json!({ "bundle": text }).to_string();
        for form in [text.clone(), format!("{text}\n"), wrapped] {
            assert_eq!(read(form.as_bytes()).unwrap().revision, revision);
        }
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let (text, _) = packed();
        let refused = |text: &str| read(text.as_bytes()).unwrap_err().code;
        for end in ["meshward-bundle/1".len(), 60, 100, text.len() - 5] {
            assert_eq!(
                refused(text.get(..end).unwrap()),
                "bundle-malformed",
                "{end}"
            );
        }
        assert_eq!(refused(&format!("{text} more")), "bundle-malformed");
        assert_eq!(refused(&text.replacen("/1 ", "/2 ", 1)), "bundle-newer");
        let (mark, rest) = text.split_once(' ').unwrap();
        let (_, data) = rest.split_once(' ').unwrap();
        assert_eq!(refused(&format!("{mark} 00 {data}")), "bundle-digest");
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let bomb = " ".repeat(MAX_BYTES + 1);
        let text = compact(&bomb, &Revision::of(b"{}").unwrap());
        assert!(text.len() < 100_000);
        assert_eq!(read(text.as_bytes()).unwrap_err().code, "bundle-too-large");
    }
}
