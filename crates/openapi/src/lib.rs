//! OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0, to endpoints and schemas.
//!
//! - [`source`] reads YAML and JSON files and knows where every value stands.
//! - [`Loader`] is the only way to a file; [`FileLoader`] is the one that reads from the disk.
//! - [`describe`] turns an OpenAPI document, and the files that it refers to, into what the engine enforces.
//! - [`vendor`] knows the documents that a description refers to by URL and has beside it.
//! - [`bundle`] makes a policy self-contained: every file that it names is read into it.
//!
//! Invariants: a description is mapped whole or refused (what the engine could not enforce is an error, never
//! silence); every problem names its file and place; all problems are reported at once.

mod bundle;
mod describe;
mod loader;
mod read;
mod schema;
pub mod source;
mod swagger;
pub mod vendor;

pub use bundle::bundle;
pub use describe::{Options, describe, describe_with};
pub use loader::{FileLoader, Loader};
