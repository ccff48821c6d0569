//! One file per command.

pub(crate) mod build;
pub(crate) mod docs;
pub(crate) mod fmt;
mod samples;
pub(crate) mod test;
pub(crate) mod tools;
