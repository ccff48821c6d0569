//! Files, places in them, and how references lead from one to another.
//!
//! All files are read before any is interpreted, so that everything after this can borrow from them.

pub(crate) mod at;
mod fields;
mod files;
mod nearest;
mod reference;
mod report;
mod vendored;
mod version;

pub(crate) use at::At;
pub(crate) use fields::{Object, check_fields};
pub(crate) use files::{File, Files};
pub(crate) use nearest::nearest;
pub(crate) use report::Report;
pub(crate) use version::Version;
