//! What `meshward push` is made of: the watched file and the one before it, and what the proxies say about it.

mod fleet;
mod report;
mod seen;
mod shelf;

pub(crate) use fleet::Fleet;
pub(crate) use report::{Outcome, Report};
pub(crate) use seen::Sought;
pub(crate) use shelf::Shelf;
