//! What a policy costs with the traffic of those who wrote it.
//!
//! [`native`] decides exchanges with the engine in this process, with and without each control; [`accept`] looks at the policy itself; [`proxy`] sends them through real Envoys.
//! Variants are interleaved in short rounds, so that a machine that changes its speed changes it for all of them, and every figure comes with
//! the range of its rounds.

mod accept;
mod interrupt;
mod native;
mod parts;
mod progress;
mod proxy;
mod report;
mod statistics;
mod traffic;
mod usage;

pub(crate) use accept::Acceptance;
pub(crate) use native::Plan;
pub(crate) use progress::Progress;
pub(crate) use proxy::Stage;
pub(crate) use report::Report;
pub(crate) use traffic::Traffic;
