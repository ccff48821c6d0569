//! Request and response heads as bytes, and the one reading of a target that every control sees.

mod head;
mod target;

pub use head::{Headers, RequestHead, ResponseHead, Source};
pub use target::{Target, read};
