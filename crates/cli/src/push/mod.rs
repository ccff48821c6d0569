//! What `meshward push` is made of: the file with the bundle and the one before it, and what the proxies say about it.

mod fleet;
mod report;
mod seen;
mod shelf;
mod vehicle;

pub(crate) use fleet::Fleet;
pub(crate) use report::{Outcome, Report};
pub(crate) use seen::Sought;
pub(crate) use shelf::Shelf;
pub(crate) use vehicle::Vehicle;
