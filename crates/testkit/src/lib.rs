//! The corpus: Meshward's behaviour as data, and what runs it.
//!
//! Every behaviour stands once in `testdata/*.toml` ([`mod@format`] says how a file is written). It runs natively, through
//! the engine, and through a real Envoy (in `integration-tests`). Both runs turn what they see into
//! [`judge::Observed`], and the same [`judge::differences`] compares it with what the file expects: so they must agree.
//!
//! INVARIANT (nothing is skipped): a case that Envoy answers differently says so in the file, with the status and the reason.

pub mod clock;
pub mod format;
pub mod host_calls;
pub mod judge;
pub mod keys;
pub mod load;
pub mod native;
pub mod pki;
mod placeholder;
pub mod policy;
pub mod prepare;
pub mod scenario;
mod spoil;
pub mod token;

pub use keys::Keys;
pub use load::{Corpus, Mistake, Topic};
pub use pki::Pki;
pub use prepare::{Prepared, Run};
