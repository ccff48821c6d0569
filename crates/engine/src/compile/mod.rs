//! Configuration to policy.

use crate::config::Document;
use crate::problem::Problem;

/// A policy, ready to judge. Immutable; shared by all exchanges.
#[derive(Debug)]
pub struct Policy {}

/// A policy and what is doubtful about it.
#[derive(Debug)]
pub struct Compiled {
    /// The policy.
    pub policy: Policy,
    /// Warnings.
    pub warnings: Vec<Problem>,
}

/// Turns a document into a policy.
///
/// # Errors
/// Every error in the document, and the warnings with them.
pub fn compile(document: &Document) -> Result<Compiled, Vec<Problem>> {
    let _ = document;
    Ok(Compiled {
        policy: Policy {},
        warnings: Vec::new(),
    })
}
