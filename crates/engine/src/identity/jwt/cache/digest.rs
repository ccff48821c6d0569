//! The name of a token in the cache. To keep the token itself and compare it would leave a thousand live credentials in the memory of
//! each worker.

use crate::sip::Namer;
use std::hash::{Hash, Hasher};

/// The name of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(u128);

impl Digest {
    /// Under the key of a cache.
    pub(super) fn of(text: &str, names: &Namer) -> Self {
        Self(names.name(text.as_bytes()))
    }
}

/// Each half of a name is a hash by itself.
impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::try_from(self.0 >> 64).unwrap_or_default());
    }
}
