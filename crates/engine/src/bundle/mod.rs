//! Bundles as bytes: what `meshward build` writes, what travels through the configuration of a mesh, and what the filter reads.
//!
//! A bundle says which format it has and what its digest is ([`Build`]). The digest is that of a normal form
//! ([`Revision`]), so that a transport may write the JSON anew, as control planes do, and is noticed when it changed a value.
//!
//! There are two forms, which say the same: JSON, and a compact one ([`compact()`]).
//!
//! INVARIANT (no guessing): a bundle that is longer than [`MAX_BYTES`], of a later format, or not what its digest says, is refused.

mod compact;
mod read;
mod revision;

pub use compact::{compact, is_compact};
pub use read::{Bundle, read, too_long};
pub use revision::Revision;

use crate::config::{Build, Document};

/// The version of the format that [`write()`] writes, and the latest that [`read()`] reads.
pub const FORMAT: u32 = 1;

/// The longest bundle. It is parsed whole in every worker, whose memory does not shrink again.
pub const MAX_BYTES: usize = 16 << 20;

/// Writes a bundle as one line of JSON.
///
/// # Errors
/// When the document cannot be written as JSON.
pub fn write(document: &Document) -> Result<(String, Revision), serde_json::Error> {
    let mut document = document.clone();
    document.build = None;
    let revision = Revision::of(serde_json::to_string(&document)?.as_bytes())?;
    document.build = Some(Build {
        format: FORMAT,
        digest: revision.digest(),
    });
    Ok((serde_json::to_string(&document)?, revision))
}

#[cfg(test)]
mod tests;
