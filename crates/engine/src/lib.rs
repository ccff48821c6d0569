//! Meshward's engine: policy, request and time in; verdict and effects out.
//!
//! The engine is pure: no I/O, no clock, no environment, no globals. The same code enforces in Envoy, answers
//! `meshward eval`, replays traffic, and is fuzzed. Modules stand in the order in which a request meets them.
//!
//! - [`config`] is what people write; [`compile()`] turns it into a [`Policy`], or into [`Problem`]s.
//! - [`bundle`] is what travels: a document as bytes, with its version and digest.
//! - [`transaction::Transaction`] judges one exchange: [`transaction::Event`] in, [`transaction::Step`] out.
//! - [`remote`] is what it asks of other servers, by way of the adapter.
//! - [`verdict::Reason`] is the one table from a reason to its status, code and words.
//! - [`exchange::Evaluator`] runs exchanges that are written down as data.

mod abuse;
pub mod audit;
mod authorize;
pub mod bundle;
mod compile;
pub mod config;
mod contract;
pub mod exchange;
pub mod hashed;
pub mod http;
mod identity;
mod limit;
pub mod load;
mod problem;
pub mod remote;
mod route;
mod sip;
pub mod transaction;
pub mod verdict;

pub use compile::{
    AccessSummary, AuthorizationSummary, Candidate, Compiled, EndpointSummary, LimitSummary,
    Origin, PlanSummary, Policy, ShedSummary, SourceNeeds, compile,
};
pub use identity::{key_checksum, key_digit};
pub use problem::{Problem, Severity, pointer};
