//! Request and response heads as bytes, and the one reading of a target that every control sees.
//!
//! [`read`] is the only way from bytes to a [`Target`]. What it cannot read in exactly one way has no target.
//! INVARIANT (one reading): a target in its normal form reads to the same segments again, with nothing refused.

pub(crate) mod authority;
mod byte_set;
pub(crate) mod cookie;
mod fields;
mod forwarded_address;
mod head;
pub(crate) mod path;
pub(crate) mod percent;
pub(crate) mod query;
mod target;

pub(crate) use byte_set::ByteSet;
pub(crate) use fields::is_token;
pub(crate) use forwarded_address::forwarded_address;
pub use head::{Headers, RequestHead, ResponseHead, Source};
pub use target::{Reading, Target, read};
