//! Vendoring: what descriptions refer to by URL is fetched once and kept beside them.
//!
//! [`Client`] is the only part that asks the network. [`Shelf`] is what is vendored in one folder: it reads each description as
//! `build` does, and what that asks for is taken from the disk, or fetched. Nothing is written before everything is there.

mod client;
mod disk;
mod format;
mod named;
mod reading;
mod report;
mod shelf;

pub(crate) use client::Client;
pub(crate) use named::descriptions;
pub(crate) use report::Report;
pub(crate) use shelf::{How, Shelf};
