//! From bytes to a document, or every reason why not.

use super::compact::{self, Unpacked};
use super::{FORMAT, MAX_BYTES, Revision};
use crate::config::{Build, Document};
use crate::problem::{Problem, pointer};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_path_to_error::Segment;

/// A bundle that was read.
#[derive(Debug)]
pub struct Bundle {
    /// What it holds.
    pub document: Document,
    /// Which one it is.
    pub revision: Revision,
}

/// What a bundle of any version says about itself.
#[derive(Debug, Default, Deserialize)]
struct Introduction {
    #[serde(rename = "apiVersion")]
    api_version: Option<IgnoredAny>,
    build: Option<Version>,
}

#[derive(Debug, Deserialize)]
struct Version {
    format: u64,
}

/// Reads a bundle.
///
/// # Errors
/// What is wrong with it. Nothing is compiled yet.
pub fn read(bytes: &[u8]) -> Result<Bundle, Problem> {
    let length = bytes.len();
    if length > MAX_BYTES {
        return Err(too_long(length));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(Problem::error(
            "bundle-empty",
            "",
            "there is no bundle, and without a policy nothing can be judged",
        )
        .hint("deliver the output of `meshward build`"));
    }
    match compact::unpack(bytes) {
        None => read_json(bytes, None),
        Some(unpacked) => {
            let Unpacked { json, digest } = unpacked?;
            read_json(&json, Some(&digest))
        }
    }
}

/// Reads a bundle in JSON. `stated` is the digest that stands outside of it.
fn read_json(bytes: &[u8], stated: Option<&str>) -> Result<Bundle, Problem> {
    let document = parse(bytes)?;
    if let Some(newer) = document.build.as_ref().and_then(newer) {
        return Err(newer);
    }
    let revision = Revision::of(bytes).map_err(|error| malformed(&error))?;
    let inside = document.build.as_ref().map(|build| build.digest.as_str());
    let digest = revision.digest();
    let mut digests = stated.into_iter().chain(inside);
    match digests.find(|stated| *stated != digest) {
        Some(stated) => Err(wrong_digest(stated, &revision)),
        None => Ok(Bundle { document, revision }),
    }
}

/// The problem of a bundle of so many bytes.
#[must_use]
pub fn too_long(length: usize) -> Problem {
    Problem::error(
        "bundle-too-large",
        "",
        format!("the bundle has {length} bytes, and at most {MAX_BYTES} are read"),
    )
    .hint("split the policy by host or API")
}

fn parse(bytes: &[u8]) -> Result<Document, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let document = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().is_data() {
            // A later format may have fields that this version does not know: then that is what to say.
            foreign(bytes).unwrap_or_else(|| {
                Problem::error("invalid", place(error.path()), error.inner().to_string())
                    .hint("`meshward check` shows every mistake before a policy is delivered")
            })
        } else {
            malformed(error.inner())
        }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(document)
}

/// What is wrong with JSON that is no bundle of this version at all.
fn foreign(bytes: &[u8]) -> Option<Problem> {
    let Introduction { api_version, build } = serde_json::from_slice(bytes).unwrap_or_default();
    if let Some(Version { format }) = build
        && format > u64::from(FORMAT)
    {
        return Some(later(format));
    }
    api_version.is_none().then(|| {
        Problem::error(
            "not-a-bundle",
            "",
            "this is not a bundle of Meshward: it has no `apiVersion`",
        )
        .hint("deliver the output of `meshward build`; this may be the configuration of another filter")
    })
}

fn newer(build: &Build) -> Option<Problem> {
    (build.format > FORMAT).then(|| later(u64::from(build.format)))
}

fn later(format: u64) -> Problem {
    Problem::error(
        "bundle-newer",
        "/build/format",
        format!("the bundle has format {format}, and this filter reads formats up to {FORMAT}"),
    )
    .hint(
        "update the filter's module first, or build the bundle with the `meshward` of this version",
    )
}

fn wrong_digest(stated: &str, revision: &Revision) -> Problem {
    let stated: String = stated
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(64)
        .collect();
    Problem::error(
        "bundle-digest",
        "/build/digest",
        format!(
            "the bundle is not the one that was built: its digest is `{}`, and it says `{stated}`",
            revision.digest()
        ),
    )
    .hint("it was edited or changed on the way: deliver the output of `meshward build` unchanged")
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::error(
        "bundle-malformed",
        "",
        format!("the bundle is not JSON: {error}"),
    )
    .hint("deliver the output of `meshward build`, unchanged and whole")
}

/// A path of serde's as a JSON pointer.
fn place(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .fold(String::new(), |base, segment| match segment {
            Segment::Seq { index } => pointer(&base, index),
            Segment::Map { key } => pointer(&base, key),
            Segment::Enum { variant } => pointer(&base, variant),
            Segment::Unknown => base,
        })
}
